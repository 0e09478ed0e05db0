"""What was predicted for what."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import codec
from engine.contract.runs.confusion import (
    ANSWER,
    NO_ANSWER,
    NOTHING,
    PARTLY,
    RIGHT,
    WRONG,
    Confusion,
    ConfusionCounter,
    Pair,
    pairs_of,
)
from engine.contract.specs.answer import AnswerKind


def counted(answer: AnswerKind, rows: list[tuple[str, list[str]]]) -> Confusion:
    counter = ConfusionCounter(answer)
    for index, (output, references) in enumerate(rows):
        counter.add(index, output, references)
    return counter.confusion()


def test_labels() -> None:
    rows = [("a", ["a"]), ("b ", ["a"]), ("b", ["a", "b"]), ("strange", ["b"]), ("a", [])]
    confusion = counted(AnswerKind.LABEL, rows)
    assert [(c.gold, c.predicted, c.count, c.rows, c.is_right) for c in confusion.cells] == [
        ("a", "a", 1, (0,), True),
        ("a", "b", 1, (1,), False),
        ("b", "b", 1, (2,), True),
        ("b", "strange", 1, (3,), False),
    ]
    figures = [(g.name, g.precision, g.recall, g.gold, g.predicted) for g in confusion.groups]
    assert figures == [("a", 100, 50, 2, 1), ("b", 50, 50, 2, 2), ("strange", 0, None, 0, 1)]
    assert [round(group.f1, 2) for group in confusion.groups] == [66.67, 50, 0]
    assert [cell.predicted for cell in confusion.mistakes] == ["b", "strange"]
    assert confusion.sides == (("a", "b", "strange"),) * 2


def test_entities_are_paired_by_their_words() -> None:
    gold, predicted = "B-PER I-PER O B-LOC O B-ORG", "B-PER I-PER O B-ORG B-LOC B-ORG"
    confusion = counted(AnswerKind.TAGS, [(predicted, [gold]), ("O", ["O"]), ("B", ["O"])])
    assert [(c.gold, c.predicted, c.rows) for c in confusion.cells] == [
        (NOTHING, "(no type)", (2,)),
        (NOTHING, "LOC", (0,)),
        ("LOC", "ORG", (0,)),
        ("ORG", "ORG", (0,)),
        ("PER", "PER", (0,)),
    ]
    assert [(g.name, g.right, g.predicted, g.gold) for g in confusion.groups] == [
        ("LOC", 0, 1, 1),
        ("ORG", 1, 2, 1),
        ("PER", 1, 1, 1),
        ("(no type)", 0, 1, 0),
    ]
    assert confusion.sides[0][-1] == NOTHING


TAGS = st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"]), min_size=4, max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=4))
def test_rows_of_a_cell_are_those_whose_pairs_hold_it(rows: list[tuple[list[str], ...]]) -> None:
    texts = [(" ".join(a), [" ".join(b)]) for a, b in rows]
    confusion = counted(AnswerKind.TAGS, texts)
    pairs = [pairs_of(AnswerKind.TAGS, *text) for text in texts]
    for cell in confusion.cells:
        pair = (cell.gold, cell.predicted)
        assert cell.rows == tuple(i for i, held in enumerate(pairs) if pair in held)
        assert cell.count == sum(held.count(pair) for held in pairs)
    assert sum(cell.count for cell in confusion.cells) == sum(map(len, pairs))


@pytest.mark.parametrize(
    ("output", "references", "pair"),
    [
        ("The lake", ["lake."], (ANSWER, RIGHT)),
        ("big lake", ["hill", "lake"], (ANSWER, PARTLY)),
        ("moor", ["lake"], (ANSWER, WRONG)),
        ("", ["lake"], (ANSWER, NO_ANSWER)),
        ("the", [""], (NO_ANSWER, NO_ANSWER)),
        ("moor", [""], (NO_ANSWER, WRONG)),
    ],
)
def test_answers(output: str, references: list[str], pair: Pair) -> None:
    confusion = counted(AnswerKind.SPAN, [(output, references), ("moor", [])])
    assert [(cell.gold, cell.predicted) for cell in confusion.cells] == [pair]
    assert confusion.cells[0].is_right is (pair in {(ANSWER, RIGHT), (NO_ANSWER, NO_ANSWER)})
    assert confusion.groups == ()


def test_texts_are_not_counted_and_counts_cross_rooms() -> None:
    assert counted(AnswerKind.TEXT, [("a", ["a"])]) == Confusion()
    confusion = counted(AnswerKind.LABEL, [("a", ["a"]), ("b", ["a"])])
    assert codec.from_text(Confusion, codec.to_text(confusion)) == confusion
