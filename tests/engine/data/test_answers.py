"""Labels, tags and spans: what a target says, what is guessed, and the examples of a run."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import InspectFile
from engine.contract.reading.reading import FindingKind
from engine.contract.runs.confusion import pairs_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, DataSpec, Mapping, Role, Split, SplitKind
from engine.data.answer_tally import MOST_CLASSES
from engine.data.answers import locate, numbers_in, span_answer, tags_answer
from engine.data.examples import ExampleSets, TrainRow, load_examples
from engine.data.inspecting import inspect_file
from engine.data.scanning import scan
from engine.data.sequences import cell_of, items_of
from engine.data.split_report import describe_split
from engine.reporter import Silent
from tests.helpers.errors import refused

MakeStore = Callable[..., DatasetStore]
WriteFile = Callable[..., Path]

LABELLED = Mapping(
    (Column("text", Role.SOURCE), Column("label", Role.TARGET), Column("part", Role.SPLIT)),
    AnswerKind.LABEL,
)
TAGGED = Mapping((Column("words", Role.SOURCE), Column("tags", Role.TARGET)), AnswerKind.TAGS)
SPANS = Mapping(
    (
        Column("question", Role.FIELD),
        Column("context", Role.SOURCE),
        Column("answers", Role.TARGET),
        Column("start", Role.START),
    ),
    AnswerKind.SPAN,
)
CONTEXT = "Mina built the hut in 1907. In 1931 Mina sold it."
SPAN_ROWS = "\n".join(
    json.dumps(dict(zip(("question", "context", "answers", "start"), row, strict=True)))
    for row in (
        ("When was it built?", CONTEXT, ["1907"], [22]),
        ("When was it sold?", CONTEXT, ["1931"], [40]),  # stands there once only
        ("Who sold it?", CONTEXT, ["Mina"], [35]),  # nearby
        ("Who bought it?", CONTEXT, [], []),
        ("Who lives there?", CONTEXT, ["Otto"], [3]),
        ("Who built it?", CONTEXT, ["Mina", "Mina built"], [0, 0]),
    )
)


def data_of(store: DatasetStore, mapping: Mapping, **split: object) -> DataSpec:
    return DataSpec("", "", mapping, split=Split(**split))  # type: ignore[arg-type]


def kinds(sets: ExampleSets) -> dict[FindingKind, int]:
    return {finding.kind: finding.count for finding in sets.findings}


@given(st.lists(st.text(min_size=1), max_size=6))
def test_words_are_read_as_they_were_written(words: list[str]) -> None:
    assert items_of(cell_of(words)) == tuple(words)


def test_cells_of_words_in_other_notations() -> None:
    assert items_of(" Otto  lives\there ") == ("Otto", "lives", "here")
    assert items_of('["New York", "is"]') == ("New York", "is")
    assert items_of("['B-LOC', 'O']") == items_of("['B-LOC' 'O']") == ("B-LOC", "O")
    assert items_of("[0, 3 0]") == ("0", "3", "0")
    assert items_of("[ see note ]") == ("[", "see", "note", "]")


def test_an_answer_is_where_it_is_said_to_be_or_clearly_meant() -> None:
    assert locate("a b a", "a", 4) == (4, True)
    assert locate("a b a", "a", None) == (0, True)
    assert locate("a b c", "b", 90) == (2, False)  # the only place
    far = "x" + " " * 100 + "x" + " " * 100
    assert locate(far, "x", 99) == (101, False)  # the only place nearby
    assert locate(far, "x", 180) == (-1, False)
    assert locate("x x x", "x", -1) == (-1, False)  # two are as near
    assert locate("abc", "d", 1) == (-1, False)
    assert span_answer("a bc", " bc", "1").starts == (2,)
    assert numbers_in("[12, 3.0]") == (12, 3)
    assert numbers_in('["7"] x -3 9999999999999999') == (7, None, -3, None)


def test_spans_have_their_places(make_store: MakeStore) -> None:
    store = make_store(SPAN_ROWS, ending=".jsonl")
    sets = load_examples(
        store, data_of(store, SPANS, valid_fraction=0.0, test_fraction=0.0), Silent()
    )
    assert [(row.target, row.starts) for row in sets.train] == [
        ("1907", (22,)),
        ("1931", (31,)),
        ("Mina", (36,)),
        ("", (-1,)),
        ("Mina", (0,)),
    ]
    assert sets.train[0].parts == ("When was it built?", CONTEXT)
    found = kinds(sets)
    assert found[FindingKind.MOVED_ANSWER] == 2
    assert found[FindingKind.LOST_ANSWER] == found[FindingKind.NO_ANSWER] == 1
    tested = load_examples(
        store, data_of(store, SPANS, valid_fraction=0.0, test_fraction=0.9), Silent()
    )
    answers = {row.parts[0]: (row.references, row.starts) for row in (*tested.test,)}
    assert set(answers) < {json.loads(line)["question"] for line in SPAN_ROWS.splitlines()}
    for question, (references, starts) in answers.items():
        expected = {
            "Who built it?": (("Mina", "Mina built"), (0, 0)),
            "Who bought it?": (("",), (-1,)),
        }.get(question)
        assert expected is None or expected == (references, starts)


def test_tags_are_as_many_as_words(make_store: MakeStore) -> None:
    store = make_store(
        "words,tags\nOtto lives,B-PER O\nOtto,I-PER\nOtto lives,B-PER\nOtto lives,B-PER O\n,O\n"
    )
    sets = load_examples(
        store, data_of(store, TAGGED, valid_fraction=0.0, test_fraction=0.0), Silent()
    )
    assert sets.train[:2] == [
        TrainRow("Otto lives", "B-PER O", ("Otto lives",)),
        TrainRow("Otto", "I-PER", ("Otto",)),
    ]
    assert kinds(sets)[FindingKind.UNEVEN_TAGS] == 1
    assert kinds(sets)[FindingKind.ILLEGAL_TAGS] == 1
    rows = scan(store, TAGGED, Silent())
    assert rows.classes == {"PER": 3}
    assert tags_answer('["New York", "is"]', '["B-LOC", "O"]').targets == ("B-LOC O",)


def test_a_sentence_that_comes_again_is_tested_again(make_store: MakeStore) -> None:
    rows = "".join(f"Yes . {number} x,O O O O\n" for number in range(8))
    store = make_store("words,tags\n" + rows * 2)
    sets = load_examples(
        store, data_of(store, TAGGED, test_fraction=0.5, valid_fraction=0.0), Silent()
    )
    assert len(sets.test) == len({row.example_id for row in sets.test}) == 8


def labelled(counts: dict[str, int], part: str = "train") -> str:
    return "".join(
        f"{part} {label} text number {number},{label},{part}\n"
        for label, count in counts.items()
        for number in range(count)
    )


def shots(store: DatasetStore, **split: object) -> tuple[Counter[str], Counter[str], ExampleSets]:
    sets = load_examples(store, data_of(store, LABELLED, **split), Silent())
    valid = Counter(reference for row in sets.valid for reference in row.references)
    return Counter(row.target for row in sets.train), valid, sets


def test_so_many_rows_of_each_label(make_store: MakeStore) -> None:
    store = make_store("text,label,part\n" + labelled({"good": 60, "bad": 40, "so so": 5}))
    train, valid, sets = shots(store, per_label=4, test_fraction=0.2)
    assert train == {"good": 4, "bad": 4, "so so": train["so so"]}
    assert valid["good"] == valid["bad"] == 4
    assert not {row.source for row in sets.train} & {row.source for row in sets.valid}
    assert kinds(sets)[FindingKind.RARE_LABELS] >= 1
    other = shots(store, per_label=4, test_fraction=0.2, sample_seed=5)[2]
    assert [row.example_id for row in other.test] == [row.example_id for row in sets.test]
    assert other.train != sets.train
    assert other.valid != sets.valid
    more = shots(store, per_label=8, test_fraction=0.2)[2]
    assert {row.source for row in sets.train} < {row.source for row in more.train}
    without = shots(store, per_label=4, test_fraction=0.2, valid_fraction=0.0)
    assert without[1] == {}
    assert without[0] == train


def test_validation_rows_of_the_split_column_are_drawn_from(make_store: MakeStore) -> None:
    text = "".join(labelled({"good": 20, "bad": 20}, part) for part in ("train", "dev", "test"))
    store = make_store("text,label,part\n" + text)
    train, valid, sets = shots(store, per_label=3, kind=SplitKind.COLUMN, max_test_inputs=None)
    assert train == valid == {"good": 3, "bad": 3}
    assert all(row.source.startswith("dev") for row in sets.valid)
    other = shots(store, per_label=3, kind=SplitKind.COLUMN, max_test_inputs=None, seed=7)[2]
    assert other.test == sets.test
    assert len(sets.test) == 40
    assert other.train != sets.train
    assert other.valid != sets.valid


def test_labels_are_counted(make_store: MakeStore) -> None:
    text = labelled({"good": 20, "bad": 10}) + labelled({"odd": 3}, "test")
    store = make_store("text,label,part\n" + text)
    split = Split(kind=SplitKind.COLUMN)
    report = describe_split(scan(store, LABELLED, Silent()), store, LABELLED, split)
    assert [(one.name, one.count) for one in report.classes] == [
        ("good", 20),
        ("bad", 10),
        ("odd", 3),
    ]
    assert {one.kind: one.count for one in report.findings} == {FindingKind.UNTRAINED_LABELS: 1}


def test_an_input_with_two_labels_has_both(make_store: MakeStore) -> None:
    mapping = Mapping((Column("text", Role.SOURCE), Column("label", Role.TARGET)), AnswerKind.LABEL)
    store = make_store('text,label\nfine,good\nfine,bad\nfine,good\n"a, b","[""x"", ""y""]"\n')
    sets = load_examples(
        store, data_of(store, mapping, valid_fraction=0.0, test_fraction=0.0), Silent()
    )
    assert [row.target for row in sets.train] == ["good", "bad", "good", "x", "y"]
    assert sets.train[3].parts == ("a, b",)


def test_a_million_labels_are_no_labels(make_store: MakeStore) -> None:
    store = make_store("text,label\n" + "".join(f"t,{n}\n" for n in range(MOST_CLASSES + 1)))
    mapping = Mapping((Column("text", Role.SOURCE), Column("label", Role.TARGET)), AnswerKind.LABEL)
    with refused("too-many-classes", column="label", limit=MOST_CLASSES):
        scan(store, mapping, Silent())


SENTENCE = "A quiet hut near the lake number {0}"


def guess(
    write_file: WriteFile, content: str, name: str = "table.csv"
) -> tuple[str, dict[str, str]]:
    report = inspect_file(InspectFile(str(write_file(content, name))), Silent())
    roles = {
        column.name: column.role.value
        for column in report.columns
        if column.role is not Role.IGNORED
    }
    return report.answer.value, roles


def table(header: str, row: str, count: int = 40, values: tuple[str, ...] = ("0", "1")) -> str:
    rows = [
        row.format(SENTENCE.format(number), values[number % len(values)], number)
        for number in range(count)
    ]
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    ("content", "roles"),
    [
        (table("text,label", "{0},{1}"), {"text": "source", "label": "target"}),
        (table("text,label", "{0},{1}", count=6), {"text": "source", "label": "target"}),
        (
            table("id,sentiment,review,source", "{2},{1},{0},web", values=("good", "bad")),
            {"sentiment": "target", "review": "source"},
        ),
        (
            table("headline,category", "{0},{1}", values=("sport", "law")),
            {"headline": "source", "category": "target"},
        ),
        (table("1," + SENTENCE, "{1},{0}"), {"column 1": "target", "column 2": "source"}),
        (
            table("input,output", "{0},{1}", values=("yes", "no")),
            {"input": "source", "output": "target"},
        ),
        (
            table("premise,hypothesis,label", "{0},{0} too,{1}", values=("yes", "no")),
            {"premise": "source", "hypothesis": "source", "label": "target"},
        ),
    ],
)
def test_labels_are_recognised(write_file: WriteFile, content: str, roles: dict[str, str]) -> None:
    assert guess(write_file, content) == ("label", roles)


@pytest.mark.parametrize(
    "content",
    [
        table("name,price,text", "Hut {2},{1},{0}", values=("cheap", "high")),
        table("price,description", "{1},{0}", count=8, values=("cheap", "high")),
        table("label,summary", "{1},{0}"),
        table("category,name,text", "{1},Hut {2},{0}", values=("hut", "inn")),
        table("mr,ref", '"name[Hut {2}], kind[{1}]",{0}', values=("hut", "inn")),
        table("source,target", "{1},{0}", values=("cheap", "high")),
        table("text,score", "{0},{2}.25"),
    ],
)
def test_texts_stay_texts(write_file: WriteFile, content: str) -> None:
    assert guess(write_file, content)[0] == "text"


def test_tags_and_spans_are_recognised(write_file: WriteFile) -> None:
    tags = table("text,tags", "Otto lives here {2},B-PER O O O")
    assert guess(write_file, tags) == ("tags", {"text": "source", "tags": "target"})
    assert guess(write_file, SPAN_ROWS.replace("Otto", "hut"), "qa.jsonl") == (
        "span",
        {"question": "field", "context": "source", "answers": "target", "start": "start"},
    )
    free = "\n".join(
        json.dumps({"question": "Why?", "context": CONTEXT, "answer": f"For reason {number}."})
        for number in range(20)
    )
    assert guess(write_file, free, "free.jsonl")[0] == "text"


def test_what_is_predicted_can_be_said(write_file: WriteFile) -> None:
    path = str(write_file(table("text,label", "{0},{1}")))
    report = inspect_file(InspectFile(path, answer=AnswerKind.TEXT), Silent())
    assert report.answer is AnswerKind.TEXT
    path = str(write_file(table("name,kind", "{0},{1}", count=4), "few.csv"))
    report = inspect_file(InspectFile(path, answer=AnswerKind.LABEL), Silent())
    assert report.mapping.answer is AnswerKind.LABEL
    assert report.mapping.column_of(Role.TARGET) == "kind"


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("I-PER O,I-PER I-PER,B-LOC I-LOC", None),
        ("I-PER O,I-PER I-PER,I-LOC I-LOC", "B-PER O,B-PER I-PER,B-LOC I-LOC"),
        ("S-PER O,B-PER E-PER,S-LOC S-LOC", "B-PER O,B-PER I-PER,B-LOC B-LOC"),
        ("U-PER O,B-PER L-PER,U-LOC U-LOC", "B-PER O,B-PER I-PER,B-LOC B-LOC"),
        ("NOUN ADJ,ADJ NOUN,X X", None),
    ],
)
def test_tags_of_other_schemes_are_read_as_iob2(
    tags: str, read: str | None, make_store: MakeStore
) -> None:
    store = make_store("words,tags\n" + "".join(f"a b,{each}\n" for each in tags.split(",")))
    sets = load_examples(
        store, data_of(store, TAGGED, valid_fraction=0.0, test_fraction=0.0), Silent()
    )
    assert ",".join(row.target for row in sets.train) == (read or tags)
    assert (FindingKind.TAG_SCHEME in kinds(sets)) is (read is not None)


def test_rows_that_cannot_be_learned_are_refused_with_the_reason(make_store: MakeStore) -> None:
    store = make_store("words,tags\na b c,O O\nd e f,O\n")
    with refused("no-useful-rows", rows=2) as refusal:
        load_examples(store, data_of(store, TAGGED), Silent())
    assert "2 rows with more or fewer tags" in refusal.value.message


@pytest.mark.parametrize(
    ("kind", "cells", "outputs"),
    [
        (AnswerKind.LABEL, ("x", "y", "x", "x"), (2, 3)),
        (AnswerKind.TAGS, ("O O", "O B-X", "O O", "O B-X"), (2, 4)),
        (AnswerKind.SPAN, ("a", "b", "a", ""), (2, 0)),
        (AnswerKind.TEXT, ("x", "y", "x", "x"), (0, 0)),
    ],
)
def test_what_a_head_gives_is_counted(
    kind: AnswerKind, cells: tuple[str, ...], outputs: tuple[int, int], make_store: MakeStore
) -> None:
    rows = "".join(f"a b,{cell},{'mn'[n // 2]}\n" for n, cell in enumerate(cells))
    store = make_store(f"text,answer,set\n{rows}")
    roles = (Role.SOURCE, Role.TARGET, Role.CATEGORY)
    columns = map(Column, ("text", "answer", "set"), roles)
    counted = scan(store, Mapping(tuple(columns), kind), Silent())
    assert (counted.outputs, counted.category_outputs) == outputs


def test_labels_that_look_alike_are_one(make_store: MakeStore) -> None:
    rows = ["caf\u00e9", "cafe\u0301", " caf\u00e9 ", "Cafe"]
    store = make_store("text,label\n" + "".join(f"a{n},{each}\n" for n, each in enumerate(rows)))
    mapping = Mapping((Column("text", Role.SOURCE), Column("label", Role.TARGET)), AnswerKind.LABEL)
    assert scan(store, mapping, Silent()).classes == {"caf\u00e9": 3, "Cafe": 1}
    assert pairs_of(AnswerKind.LABEL, rows[1], [rows[0]]) == ((rows[0], rows[0]),)
