"""Metrics of labels against scikit-learn, by hand, and under resampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from engine.contract.runs.scores import Absent, OutputRow
from engine.metrics import bootstrap, labels
from engine.metrics.known import metric_named
from engine.metrics.pairing import compare
from engine.metrics.scoring import score_rows, score_whole
from engine.reporter import Silent
from tests.helpers.metrics import corpus_value

NAMES = ("accuracy", "macro_f1", "matthews")
PAIRS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abcx")), min_size=1, max_size=30
)


def expected(gold: list[str], predicted: list[str], known: set[str]) -> dict[str, float]:
    """What scikit-learn computes where all labels but the known ones are one label."""
    one_other = [label if label in known else "other" for label in predicted]
    f1 = f1_score(gold, predicted, labels=sorted(set(gold)), average="macro", zero_division=0)
    both = matthews_corrcoef(gold, one_other) if len({*gold, *one_other}) > 1 else 0
    return {
        "accuracy": 100 * accuracy_score(gold, predicted),
        "macro_f1": 100 * f1,
        "matthews": 100 * both,
    }


def values(gold: list[str], predicted: list[str]) -> dict[str, float]:
    groups = [[label] for label in gold]
    return {name: corpus_value(metric_named(name), predicted, groups) for name in NAMES}


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_scores_equal_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    assert values(gold, predicted) == pytest.approx(expected(gold, predicted, set(gold)))


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.integers(0, 9))
def test_a_resample_scores_as_its_rows_alone(pairs: list[tuple[str, str]], seed: int) -> None:
    """The interval's resamples are what scikit-learn gives for the drawn rows."""
    gold, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    drawn = np.random.default_rng(seed).integers(len(pairs), size=len(pairs))
    theirs = expected([gold[i] for i in drawn], [predicted[i] for i in drawn], set(gold))
    groups = [[label] for label in gold]
    for name in NAMES:
        metric = metric_named(name)
        statistics = metric.statistics(predicted, groups, reporter=Silent())
        ours = metric.from_sums(statistics[drawn].sum(axis=0))
        assert ours == pytest.approx(theirs[name]), name


def test_by_hand() -> None:
    gold, predicted = ["no"] * 6 + ["yes"] * 2, ["no"] * 5 + ["yes"] * 2 + ["no"]
    # no: 5 right of 6 and of 6; yes: 1 of 2 and of 2. R = (8 · 6 − 36 − 4) / (64 − 40).
    assert values(gold, predicted) == pytest.approx(
        {"accuracy": 75, "macro_f1": 100 * (5 / 6 + 1 / 2) / 2, "matthews": 100 * 8 / 24}
    )


def test_blanks_around_a_label_do_not_count_and_case_does() -> None:
    assert values([" yes", "no"], ["yes\n", "NO"])["accuracy"] == 50


def test_any_of_several_right_labels_is_right() -> None:
    groups = [["a", "b"], ["a", "b"], ["b"]]
    for name in NAMES:
        assert corpus_value(metric_named(name), ["b", "a", "b"], groups) == 100


def test_guessing_one_label_has_no_correlation() -> None:
    assert values(["a", "a", "b"], ["a"] * 3)["matthews"] == 0
    assert values(["a"] * 3, ["a"] * 3)["matthews"] == 0
    assert values(["a", "b"], ["b", "a"])["matthews"] == -100


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_right_or_wrong(name: str) -> None:
    metric = metric_named(name)
    groups = [["a"], ["b"], ["c"]]
    statistics = metric.statistics(["a", "c", "strange"], groups, reporter=Silent())
    assert metric.rows(statistics).tolist() == [100, 0, 0]


def rows(gold: str, predicted: str) -> tuple[OutputRow, ...]:
    pairs = zip(gold, predicted, strict=True)
    return tuple(OutputRow(str(i), "in", b, (a,)) for i, (a, b) in enumerate(pairs))


def test_intervals_hold_the_score_and_signatures_name_the_rule() -> None:
    scores, filled = score_rows(rows("aabbc" * 20, "aabac" * 20), NAMES, decoding="argmax")
    for score in scores:
        assert score.low is not None
        assert score.high is not None
        assert score.low < score.value < score.high
    assert [score.signature.split("|nrefs")[0] for score in scores] == [
        "accuracy|match:exact",
        "macro_f1|match:exact|avg:macro|labels:references",
        "matthews|match:exact|stat:R_K|others:one",
    ]
    assert filled[3].row_scores == tuple((name, 0.0) for name in NAMES)


def test_paired_tests_see_labels_that_one_system_alone_predicts() -> None:
    gold = "aabbcc" * 10
    first, second = rows(gold, "aabbxc" * 10), rows(gold, "aabyxz" * 10)
    for item in compare(first, second, NAMES, decoding=""):
        assert not isinstance(item, Absent)
        ours = [metric_named(item.metric)] * 2
        alone = [
            corpus_value(m, [r.output for r in each], [r.references for r in each])
            for m, each in zip(ours, (first, second), strict=True)
        ]
        assert [item.result.first, item.result.second] == pytest.approx(alone)
        assert item.result.high is not None
        assert item.result.high < 0
        assert item.result.p is not None
        assert item.result.p < 0.05
    same = compare(first, first, ["macro_f1"], decoding="")[0]
    assert not isinstance(same, Absent)
    assert same.result.p == 1


def test_more_labels_than_memory_allows_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_CELLS", 3 * 4 * 3)
    whole, _ = score_whole(rows("abcd", "abcd"), NAMES, decoding="")
    assert [isinstance(score, Absent) for score in whole] == [False, True, True]
    fitting, _ = score_whole(rows("abab", "abcd"), NAMES, decoding="")
    assert not any(isinstance(score, Absent) for score in fitting)


def test_the_bootstrap_of_many_labels_is_quick_enough() -> None:
    rng = np.random.default_rng(0)
    gold = rng.integers(50, size=2000).astype(str).tolist()
    metric = metric_named("macro_f1")
    statistics = metric.statistics(gold, [[label] for label in gold], reporter=Silent())
    assert statistics.shape == (2000, 3 * 51)
    assert bootstrap.interval(metric, statistics, seed=0) == (100, 100)
