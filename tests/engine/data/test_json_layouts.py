"""JSON in other forms than an object a line: tables in objects, splits, lists, other endings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.contract.reading.reading import FindingKind, ReadOptions
from tests.engine.data.reading import read
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]
ROWS = [{"name": f"Hut {n}", "beds": n, "text": f"Hut {n} has {n} beds."} for n in range(2, 14)]
CELLS = [tuple(map(str, row.values())) for row in ROWS]
NAMES = tuple(ROWS[0])
LISTS = [list(row.values()) for row in ROWS]


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in NAMES}


def by_key(rows: list[dict[str, Any]], keys: list[str]) -> dict[str, dict[str, Any]]:
    return {name: dict(zip(keys, values, strict=True)) for name, values in columns(rows).items()}


NUMBERS = [str(n) for n in range(len(ROWS))]
TABLES = {
    "records": ROWS,
    "pandas split": {"columns": list(NAMES), "index": list(range(12)), "data": LISTS},
    "pandas split, other order": {"data": LISTS, "index": list(range(12)), "columns": list(NAMES)},
    "pandas index": dict(zip(NUMBERS, ROWS, strict=True)),
    "pandas columns": by_key(ROWS, NUMBERS),
    "pandas columns with names": by_key(ROWS, [f"row {n}" for n in NUMBERS]),
    "pandas values with names": [list(NAMES), *LISTS],
    "columns": columns(ROWS),
    "columns in an object": {"version": 1, "data": columns(ROWS)},
    "a list first": {"huts": ROWS, "version": "1", "about": {"by": "us"}},
    "a list last": {"version": "1", "about": {"by": "us"}, "tags": ["a"], "huts": ROWS},
    "a list of usual name": {"errors": [{"a": 1}], "data": ROWS},
    "a list deep down": {"result": {"huts": ROWS}},
    "a list of lists": {"count": 12, "rows": [list(NAMES), *LISTS]},
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("ending", [".json", ".txt", ".csv"])
@pytest.mark.parametrize("form", TABLES)
def test_tables(write_file: WriteFile, form: str, ending: str, indent: int | None) -> None:
    reading = read(write_file(json.dumps(TABLES[form], indent=indent), f"table{ending}"))
    assert [column.name for column in reading.report.columns] == list(NAMES)
    assert reading.cells == CELLS
    assert (reading.rejected, reading.report.row_count) == ([], 12)


@pytest.mark.parametrize("form", TABLES)
def test_tables_that_are_read_in_pieces(
    write_file: WriteFile, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr("engine.data.json_values.CHUNK_CHARACTERS", 16)
    monkeypatch.setattr("engine.data.json_values.DECODED_CHARACTERS", 40)
    assert read(write_file(json.dumps(TABLES[form]), "table.json")).cells == CELLS


def test_keys_of_an_object_are_kept(write_file: WriteFile) -> None:
    keyed = {f"hut-{n}": row for n, row in enumerate(ROWS)}
    reading = read(write_file(json.dumps(keyed), "a.json"))
    assert reading.roles["entry_key"] == "ignored"
    assert [cells[-1] for cells in reading.cells] == list(keyed)
    grouped = {"Building": ROWS[:6], "City": ROWS[6:]}
    reading = read(write_file(json.dumps(grouped), "b.json"))
    assert [cells[-1] for cells in reading.cells] == ["Building"] * 6 + ["City"] * 6


@pytest.mark.parametrize(
    "sides",
    [
        {"train": ROWS[:8], "validation": ROWS[8:10], "test": ROWS[10:]},
        {"test": ROWS[10:], "version": 2, "dev": ROWS[8:10], "train": ROWS[:8]},
        {"data": {"train": ROWS[:8], "valid": ROWS[8:10], "test": ROWS[10:]}},
        {"train": columns(ROWS[:8]), "dev": columns(ROWS[8:10]), "test": columns(ROWS[10:])},
        {"train": [list(NAMES), *LISTS[:8]], "dev": LISTS[8:10], "test": LISTS[10:]},
    ],
)
def test_a_split_in_one_file(write_file: WriteFile, sides: dict[str, Any]) -> None:
    reading = read(write_file(json.dumps(sides, indent=1), "a.json"))
    assert reading.roles["split"] == "split"
    sizes = (len(reading.sets.train), len(reading.sets.valid), len(reading.sets.test))
    assert sizes == (8, 2, 2)


def test_columns_of_lists_and_objects(write_file: WriteFile) -> None:
    plain = {
        "name": ["Larch", "Raven"],
        "text": [["A hut.", "Hut."], ["An inn."]],
        "more": [{"beds": 5}, {"beds": 6}],
    }
    reading = read(write_file(json.dumps(plain), "a.json"), valid_fraction=0, test_fraction=0)
    assert reading.inputs == [
        ("name : Larch | more.beds : 5", ("A hut.", "Hut.")),
        ("name : Raven | more.beds : 6", ("An inn.",)),
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt", "a.csv", "a.tsv", "a"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_content_decides_and_not_the_ending(
    write_file: WriteFile, name: str, encoding: str
) -> None:
    for text, kind in (
        ("\n".join(map(json.dumps, ROWS)), "jsonl"),
        ("\n".join(json.dumps(row, indent=2) for row in ROWS), "json"),
        (json.dumps(ROWS, indent=2), "json"),
        (json.dumps(ROWS), "json"),
        ("\n".join(map(json.dumps, [list(NAMES), *LISTS])), "jsonl"),
    ):
        reading = read(write_file(text, name, encoding))
        assert reading.cells == CELLS
        assert reading.report.format == kind


def test_a_list_that_is_longer_than_what_is_looked_at(write_file: WriteFile) -> None:
    many = ROWS * 2000
    for text in (json.dumps(many, indent=1), json.dumps({"version": 1, "huts": many})):
        assert read(write_file(text, "long.txt")).cells == CELLS * 2000


def test_a_table_whose_first_cell_is_json_is_a_table(write_file: WriteFile) -> None:
    rows = "".join(f'{{"beds": {n}}}\tHut {n} has {n} beds.\n' for n in range(5))
    for text in (f"meta\ttext\n{rows}", rows):
        assert read(write_file(text, "a.tsv")).report.format == "csv"
    lists = "".join(f'[["Hut", "beds", "{n}"]]\tHut {n} has {n} beds.\n' for n in range(5))
    assert read(write_file(f"facts\ttext\n{lists}", "b.tsv")).roles["facts"] == "triples"


@pytest.mark.parametrize(
    ("plain", "code", "values"),
    [
        (
            {"2-1.csv": [["Ten beds.", [0, 1], "huts", "[ENT] beds."]], "2-2.csv": [["A", []]]},
            "inputs-without-texts",
            {"data_set": "LogicNLG"},
        ),
        (
            {"images": [{"id": 1}], "annotations": [{"caption": "A hut."}]},
            "json-several-lists",
            {"keys": "'images', 'annotations'"},
        ),
        (
            {"name": ["a", "b"], "text": ["c"]},
            "columns-of-different-lengths",
            {"lengths": "'name' 2, 'text' 1"},
        ),
        (
            {"name": "A", "inner": {"b": [1, 2]}, "list": ["a", "b"]},
            "json-object-not-a-table",
            {"keys": "'name', 'inner', 'list'"},
        ),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, "json-object-not-a-table", {"keys": "'a'"}),
        ({"columns": [], "data": []}, "pandas-column-names", {}),
        ({"columns": ["a", "a"], "data": [[1, 2]]}, "pandas-column-names", {}),
        ({"train": "x", "test": {"a": {"b": {}}}}, "json-splits-not-lists", {"keys": "'test'"}),
        (
            {"data": [{"passage": {"text": "A.", "entities": []}, "qas": [{"query": "b"}]}]},
            "record-queries",
            {},
        ),
        ([{"box_score": {}, "line_score": {}, "summary": ["A"]}], "rotowire-games", {}),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_name(
    write_file: WriteFile, plain: object, code: str, values: dict[str, object]
) -> None:
    with refused(code, file="a.json", **values):
        read(write_file(json.dumps(plain), "a.json"))


def test_rows_that_do_not_fit_are_rejected(write_file: WriteFile) -> None:
    plain = {"columns": list(NAMES), "data": [*LISTS, ["too", "short"], 5]}
    reading = read(write_file(json.dumps(plain), "a.json"))
    assert reading.cells == CELLS
    assert [row.reason for row in reading.rejected] == [
        "it has 2 values where 3 were expected",
        "it is a text or number, not an object with a value for each column",
    ]
    cut = json.dumps({"version": 1, "huts": ROWS})[:-40]
    reading = read(write_file(cut, "b.json"))
    assert (reading.cells, len(reading.rejected)) == (CELLS[:-1], 1)


def test_languages_are_no_option_where_nothing_marks_them(write_file: WriteFile) -> None:
    path = write_file(json.dumps(ROWS), "a.json")
    with refused("no-such-language", file="a.json", language="ru"):
        read(path, ReadOptions(language="ru"))
    with refused("language-not-marked", file="a.csv", language="ru"):
        read(write_file("a,b\n1,2\n", "a.csv"), ReadOptions(language="ru"))


def test_texts_in_several_languages_are_no_references_of_one_another(
    write_file: WriteFile,
) -> None:
    items = [
        {"facts": ["Larch | beds | 5"], "lang": lang, "text": text}
        for lang, text in (("en", "Five beds."), ("ru", "Пять мест."))
    ]
    reading = read(write_file("\n".join(map(json.dumps, items)), "a.jsonl"))
    assert [references for _, references in reading.inputs] == [("Five beds.",), ("Пять мест.",)]


def test_control_characters_in_names_are_written_out(write_file: WriteFile) -> None:
    items = [{"na\x1b[31mme": "Larch", "te\u202ext\n": "It is a hut.", "x\u200c": "y"}]
    reading = read(write_file(json.dumps(items), "a.json"))
    assert list(reading.roles) == ["na\\x1b[31mme", "te\\u202ext", "x\u200c"]
    assert not [kind for kind in reading.kinds if kind is not FindingKind.EMPTY_CELLS]
