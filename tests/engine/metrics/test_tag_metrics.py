"""Metrics of tags against seqeval, which equals conlleval, and by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import accuracy_score, f1_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2

from engine.contract.runs.entities import Entity, entities
from engine.contract.runs.scores import Absent, OutputRow
from engine.metrics.known import metric_named
from engine.metrics.scoring import score_rows, score_whole
from engine.reporter import Silent
from tests.helpers.metrics import corpus_value

IOB = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-MISC-X"]
SENTENCES = st.lists(
    st.lists(st.tuples(st.sampled_from(IOB), st.sampled_from(IOB)), min_size=1, max_size=9),
    min_size=1,
    max_size=5,
)
NAMES = ("entity_f1", "entity_f1_strict", "tag_accuracy")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")


@settings(max_examples=300, deadline=None)
@given(SENTENCES)
def test_scores_equal_seqeval(sentences: list[list[tuple[str, str]]]) -> None:
    gold = [[a for a, _ in pairs] for pairs in sentences]
    predicted = [[b for _, b in pairs] for pairs in sentences]
    groups, outputs = [[" ".join(tags)] for tags in gold], [" ".join(tags) for tags in predicted]
    ours = [corpus_value(metric_named(name), outputs, groups) for name in NAMES]
    nothing = {"zero_division": 0}
    assert ours == pytest.approx(
        [
            100 * f1_score(gold, predicted, **nothing),
            100 * f1_score(gold, predicted, mode="strict", scheme=IOB2, **nothing),
            100 * accuracy_score(gold, predicted),
        ]
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*IOB, "E-PER", "S-PER", "E-LOC", "S", "I", "B", "E"])))
def test_entities_equal_conllevals(tags: list[str]) -> None:
    theirs = [
        Entity("" if kind == "_" else kind, start, last + 1)
        for kind, start, last in get_entities(tags)
    ]
    assert list(entities(tags)) == theirs


def test_an_entity_by_both_rules() -> None:
    tags = ["I-PER", "I-PER", "O", "B-LOC", "I-ORG", "I-ORG", "B-ORG"]
    assert entities(tags) == (
        Entity("PER", 0, 2), Entity("LOC", 3, 4), Entity("ORG", 4, 6), Entity("ORG", 6, 7)
    )  # fmt: skip
    assert entities(tags, strict=True) == (Entity("LOC", 3, 4), Entity("ORG", 6, 7))
    assert entities(["NOUN", "O", "Boat"]) == ()


def test_rows_and_corpus_by_hand() -> None:
    groups = [["B-PER I-PER O O"], ["O O"], ["O O"], ["B-LOC O"]]
    outputs = ["B-PER I-PER O B-LOC", "O O", "B-PER O", "O O"]
    metric = metric_named("entity_f1")
    statistics = metric.statistics(outputs, groups, reporter=Silent())
    assert statistics.tolist() == [[1, 2, 1], [0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert metric.rows(statistics) == pytest.approx([200 / 3, 100, 0, 0])
    assert metric.from_sums(statistics.sum(axis=0)) == pytest.approx(100 * 2 / 5)
    accuracy = metric_named("tag_accuracy")
    statistics = accuracy.statistics(outputs, groups, reporter=Silent())
    assert accuracy.rows(statistics) == pytest.approx([75, 100, 50, 50])
    assert accuracy.from_sums(statistics.sum(axis=0)) == pytest.approx(70)


def row(output: str, *references: str) -> OutputRow:
    return OutputRow(example_id=output, input="w " * len(output.split()), output=output,
                     references=references)  # fmt: skip


def test_signatures_name_the_rule() -> None:
    rows = [row("B-PER O", "B-PER O"), row("O I-PER", "O B-PER")]
    scores, _ = score_rows(rows, NAMES, decoding="argmax")
    assert [score.value for score in scores] == pytest.approx([100, 200 / 3, 75])
    assert [score.signature.split("|nrefs")[0] for score in scores] == [
        "entity_f1|match:type,ends|rule:conlleval|avg:micro",
        "entity_f1_strict|match:type,ends|rule:IOB2-strict|avg:micro",
        "tag_accuracy|match:exact|unit:word",
    ]


def test_of_several_references_the_nearest_counts() -> None:
    scores, _ = score_rows([row("B-PER O O", "O O B-LOC", "B-PER O B-LOC")], NAMES, decoding="")
    assert [score.value for score in scores] == pytest.approx([200 / 3, 200 / 3, 200 / 3])


def test_tags_that_are_not_of_entities_are_counted_as_tags_alone() -> None:
    scores, _ = score_whole([row("NOUN VERB", "NOUN NOUN")], NAMES, decoding="")
    assert [isinstance(score, Absent) for score in scores] == [True, True, False]
    scores, _ = score_whole([row("S-PER O", "S-PER O")], NAMES, decoding="")
    assert [isinstance(score, Absent) for score in scores] == [False, True, False]


def test_other_numbers_of_tags_are_refused() -> None:
    scores, _ = score_whole([row("B-PER O", "B-PER O O")], NAMES, decoding="")
    assert all(isinstance(score, Absent) and "2 tags" in score.reason for score in scores)
