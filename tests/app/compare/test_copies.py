"""The score table's copies, the rows' export, and outside files."""

import csv
import io
import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from app.context import AppContext
from app.pages.compare.comparison import Comparison, compare
from app.pages.compare.systems.outside import copy_outside, with_references
from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry
from app.pages.compare.table import formats
from app.pages.compare.table.columns import Column, score_columns
from app.pages.compare.table.copying import latex, row_lines, to_csv, to_latex, to_markdown
from app.pages.compare.table.score_table import ScoreTable, footnotes, score_table
from engine.contract.metrics import METRICS, metric_info
from engine.contract.projects.project import ExampleNote
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.runs.scores import MeanDifference, OutputRow, OutputsMeta, Score
from engine.contract.tables.saving import write_table
from tests.helpers.errors import refused

T = TypeVar("T")
Copy = Callable[[ScoreTable, Sequence[Column]], str]
SIGNATURE = "bleu|case:mixed|tok:13a|nrefs:2|n:2|decoding:greedy,max100|bs:1000|seed:0"


def finish(work: Generator[None, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def comparison(*, second_rows: int = 2) -> Comparison:
    systems = []
    for place, (name, rows) in enumerate((("fine_tuned & 100%", 2), ("prefix 10", second_rows))):
        made = tuple(
            OutputRow(
                f"id{n}", f"in {n}", f'out "{place}", {n}\nnext', ("ref one", "ref é"),
                row_scores=(("bleu", 50.0 + n * place),),
            )
            for n in range(rows)
        )  # fmt: skip
        score = Score("bleu", 60.0 + place, SIGNATURE, 58.0, 63.0)
        meta = OutputsMeta(name, name, "test", "f", "greedy|max100", (score,), 10.0, 310.0)
        cost = (460_800, 200.0, 4_900_000) if place else (538_000_000, None, 134_515_008)
        entry = SystemEntry(name, Kind.RUN, name, Path(name), True, "", *cost)
        systems.append(ComparedSystem(entry, Rows(made), meta))
    return finish(compare(systems))


def table(*, second_rows: int = 2) -> ScoreTable:
    mean = MeanDifference(2, 0.5, -0.25, 1.25, 0.25, 1, 0, 1)
    return score_table(comparison(second_rows=second_rows), "bleu", {("bleu", 1): mean})


def copied(copy: Copy, made: ScoreTable, context: AppContext) -> str:
    return copy(made, score_columns(made, context.theme))


def test_csv_has_plain_numbers_and_signatures() -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv(table()))))
    assert [line["system"] for line in lines] == ["fine_tuned & 100%", "prefix 10"]
    second = lines[1]
    assert float(second["BLEU"]) == 61.0
    assert second["BLEU signature"] == SIGNATURE
    assert float(second["BLEU difference to A"]) == 1.0
    assert float(second["mean row BLEU difference"]) == 0.5
    assert float(second["low (95 % paired bootstrap)"]) == -0.25
    assert second["size in bytes"] == "460800"
    assert lines[0]["training seconds"] == ""


def test_markdown_is_a_table_with_its_notes(context: AppContext) -> None:
    text = copied(to_markdown, table(), context)
    lines = text.splitlines()
    assert lines[0].startswith("| System | BLEU | Δ BLEU | Mean row Δ BLEU |")
    assert lines[1] == "| --- |" + " ---: |" * 7
    assert lines[2].startswith(r"| A fine\_tuned & 100% | 60.0 ± 2.5 | – | – |")
    assert "| B prefix 10 | 61.0 ± 2.5 | +1.0 | +0.5 [−0.2, +1.2] | 461 kB |" in lines[3]
    assert len({line.count("|") - line.count("\\|") for line in lines[:4]}) == 1
    assert "95 % paired bootstrap over 2 rows, 1,000 resamples, seed 0" in text
    assert SIGNATURE.replace("|", r"\|") in text


def test_latex_is_booktabs_and_escaped(context: AppContext) -> None:
    text = copied(to_latex, table(), context)
    assert r"\begin{tabular}{lrrrrrrr}" in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"):
        assert rule in text
    assert r"A fine\_tuned \& 100\% & 60.0 $\pm$ 2.5 & -- & --" in text
    assert "+0.5 [$-$0.2, +1.2]" in text
    assert f"% BLEU of A, B: {SIGNATURE}" in text
    body = [line for line in text.splitlines() if line.endswith("\\\\")]
    assert len(body) == 3
    assert {line.replace(r"\&", "").count("&") for line in body} == {7}


def test_every_special_character_of_latex_is_escaped() -> None:
    assert latex("\\{}$&#_%~^") == (
        r"\textbackslash{}\{\}\$\&\#\_\%\textasciitilde{}\textasciicircum{}"
    )


def test_scores_over_other_rows_are_marked_and_not_subtracted(context: AppContext) -> None:
    found = table(second_rows=1)
    assert found.rows[0].own_rows
    assert found.rows[1].corpus_difference is None
    assert "60.0 ± 2.5†" in copied(to_markdown, found, context)
    assert any(note.startswith("†") for note in footnotes(found))


