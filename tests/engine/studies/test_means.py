"""Means and their intervals, held against the distribution itself."""

import math

import pytest

from engine.studies.means import mean_of, t_quantile


def probability(t: float, degrees: int) -> float:
    """P(|T| < t) of Student's t, by Simpson's rule over its density."""
    steps = 20_000
    constant = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2))
    constant /= math.sqrt(degrees * math.pi)

    def density(x: float) -> float:
        return constant * (1 + x * x / degrees) ** (-(degrees + 1) / 2)

    width = t / steps
    weights = (density(i * width) * (4 if i % 2 else 2) for i in range(1, steps))
    return 2 * width / 3 * (density(0) + density(t) + sum(weights))


@pytest.mark.parametrize("degrees", [1, 2, 3, 9, 17, 30, 31, 60, 400])
def test_quantiles_leave_five_percent_outside(degrees: int) -> None:
    assert probability(t_quantile(degrees), degrees) == pytest.approx(0.95, abs=1e-4)


def test_quantiles_fall() -> None:
    quantiles = [t_quantile(degrees) for degrees in range(1, 200)]
    assert quantiles == sorted(quantiles, reverse=True)


def test_three_runs() -> None:
    mean = mean_of([60.0, 62.0, 64.0], [0, 1, 2], alone=(1.0, 2.0))
    assert (mean.count, mean.value, mean.spread) == (3, 62.0, 2.0)
    assert mean.low == pytest.approx(62 - 4.303 * 2 / math.sqrt(3))
    assert mean.high == pytest.approx(62 + 4.303 * 2 / math.sqrt(3))


def test_one_run_has_its_own_interval_and_no_spread() -> None:
    mean = mean_of([60.0], [0], alone=(55.0, 66.0))
    assert (mean.count, mean.spread, mean.low, mean.high) == (1, None, 55.0, 66.0)


def test_runs_on_the_same_rows_count_as_one() -> None:
    """Ten runs of which pairs are equal tell what five tell."""
    values = [60.0, 62.0, 64.0, 61.0, 66.0]
    five = mean_of(values, range(5), alone=(None, None))
    ten = mean_of([*values, *values], [*range(5), *range(5)], alone=(None, None))
    assert ten.count == 10
    assert (ten.value, ten.low, ten.high) == pytest.approx((five.value, five.low, five.high))


def test_one_draw_says_nothing_about_others() -> None:
    mean = mean_of([60.0, 62.0], [3, 3], alone=(1.0, 2.0))
    assert (mean.count, mean.value, mean.low, mean.high) == (2, 61.0, None, None)
