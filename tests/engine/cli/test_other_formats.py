"""`train` and `decode` on JSON lines, parquet, a workbook and WebNLG's folder."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.data import Column, Preset, Role, SplitKind
from tests.engine.cli.conftest import CommandLine
from tests.helpers.tiny_runs import Workshop
from tests.helpers.webnlg_files import document, entry, write_folder

SHORT = (
    *("--prefix-length", "2", "--mid-dim", "8", "--max-steps", "2", "--batch-size", "4"),
    *("--strategy", "greedy", "--max-new-tokens", "4", "--device", "cpu"),
)


@pytest.fixture(scope="module")
def backbone(workshop: Workshop) -> tuple[str, str]:
    return ("--backbone", str(workshop.backbone("llama")))


def test_json_lines_then_parquet(here: CommandLine, backbone: tuple[str, str]) -> None:
    rows = [
        {"article": f"Hut {n} has beds.", "summary": [f"Hut {n}.", "Beds."], "id": str(n)}
        for n in range(20)
    ]
    text = "\n".join(map(json.dumps, rows))
    (here.place / "news.jsonl").write_text(text, encoding="utf-8")
    done = here("train", "--data", "news.jsonl", "--out", "news", *backbone, *SHORT)
    assert "news.jsonl: 20 rows" in done.stdout
    assert "news.jsonl: article (source) → summary" in done.stdout
    data = RunFolder(here.place / "news").read_spec().data
    assert data.mapping.columns == (
        Column("article", Role.SOURCE),
        Column("summary", Role.TARGET),
    )
    assert (data.split.kind, data.max_source_tokens) == (SplitKind.RANDOM, 512)
    (first, *_) = read_outputs(here.place / "news" / "outputs" / "test.jsonl")
    assert len(first.references) == 2

    table = pyarrow.table({"article": ["Hut 99 has beds."], "summary": ["Hut 99."]})
    parquet.write_table(table, here.place / "more.parquet")
    here("decode", "news", "--data", "more.parquet", "--out", "more.jsonl")
    (row,) = read_outputs(here.place / "more.jsonl")
    assert (row.input, row.references) == ("Hut 99 has beds.", ("Hut 99.",))


def test_a_folder_of_webnlg(here: CommandLine, backbone: tuple[str, str]) -> None:
    write_folder(here.place / "webnlg")
    done = here("train", "--data", "webnlg", "--out", "facts", *backbone, *SHORT)
    assert "webnlg: triples (triples) → text" in done.stdout
    data = RunFolder(here.place / "facts").read_spec().data
    assert data.linearisation.preset is Preset.WEBNLG
    assert data.split.kind is SplitKind.COLUMN
    assert data.mapping.column_of(Role.CATEGORY) == "category"
    rows = read_outputs(here.place / "facts" / "outputs" / "test.jsonl")
    assert Counter(row.category for row in rows) == {"Hut": 2, "Sky": 2}
    assert {row.input for row in rows} == {f" | Hut_{n} : beds : {n + 2}" for n in range(15, 19)}
    assert [len(row.references) for row in rows] == [2, 2, 2, 2]


def test_a_sheet_of_a_workbook_and_tables_of_outputs(
    here: CommandLine, backbone: tuple[str, str]
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["only a cover"])
    sheet = book.create_sheet("=huts")
    sheet.append(["article", "summary"])
    for number in range(20):
        sheet.append([f"=Hut {number} has beds.", f"-Hut {number}."])
        sheet[f"A{number + 2}"].data_type = "s"
    book.save(here.place / "huts.xlsx")
    words = ("train", "--data", "huts.xlsx", *backbone, *SHORT)
    said = here.refused(*words, "--sheet", "none", "--out", "nothing")
    assert all(name in said for name in ("'none'", "'Sheet'", "'=huts'"))
    done = here(*words, "--sheet", "=huts", "--out", "huts")
    assert "huts.xlsx: article (source) → summary" in done.stdout

    decode = ("decode", "huts", "--data", "huts.xlsx", "--sheet", "2", "--limit", "2")
    for ending in ("csv", "xlsx", "jsonl"):
        here(*decode, "--out", f"huts-out.{ending}")
    rows = read_outputs(here.place / "huts-out.jsonl")
    found = openpyxl.load_workbook(here.place / "huts-out.xlsx").active
    head, *lines = found.iter_rows(values_only=True)
    assert head[:5] == ("example_id", "category", "input", "output", "reference 1")
    assert [(line[2], line[3] or "", line[4]) for line in lines] == [
        (row.input, row.output, *row.references) for row in rows
    ]
    assert {cell.data_type for cell in found["C"]} == {"s"}
    text = (here.place / "huts-out.csv").read_bytes().decode("utf-8-sig")
    assert [line["input"] for line in csv.DictReader(io.StringIO(text))] == [
        f"'{row.input}" for row in rows
    ]
    # Its own table given back, the texts are as they were.
    columns = ("--text", "input", "--target", "reference 1")
    here("decode", "huts", "--data", "huts-out.csv", *columns, "--out", "again.jsonl")
    assert [row.input for row in read_outputs(here.place / "again.jsonl")] == [
        row.input for row in rows
    ]


def test_what_does_not_fit_into_a_workbook_is_not_lost(
    here: CommandLine, backbone: tuple[str, str]
) -> None:
    line = json.dumps({"article": "Hut 9 has beds.", "summary": "word " * 8000})
    (here.place / "long.jsonl").write_text(line, encoding="utf-8")
    done = here("decode", "huts", "--data", "long.jsonl", "--out", "long.xlsx")
    assert "has 40,000 characters" in done.stdout
    (row,) = read_outputs(here.place / "long.xlsx.jsonl")
    assert row.references[0].startswith("word word")
    assert not (here.place / "long.xlsx").exists()


def test_one_of_several_languages(here: CommandLine, backbone: tuple[str, str]) -> None:
    entries = [
        entry(n, [f"Hut_{n} | beds | {n}"], []).replace(
            "</entry>",
            f'<lex lang="en">{n} beds.</lex><lex lang="ru">{n} мест.</lex></entry>',
        )
        for n in range(20)
    ]
    (here.place / "ru.xml").write_text(document(*entries), encoding="utf-8")
    train = ("train", "--data", "ru.xml", *backbone, *SHORT)
    done = here(*train, "--out", "russian")
    assert "those in 'ru' are read, 20 texts in others (en) left out" in done.stdout
    here(*train, "--out", "english", "--language", "en")
    for name, word in (("russian", "мест"), ("english", "beds")):
        rows = read_outputs(here.place / name / "outputs" / "test.jsonl")
        assert [(len(row.references), word in row.references[0]) for row in rows] == [(1, True)] * 2
    done = here(*train, "--out", "none", "--language", "de", code=2)
    assert "has no texts in the language 'de'" in done.stderr


def test_references_beside_a_target(here: CommandLine, backbone: tuple[str, str]) -> None:
    lines = [f"Hut {n},Hut {n} is old.,An old hut: {n}.,An old one." for n in range(20)]
    text = "\n".join(["name,target,more,ref2", *lines])
    (here.place / "refs.csv").write_text(text, encoding="utf-8")
    train = ("train", "--data", "refs.csv", *backbone, *SHORT)
    done = here(
        *(*train, "--out", "named", "--source", "name", "--target", "target"),
        *("--references", "more", "--references", "ref2"),
    )
    assert "name (source) → target (references: more, ref2)" in done.stdout
    rows = read_outputs(here.place / "named" / "outputs" / "test.jsonl")
    assert {len(row.references) for row in rows} == {3}
    columns = RunFolder(here.place / "named").read_spec().data.mapping.columns
    assert columns[1:] == (
        Column("target", Role.TARGET),
        Column("more", Role.REFERENCES),
        Column("ref2", Role.REFERENCES),
    )
    here("decode", "named", "--data", "refs.csv", "--out", "refs.jsonl")
    assert {len(row.references) for row in read_outputs(here.place / "refs.jsonl")} == {3}