def test_numbers_as_words() -> None:
    assert [formats.signed(v, "bleu") for v in (1.84, -0.04, -2.0, None)] == [
        "+1.8",
        "0.0",
        "−2.0",
        "–",
    ]
    assert [formats.count_text(v) for v in (0, 184_320, 4_900_000, 134_515_008, None)] == [
        "0", "184 K", "4.9 M", "135 M", "–",
    ]  # fmt: skip
    assert formats.score_text(Score("bleu", 12.345, "s")) == "12.3"
    tip = formats.score_tip(Score("bleu", 12.345, SIGNATURE, 10.0, 14.0))
    assert "10.00 to 14.00" in tip
    assert SIGNATURE in tip


def test_nist_and_cider_have_two_decimal_places() -> None:
    assert formats.score_text(Score("nist", 7.8212, "s", 7.0, 8.5)) == "7.82 ± 0.75"
    assert formats.signed(-0.004, "cider") == "0.00"
    mean = MeanDifference(2, -0.25, -0.5, 0.125, 0.25, 1, 0, 1)
    assert formats.mean_text(mean, "cider") == "−0.25 [−0.50, +0.12]"


def test_every_metric_has_a_title_and_an_explanation() -> None:
    for info in METRICS:
        assert info.title != info.name
        assert info.tip.startswith(f"{info.title}: ")
        assert info.tip.endswith("er is better.")
    assert metric_info("another").tip == "Higher is better."


def test_it_is_said_where_lower_is_better() -> None:
    assert not any("Lower is better" in note for note in footnotes(table()))
    system = comparison().systems[0]
    assert system.meta is not None
    scores = (*system.meta.scores, Score("ter", 40.0, "ter|s"), Score("slot_error", 5.0, "s"))
    scored = replace(system, meta=replace(system.meta, scores=scores))
    found = score_table(replace(comparison(), systems=(scored,)), "bleu", {})
    assert "Lower is better: TER, Slot error." in footnotes(found)


def test_rows_are_exported_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    notes = {"id1": ExampleNote("id1", starred=True, note="odd", tags=("price", "name"))}
    assert write_table(path, row_lines(comparison(), notes)) == 1 + 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    assert lines[1]["B prefix 10: output"] == 'out "1", 1\nnext'
    assert lines[1]["reference 2"] == "ref é"
    assert float(lines[1]["B BLEU"]) == 51.0
    assert [line["starred"] for line in lines] == ["", "yes"]
    assert lines[1]["tags"] == "price, name"


def test_outside_json_needs_only_outputs(tmp_path: Path) -> None:
    source = tmp_path / "theirs.jsonl"
    lines = [
        {"output": "one", "extra": 3},
        {"output": "two", "references": "r", "example_id": 7},
    ]
    source.write_text("".join(json.dumps(line) + "\n\n" for line in lines), encoding="utf-8")
    copy = finish(copy_outside(source, tmp_path / "project"))
    rows = read_outputs(copy)
    assert [(row.example_id, row.output) for row in rows] == [("1", "one"), ("7", "two")]
    assert rows[1].references == ("r",)
    meta = read_meta(copy)
    assert meta is not None
    assert (meta.system, meta.decoding, meta.scores) == ("theirs", "", ())
    again = finish(copy_outside(source, tmp_path / "project"))
    assert again.name == "theirs-2.jsonl", "an earlier copy is never overwritten"


def test_outside_text_is_one_output_a_line(tmp_path: Path) -> None:
    source = tmp_path / "theirs.txt"
    source.write_bytes("\ufeffun café\r\n\r\nlast".encode())
    rows = read_outputs(finish(copy_outside(source, tmp_path / "project")))
    assert [row.output for row in rows] == ["un café", "", "last"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"output": "x"}\nnot json\n', 2),
        ('["x"]\n', 1),
        ('{"output": "x"}\n{"input": "x"}\n', 2),
        ('{"output": 3}\n', 1),
    ],
)
def test_outside_files_that_do_not_fit_say_where(tmp_path: Path, text: str, line: int) -> None:
    source = tmp_path / "bad.jsonl"
    source.write_text(text, encoding="utf-8")
    with refused("outputs-line", path=source, line=line):
        finish(copy_outside(source, tmp_path / "project"))
    assert not (tmp_path / "project").exists()


def test_missing_empty_and_latin_files_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "none.jsonl"
    with refused("outputs-unreadable", path=source):
        finish(copy_outside(source, tmp_path / "project"))
    source.write_text("")
    with refused("outputs-empty", path=source):
        finish(copy_outside(source, tmp_path / "project"))
    source = tmp_path / "latin.txt"
    source.write_bytes("café".encode("latin-1"))
    with refused("outputs-unreadable", path=source):
        finish(copy_outside(source, tmp_path / "project"))


def test_references_are_lent_to_rows_without() -> None:
    base = [OutputRow("a1", "x", "o", ("r1",)), OutputRow("b2", "y", "o", ("r2",))]
    rows = [OutputRow("1", "y", "p", ()), OutputRow("2", "x", "q", ("own",))]
    found = with_references(Rows(rows), Rows(base))
    assert found is not None
    assert [row.references for row in found] == [("r2",), ("own",)]
