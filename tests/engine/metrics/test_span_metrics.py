"""Exact match and F1 of answers, against SQuAD's rules written down again, and by hand."""

import re
import string
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract.runs.scores import Absent, OutputRow
from engine.metrics.known import metric_named
from engine.metrics.scoring import score_rows, score_whole
from tests.helpers.metrics import corpus_value

NAMES = ("exact_match", "span_f1")
APART = ("exact_match_answered", "span_f1_answered", "unanswered_accuracy")

WORDS = st.sampled_from(
    ["The", "the", "A", "an", "Lake", "lake,", "of", "-", "'s", "é.", "theatre"]
)
TEXTS = st.lists(WORDS, max_size=5).map(" ".join)
ROWS = st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=6)


def squad_words(text: str) -> list[str]:
    """Lower case; no signs; no articles; words."""
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squad_f1(output: str, answer: str) -> float:
    ours, theirs = squad_words(output), squad_words(answer)
    if not ours or not theirs:
        return float(ours == theirs)
    same = sum((Counter(ours) & Counter(theirs)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(ours), same / len(theirs)
    return 2 * precision * recall / (precision + recall)


def rows(pairs: list[tuple[str, list[str]]]) -> list[OutputRow]:
    return [OutputRow(str(i), "in", a, tuple(b)) for i, (a, b) in enumerate(pairs)]


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_scores_equal_squads_rules(pairs: list[tuple[str, list[str]]]) -> None:
    golds = [[text for text in group if squad_words(text)] or [""] for _, group in pairs]
    outputs = [output for output, _ in pairs]
    exact = [
        max(float(squad_words(output) == squad_words(text)) for text in group)
        for output, group in zip(outputs, golds, strict=True)
    ]
    f1 = [
        max(squad_f1(output, text) for text in group)
        for output, group in zip(outputs, golds, strict=True)
    ]
    scores, scored = score_rows(rows(pairs), NAMES, decoding="")
    means = [100 * sum(exact) / len(pairs), 100 * sum(f1) / len(pairs)]
    assert [score.value for score in scores] == pytest.approx(means)
    assert [dict(row.row_scores)["span_f1"] for row in scored] == pytest.approx(
        [100 * value for value in f1]
    )
    apart, _ = score_whole(rows(pairs), APART, decoding="")
    answered = [group != [""] for group in golds]
    for score, of, kind in zip(apart, (exact, f1, exact), (True, True, False), strict=True):
        chosen = [value for value, has in zip(of, answered, strict=True) if has is kind]
        if chosen:
            assert not isinstance(score, Absent)
            assert score.value == pytest.approx(100 * sum(chosen) / len(chosen))
        else:
            assert isinstance(score, Absent)


@pytest.mark.parametrize(
    ("output", "answers", "exact", "f1"),
    [
        ("the Lake District!", ["Lake district"], 100, 100),
        ("in the Lake District", ["Lake District", "Cumbria"], 0, 80),
        ("", [""], 100, 100),
        ("", ["Cumbria"], 0, 0),
        ("Cumbria", [""], 0, 0),
        ("the", [""], 100, 100),
        ("Cumbria", ["", "Cumbria"], 100, 100),
        ("theatre", ["atre"], 0, 0),
        ("two two", ["two"], 0, 200 / 3),
    ],
)
def test_by_hand(output: str, answers: list[str], exact: float, f1: float) -> None:
    scores, _ = score_rows(rows([(output, answers)]), NAMES, decoding="")
    assert [score.value for score in scores] == pytest.approx([exact, f1])


def test_with_and_without_answers_apart() -> None:
    pairs = [("a lake", ["lake"]), ("", ["hill"]), ("moor", [""]), ("", []), ("", [""])]
    scores, scored = score_rows(rows(pairs), (*NAMES, *APART), decoding="argmax")
    assert [score.value for score in scores] == [50, 50, 50, 50, 50]
    assert ["|n:4/5|" in score.signature for score in scores[:2]] == [True, True]
    assert [score.signature.split("|")[4:7] for score in scores[2:]] == [
        ["rows:answered", "nrefs:1", "n:2/5"],
        ["rows:answered", "nrefs:1", "n:2/5"],
        ["rows:unanswered", "nrefs:1", "n:2/5"],
    ]
    assert [len(row.row_scores) for row in scored] == [4, 4, 3, 0, 3]


def test_a_longer_answer_is_not_split_by_the_rule() -> None:
    assert corpus_value(metric_named("span_f1"), ["x y z"], [["x y z", "q"]]) == 100
