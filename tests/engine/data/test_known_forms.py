"""Data sets that are known by the form of their items, as JSON, parquet and in other coats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from engine.contract.reading.reading import FindingKind, ReadOptions
from engine.contract.specs.data import Preset
from tests.engine.data.reading import Reading, read
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]
NONE_HELD_OUT = {"valid_fraction": 0.0, "test_fraction": 0.0}


def write_all(folder: Path, items: list[dict[str, Any]]) -> list[Path]:
    """The same items as JSON lines, as a list, and as parquet."""
    paths = [folder / "a.jsonl", folder / "a.json", folder / "a.parquet"]
    paths[0].write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    paths[1].write_text(json.dumps(items, indent=1), encoding="utf-8")
    parquet.write_table(pyarrow.Table.from_pylist(items), paths[2])
    return paths


def cell(value: str, *, header: bool = False, wide: int = 1, high: int = 1) -> dict[str, Any]:
    return {"value": value, "is_header": header, "column_span": wide, "row_span": high}


TABLE = [
    [cell("Hut", header=True, high=2), cell("Beds", header=True, wide=2)],
    [cell("summer", header=True), cell("winter", header=True)],
    [cell("Larch [1]"), cell("12"), cell("3")],
    [cell("Raven", high=2), cell("8"), cell("2")],
    [cell("9"), cell("1")],
]


@pytest.mark.parametrize("by_columns", [False, True])
def test_totto(tmp_path: Path, by_columns: bool) -> None:
    texts = ["Larch has 3 beds in winter.", "In winter 3 sleep at Larch."]
    annotations: Any = [{"original_sentence": "x", "final_sentence": text} for text in texts]
    if by_columns:
        annotations = {"original_sentence": ["x", "x"], "final_sentence": texts}
    item = {
        "table_page_title": "Huts",
        "table_section_title": "Beds, by season",
        "table_section_text": "",
        "table": TABLE,
        "highlighted_cells": [[2, 0], [2, 2], [4, 1]],
        "example_id": 7,
        "sentence_annotations": annotations,
    }
    for path in write_all(tmp_path, [item]):
        reading = read(path, **NONE_HELD_OUT)
        assert reading.roles == {"table": "meaning", "text": "target"}
        assert reading.inputs == [
            (
                "page title : Huts | section title : Beds, by season | Hut : Larch (1) | "
                "winter : 3 | winter : 1",
                tuple(texts),
            )
        ]
        assert len(reading.sets.train) == 2


def test_totto_that_is_not_as_it_should_be(write_file: WriteFile) -> None:
    good = {
        "table": TABLE,
        "highlighted_cells": [[2, 0]],
        "target": "A.",
        "references": ["A.", "B."],
    }
    bad = [{**good, "highlighted_cells": [[9, 9]]}, {**good, "table": [["x"]]}, {"table": []}]
    reading = read(write_file("\n".join(map(json.dumps, [good, good, good, *bad])), "a.jsonl"))
    assert reading.inputs[0][1][:2] == ("A.", "B.")
    assert [row.reason for row in reading.rejected] == [
        *["the table has no rows of cells as ToTTo's have"] * 2,
        "it has not ToTTo's form, as the first items have",
    ]


@pytest.mark.parametrize("by_columns", [False, True])
def test_wikibio(tmp_path: Path, by_columns: bool) -> None:
    table: Any = {"column_header": ["name", "born", "image"], "content": ["Ada", "1815", "<none>"]}
    if not by_columns:
        pairs = zip(table["column_header"], table["content"], strict=True)
        table = [{"column_header": key, "row_number": 1, "content": value} for key, value in pairs]
    item = {
        "input_text": {"table": table, "context": "ada\n"},
        "target_text": "Ada was born in 1815.\n",
    }
    for path in write_all(tmp_path, [item]):
        reading = read(path, **NONE_HELD_OUT)
        assert reading.inputs == [("name : Ada | born : 1815", ("Ada was born in 1815.",))]


def test_dart_as_the_hub_has_it(tmp_path: Path) -> None:
    item = {
        "tripleset": [["Larch", "BEDS", "12"]],
        "subtree_was_extended": False,
        "annotations": {"source": ["a", "b"], "text": ["12 beds.", "Twelve beds."]},
    }
    for path in write_all(tmp_path, [item]):
        reading = read(path, **NONE_HELD_OUT)
        assert reading.report.linearisation.preset is Preset.DART
        assert reading.inputs == [("Larch : beds : 12", ("12 beds.", "Twelve beds."))]


def test_files_that_hold_only_a_part(write_file: WriteFile) -> None:
    box = "name_1:walter\tname_2:extra\timage:<none>\nname_1:ada\tname_2:b\timage:c\n"
    for name in ("train.box", "train.txt"):
        with refused("inputs-without-texts", file=name, data_set="WikiBio"):
            read(write_file(box, name))
    records = " ".join(f"{n}￨TEAM-PTS￨Larks￨HOME" for n in range(20))
    with refused("inputs-without-texts", file="src.txt", data_set="RotoWire"):
        read(write_file(f"{records}\n{records}\n", "src.txt"))
    assert read(write_file("name:a\ttext\nx:1\ty\n", "a.tsv")).report.format == "csv"


@pytest.mark.parametrize(
    ("key", "who", "what"), [("conversations", "from", "value"), ("messages", "role", "content")]
)
def test_conversations(tmp_path: Path, key: str, who: str, what: str) -> None:
    asks, answers = ("human", "gpt") if who == "from" else ("user", "assistant")
    one = [{who: asks, what: "What is it?"}, {who: answers, what: "A hut."}]
    more = [
        {who: "system", what: "Be short."},
        *one,
        {who: asks, what: "Old?"},
        {who: answers, what: "Yes."},
    ]
    items = [{"id": "1", key: one}, {"id": "2", key: [*more, {who: asks, what: "Thanks."}]}]
    for path in write_all(tmp_path, items):
        reading = read(path, **NONE_HELD_OUT)
        assert reading.inputs == [
            ("What is it?", ("A hut.",)),
            ("Be short.\nuser: What is it?\nassistant: A hut.\nuser: Old?", ("Yes.",)),
        ]


def test_conversations_in_parts_and_without_an_answer(write_file: WriteFile) -> None:
    parts = [
        {"type": "text", "text": "What"},
        {"type": "image_url"},
        {"type": "text", "text": "is it?"},
    ]
    asked = {"role": "user", "content": parts}
    items = [
        {"messages": [asked, {"role": "assistant", "content": "A hut."}]},
        {"messages": [asked]},
        {"prompt": [asked], "completion": [{"role": "assistant", "content": "An inn."}]},
    ]
    reading = read(write_file("\n".join(map(json.dumps, items)), "a.jsonl"), **NONE_HELD_OUT)
    assert reading.inputs == [("What\nis it?", ("A hut.", "An inn."))]
    assert [row.line for row in reading.rejected] == [2]


def paper_entry(number: int, *texts: tuple[str, str], lang: str = "") -> dict[str, Any]:
    triples = [{"subject": f"Hut_{number}", "property": "beds", "object": str(number)}]
    return {
        str(number): {
            "category": "Hut",
            "lexicalisations": [
                {"comment": comment, "lex": text, "xml_id": "Id1", "lang": lang}
                for comment, text in texts
            ],
            "modifiedtripleset": triples,
            "originaltriplesets": {"originaltripleset": [triples]},
            "size": "1",
            "xml_id": f"Id{number}",
        }
    }


@pytest.mark.parametrize("wrapped", [False, True])
def test_webnlg_as_the_paper_has_it(write_file: WriteFile, wrapped: bool) -> None:
    entries: Any = [
        paper_entry(1, ("good", "One bed."), ("good", "A  bed."), ("toFix", "Bed.")),
        paper_entry(2),
    ]
    plain = {"entries": entries} if wrapped else {**entries[0], **entries[1]}
    reading = read(write_file(json.dumps(plain), "webnlg-train.json"), **NONE_HELD_OUT)
    assert (reading.report.format, reading.report.linearisation.preset) == ("webnlg", Preset.WEBNLG)
    assert list(reading.roles) == ["category", "eid", "size", "triples", "text"]
    assert reading.inputs == [
        (" | Hut_1 : beds : 1", ("One bed.", "A bed.")),
        (" | Hut_2 : beds : 2", ()),
    ]
    assert [row.reason for row in reading.rejected] == ["the text is marked 'toFix', not 'good'"]
    assert FindingKind.NOT_GOOD in reading.kinds


def hub_entry(number: int, *texts: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "category": "Hut",
        "size": 1,
        "eid": str(number),
        "original_triple_sets": {"otriple_set": [[f"Hut_{number} | b | {number}"]]},
        "modified_triple_sets": {"mtriple_set": [[f"Hut_{number} | beds | {number}"]]},
        "shape": "(X (X))",
        "lex": {
            "comment": [comment for comment, _, _ in texts],
            "lid": [f"Id{n}" for n in range(len(texts))],
            "text": [text for _, _, text in texts],
            "lang": [lang for _, lang, _ in texts],
        },
    }


def test_webnlg_as_the_hub_has_it(tmp_path: Path) -> None:
    items = [
        hub_entry(1, ("good", "", "One bed."), ("good", "", "A bed.")),
        hub_entry(2, ("toFix", "", "x")),
    ]
    for path in write_all(tmp_path, items):
        reading = read(path, **NONE_HELD_OUT)
        assert "lang" not in reading.roles
        assert [references for _, references in reading.inputs] == [("One bed.", "A bed.")]
        assert len(reading.rejected) == 1


def test_webnlg_of_two_languages_in_json(tmp_path: Path) -> None:
    items = [
        hub_entry(n, ("good", "en", f"{n} beds."), ("good", "ru", f"{n} мест.")) for n in range(4)
    ]

    def texts(reading: Reading) -> list[tuple[str, ...]]:
        return [references for _, references in reading.inputs]

    for path in write_all(tmp_path, items):
        reading = read(path, **NONE_HELD_OUT)
        assert (set(reading.report.languages), reading.report.options.language) == (
            {"en", "ru"},
            "ru",
        )
        assert texts(reading) == [(f"{n} мест.",) for n in range(4)]
        assert FindingKind.OTHER_LANGUAGE in reading.kinds
        english = read(path, ReadOptions(language="en"), **NONE_HELD_OUT)
        assert texts(english) == [(f"{n} beds.",) for n in range(4)]
        assert {cells[-2] for cells in english.cells} == {"en"}
