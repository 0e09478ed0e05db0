"""Several right texts for an input: lists in JSON, in cells, and in columns of their own."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.reading.reading import FindingKind
from engine.contract.specs.data import Column, DataSpec, Linearisation, Mapping, Role, Split
from engine.data.examples import inputs_of, load_examples
from engine.data.text_lists import are_tokens, joined_list, list_cell, parse_list, texts_in
from engine.reporter import Silent
from tests.engine.data.reading import read

WriteFile = Callable[..., Path]
MakeStore = Callable[..., DatasetStore]

NONE_HELD_OUT = {"valid_fraction": 0.0, "test_fraction": 0.0}


def lines(*items: object) -> str:
    return "\n".join(map(json.dumps, items))


def table(*rows: tuple[str, ...]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["target", "scene", "lex.text", "Sentences", "comments"])
def test_a_list_in_the_target_is_several_references(write_file: WriteFile, name: str) -> None:
    texts = ["Larch Hut sleeps twelve.", "Twelve sleep at Larch Hut."]
    value: object = texts
    for key in reversed(name.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    reading = read(write_file(lines({"name": "Larch", **value}), "a.jsonl"), **NONE_HELD_OUT)
    assert reading.roles == {"name": "field", name: "target"}
    assert reading.inputs == [("name : Larch", tuple(texts))]
    assert [(row.source, row.target) for row in reading.sets.train] == [
        ("name : Larch", text) for text in texts
    ]
    (finding,) = reading.sets.findings
    assert (finding.kind, finding.count) == (FindingKind.TEXT_LISTS, 1)


def test_references_beside_a_target_are_not_trained_on(write_file: WriteFile) -> None:
    items = [
        {
            "gem_id": f"x-{n}",
            "input": [f"Hut_{n} | beds | {n}", f"Hut_{n} | near | Lake"],
            "target": f"Hut {n} is near the lake.",
            "references": [f"Hut {n} is near the lake.", f"Near the lake is hut {n}."],
        }
        for n in range(20)
    ]
    reading = read(write_file(lines(*items), "gem.jsonl"))
    assert reading.roles == {
        "gem_id": "ignored",
        "input": "triples",
        "target": "target",
        "references": "references",
    }
    assert FindingKind.REFERENCES in reading.kinds
    assert (len(reading.sets.train), len(reading.sets.valid), len(reading.sets.test)) == (16, 2, 2)
    for one in (*reading.sets.valid, *reading.sets.test):
        number = one.fields[0][1]
        assert one.source == f"Hut_{number} : beds : {number} | Hut_{number} : near : Lake"
        assert one.references == (
            f"Hut {number} is near the lake.",
            f"Near the lake is hut {number}.",
        )


@pytest.mark.parametrize("number", ["ref{}", "reference_{}", "Reference {}", "target.{}", "lex-{}"])
def test_a_column_for_each_reference(write_file: WriteFile, number: str) -> None:
    names = [number.format(n) for n in (1, 2, 3)]
    rows = [("Larch", "A hut.", "It is a hut.", ""), ("Raven", "An inn.", "It is an inn.", "Inn!")]
    reading = read(write_file(table(("name", *names), *rows)), **NONE_HELD_OUT)
    roles = ["field", "target", "references", "references"]
    assert list(reading.roles.values()) == roles
    assert reading.inputs == [
        ("name : Larch", ("A hut.", "It is a hut.")),
        ("name : Raven", ("An inn.", "It is an inn.", "Inn!")),
    ]
    assert [row.target for row in reading.sets.train] == ["A hut.", "An inn."]


@pytest.mark.parametrize(
    "cell",
    [
        '["It\'s a hut.", "A \\"hut\\"."]',
        '["It\'s a hut.", \'A "hut".\']',
        '["It\'s a hut."\n \'A "hut".\']',  # as NumPy writes it
    ],
)
def test_a_list_in_a_cell(write_file: WriteFile, cell: str) -> None:
    texts = ("It's a hut.", 'A "hut".')
    reading = read(write_file(table(("name", "text"), ("Larch", cell))), **NONE_HELD_OUT)
    assert reading.inputs == [("name : Larch", texts)]
    both = table(("name", "target", "references"), ("Larch", "A hut!", cell))
    reading = read(write_file(both, "b.csv"), **NONE_HELD_OUT)
    assert reading.inputs == [("name : Larch", ("A hut!", *texts))]
    assert [row.target for row in reading.sets.train] == ["A hut!"]


def test_the_user_may_take_any_column_as_target(make_store: MakeStore) -> None:
    item = {"facts": ["The hut is old.", "It has beds."], "notes": ["An old hut.", "A hut."]}
    store = make_store(json.dumps(item), None, ".jsonl")
    mapping = Mapping((Column("notes", Role.SOURCE), Column("facts", Role.TARGET)))
    (found,) = inputs_of(store, mapping, Linearisation(), Silent())
    assert (found.source, found.references) == (
        "An old hut. A hut.",
        ("The hut is old.", "It has beds."),
    )
    turned = Mapping((Column("facts", Role.FIELD), Column("notes", Role.TARGET)))
    (found,) = inputs_of(store, turned, Linearisation(), Silent())
    assert (found.source, found.references) == (
        "facts : The hut is old. It has beds.",
        ("An old hut.", "A hut."),
    )


def test_words_of_a_text_are_joined(write_file: WriteFile) -> None:
    words = ["The", "hut", "is", "old", "."]
    items = [{"tokens": words, "summary": ["Old", "hut", str(n), "stands"]} for n in range(3)]
    reading = read(write_file(lines(*items), "a.jsonl"), **NONE_HELD_OUT)
    assert reading.inputs == [
        ("tokens : The hut is old .", tuple(f"Old hut {n} stands" for n in range(3)))
    ]
    assert len(reading.sets.train) == 3
    cell = table(("name", "text"), ("Larch", str(words)))
    assert read(write_file(cell), **NONE_HELD_OUT).inputs == [
        ("name : Larch", ("The hut is old .",))
    ]


def test_labels_and_answers_of_a_word_are_no_text(write_file: WriteFile) -> None:
    item = {"concepts": ["hut", "climb", "rest"], "answers": {"text": ["1910", "1911"], "at": [5]}}
    reading = read(write_file(lines(item, item), "a.jsonl"), **NONE_HELD_OUT)
    assert reading.roles == {
        "concepts": "field",
        "answers.text": "target",
        "answers.at": "ignored",
    }
    assert reading.inputs == [("concepts : hut, climb, rest", ("1910", "1911") * 2)]


def test_references_as_objects_and_empty_targets(write_file: WriteFile) -> None:
    item = {"name": "Larch", "target": "", "references": [{"text": "A hut."}, {"text": "Hut."}]}
    full = {"name": "Raven", "target": "An inn.", "references": []}
    reading = read(write_file(lines(item, item, full), "a.jsonl"), **NONE_HELD_OUT)
    assert reading.inputs == [
        ("name : Larch", ("A hut.", "Hut.")),
        ("name : Raven", ("An inn.",)),
    ]
    assert [row.target for row in reading.sets.train] == [*["A hut.", "Hut."] * 2, "An inn."]
    assert read(write_file(lines({"name": "x", "refs": []}, item), "b.jsonl")).cells[0][1] == ""


def test_a_limit_counts_texts_and_no_input_is_on_two_sides(make_store: MakeStore) -> None:
    items = [{"name": f"h{n}", "target": [f"text {n} {k}" for k in range(3)]} for n in range(30)]
    store = make_store(lines(*items), None, ".jsonl")
    mapping = Mapping((Column("name", Role.FIELD), Column("target", Role.TARGET)))
    sets = [
        load_examples(store, DataSpec("", "", mapping, split=Split(max_train_rows=n)), Silent())
        for n in (10, 20)
    ]
    assert [len(one.train) for one in sets] == [10, 20]
    assert set(sets[0].train) < set(sets[1].train)
    held_out = (*sets[0].valid, *sets[0].test)
    assert [len(one.references) for one in held_out] == [3] * 6
    assert {one.source for one in held_out}.isdisjoint(row.source for row in sets[1].train)


def test_outputs_given_back_as_data(write_file: WriteFile) -> None:
    item = {
        "example_id": "0a",
        "input": "name : Larch | kind : hut | beds : 12",
        "output": "What a model wrote.",
        "references": ["Larch is a hut.", "A hut: Larch."],
        "fields": [["name", "Larch"], ["kind", "hut"]],
        "category": "",
        "row_scores": [["bleu", 18.4]],
    }
    reading = read(write_file(lines(item), "test.jsonl"), **NONE_HELD_OUT)
    assert {name: role for name, role in reading.roles.items() if role != "ignored"} == {
        "input": "source",
        "references": "target",
    }
    assert reading.inputs == [(item["input"], ("Larch is a hut.", "A hut: Larch."))]


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ('["a b", "c"]', ("a b", "c")),
        ("['a b', 'c\\n']", ("a b", "c\n")),
        ('["\\ud83d"]', None),
        ("[Applause] and [laughter]", None),
        ("[1, 2]", None),
        ("['a', 1]", None),
        ("['a' + 'b']", None),
        ("['a b'", None),
        ("[__import__('os')]", None),
        ("[]", None),
        ("[['a', 'b']]", None),
        ("", None),
    ],
)
def test_what_is_a_list(cell: str, texts: tuple[str, ...] | None) -> None:
    assert parse_list(cell) == texts
    expected = (cell,) if cell not in ("", "[]") else ()
    assert texts_in(cell) == (texts if texts is not None else expected)


def test_a_list_of_one_text_is_the_text() -> None:
    assert (list_cell(["A hut."]), list_cell([]), joined_list("[A hut]")) == (
        "A hut.",
        "",
        "[A hut]",
    )
    assert texts_in(list_cell(['["odd"]'])) == ('["odd"]',)


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ([["The", "hut", "."]], True),
        ([["The", "hut", "is", "old"]], True),
        ([["Yes", "Yeah"]], False),
        ([["A hut.", "An inn.", "."]], False),
        ([["小屋很老。", "小屋旧了。", "它很老。", "老小屋。"]], False),
        ([["小屋", "很", "老", "。"]], True),
    ],
)
def test_what_are_words_of_a_text(lists: list[list[str]], expected: bool) -> None:
    assert are_tokens(lists) is expected
