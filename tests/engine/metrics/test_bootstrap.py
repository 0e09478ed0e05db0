"""Intervals from cached statistics."""

import numpy as np
import pytest

from engine.contract.runs.scores import RESAMPLES
from engine.metrics import bootstrap
from engine.metrics.known import metric_named
from engine.reporter import Silent
from tests.helpers.metrics import LOCAL, MEANS_OF_TEXTS, corpus_value

WORDS = [*"abcdefghijklmnop"]


def corpus(count: int) -> tuple[list[str], list[list[str]]]:
    """Outputs that share some of the words of their one to three references."""
    draw = np.random.default_rng(1)
    hypotheses, references = [], []
    for _ in range(count):
        words = list(draw.choice(WORDS, size=9))
        group = []
        for _ in range(int(draw.integers(1, 4))):
            changed = [str(draw.choice(WORDS)) if draw.random() < 0.3 else w for w in words]
            group.append(" ".join(changed))
        hypotheses.append(" ".join(words))
        references.append(group)
    return hypotheses, references


@pytest.mark.parametrize("name", [*MEANS_OF_TEXTS, "ter"])
def test_resampled_scores_equal_scores_of_the_resampled_texts(name: str) -> None:
    hypotheses, references = corpus(12)
    metric = metric_named(name)
    statistics = metric.statistics(hypotheses, references, reporter=Silent())
    scores = metric.from_sums(bootstrap.resampled_sums(statistics, seed=5, samples=20))
    draws = np.random.default_rng(5).integers(12, size=(20, 12))
    texts = [([hypotheses[i] for i in draw], [references[i] for i in draw]) for draw in draws]
    assert scores == pytest.approx([corpus_value(metric, *text) for text in texts], abs=1e-9)


def test_interval_of_a_mean_is_near_the_normal_one() -> None:
    hypotheses, references = corpus(200)
    metric = metric_named("rouge1")
    statistics = metric.statistics(hypotheses, references, reporter=Silent())
    values = statistics[:, 0]
    limits = bootstrap.interval(metric, statistics, seed=0)
    error = 1.96 * values.std() / np.sqrt(len(values))
    assert limits == pytest.approx((values.mean() - error, values.mean() + error), abs=error / 5)


@pytest.mark.parametrize("name", LOCAL)
def test_interval_surrounds_the_score_and_repeats(name: str) -> None:
    hypotheses, references = corpus(50)
    metric = metric_named(name)
    statistics = metric.statistics(hypotheses, references, reporter=Silent())
    limits = bootstrap.interval(metric, statistics, seed=3)
    assert limits is not None
    assert limits[0] < corpus_value(metric, hypotheses, references) < limits[1]
    assert bootstrap.interval(metric, statistics, seed=3) == limits
    assert bootstrap.interval(metric, statistics, seed=4) != limits


def test_chunks_draw_what_one_draw_would(monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = np.arange(40.0).reshape(20, 2)
    whole = bootstrap.resampled_sums(statistics, seed=2, samples=50)
    monkeypatch.setattr(bootstrap, "CELLS", 60)
    assert np.array_equal(bootstrap.resampled_sums(statistics, seed=2, samples=50), whole)


def test_two_systems_are_resampled_alike() -> None:
    first = np.random.default_rng(0).random((30, 2))
    second = first + np.array([1.0, 0.0])
    difference = bootstrap.resampled_sums(second, seed=9) - bootstrap.resampled_sums(first, seed=9)
    assert difference[:, 0] == pytest.approx(np.full(RESAMPLES, 30.0))
    assert difference[:, 1] == pytest.approx(np.zeros(RESAMPLES))


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_examples_have_no_interval(count: int) -> None:
    assert bootstrap.interval(metric_named("rouge1"), np.ones((count, 2)), seed=0) is None
