"""Text with bars is triples only where it has the form of triples."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.columns import mapping_of
from engine.contract.specs.data import Linearisation, Preset
from engine.data.linearising import linearise
from engine.data.triples import Triple, is_triples, parse_triples
from tests.engine.data.reading import read

WriteFile = Callable[..., Path]
FIELDS = (("name", "Larch"), ("Type", "hut"), ("area", "lake side"))
FACTS = (Triple("A", "near", "B"), Triple("A", "beds", "5"), Triple("B", "kind", "lake"))


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("parts", [FIELDS, FACTS, FIELDS[:2], FACTS[:1]])
def test_what_the_program_writes_is_text(
    preset: Preset, parts: tuple[tuple[str, ...], ...]
) -> None:
    text = linearise(parts, (), Linearisation(preset))  # type: ignore[arg-type]
    assert not is_triples(text)


@pytest.mark.parametrize(
    "text",
    [
        "name: Larch | type: hut | area: lake side",
        "name=Larch | type=hut | area=lake side",
        "name = Larch | type = hut | area = lake side",
        "name[Larch] | type[hut] | area[lake]",
        "<name> Larch | <type> hut | <area> lake",
        "name : | Type : hut | area : x",
        "one | two",
        "one | two | three | four",
        "| a | b | c |",
    ],
)
def test_what_others_write_is_text(text: str) -> None:
    assert not is_triples(text)


@pytest.mark.parametrize(
    "text",
    [
        "Larch | location | Tyrol",
        "Larch | opened | 18:30",
        "Mission: Part 1 | sequel | Mission: Part 2",
        "Larch | note | old: yes\nRaven | kind | inn",
        '["Larch | beds | 5", "Larch | kind | hut"]',
        "['Larch | beds | 5']",
        '[["Larch", "a | b", "c : d"]]',
        "[('Larch', 'beds', '5'), ('Raven', 'kind', 'inn')]",
    ],
)
def test_what_is_triples(text: str) -> None:
    assert is_triples(text)


def test_lists_of_triples_parse() -> None:
    assert parse_triples("[('Larch', 'beds', '5')]") == (Triple("Larch", "beds", "5"),)
    assert parse_triples("['A | r | B', 'A | s | C']") == (
        Triple("A", "r", "B"),
        Triple("A", "s", "C"),
    )


@pytest.mark.parametrize(
    ("name", "role"),
    [
        *((name, "source") for name in ("source", "input", "context")),
        *((name, "field") for name in ("table", "triples")),
    ],
)
def test_a_column_of_linearised_tables_is_source_text(
    write_file: WriteFile, name: str, role: str
) -> None:
    items = [
        {name: f"name : H{n} | kind : hut | beds : {n}", "target": "It is a hut."} for n in range(6)
    ]
    reading = read(write_file("\n".join(map(json.dumps, items)), "a.jsonl"))
    assert reading.roles[name] == role
    assert all("|" in source for source, _ in reading.inputs)


@pytest.mark.parametrize("name", ["source", "context", "table", "facts"])
@pytest.mark.parametrize(
    ("cell", "role"),
    [("name : H{} | kind : hut | beds : 4", "source"), ("H{} | kind | hut", "triples")],
)
def test_a_column_named_with_source_is_triples_by_its_cells(
    write_file: WriteFile, name: str, cell: str, role: str
) -> None:
    rows = [f"{cell.format(number)},It is a hut." for number in range(6)]
    report = read(write_file("\n".join([f"{name},target", *rows]), "a.csv")).report
    mapping = mapping_of(report.columns, inputs=[(None, name)], target="target")
    assert [column.role.value for column in mapping.columns] == [role, "target"]


@pytest.mark.parametrize("key", ["input", "mtriple_set", "facts", "concepts"])
@pytest.mark.parametrize(
    "value",
    [
        ["A | near | B", "B | kind | lake"],
        [["A | near | B", "B | kind | lake"]],
        [["A", "near", "B"], ["B", "kind", "lake"]],
        [
            {"subject": "A", "property": "near", "object": "B"},
            {"subject": "B", "property": "kind", "object": "lake"},
        ],
    ],
)
def test_triples_under_any_name(write_file: WriteFile, key: str, value: object) -> None:
    path = write_file(json.dumps({key: value, "target": "A is near the lake B."}), "a.jsonl")
    reading = read(path)
    assert reading.roles[key] == "triples"
    assert reading.inputs[0][0] == "A : near : B | B : kind : lake"
