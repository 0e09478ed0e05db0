"""Smoothing against its definition, term by term."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plots.lines import smooth


def by_definition(values: list[float], weight: float) -> list[float]:
    out = []
    for last in range(len(values)):
        pairs = [
            (weight**age, values[last - age])
            for age in range(last + 1)
            if math.isfinite(values[last - age])
        ]
        total = sum(w for w, _ in pairs)
        out.append(sum(w * v for w, v in pairs) / total if total else math.nan)
    return out


@given(
    st.lists(st.floats(-1e3, 1e3) | st.just(math.nan), max_size=40),
    st.sampled_from([0.1, 0.5, 0.8, 0.99]),
)
def test_equals_the_weighted_mean_of_all_values_so_far(values: list[float], weight: float) -> None:
    found = smooth(np.array(values, dtype=np.float64), weight)
    np.testing.assert_allclose(found, by_definition(values, weight), rtol=1e-9, atol=1e-9)


def test_a_long_gap_keeps_what_was_before_it() -> None:
    values = [0.0, math.nan, 0.0, 0.0, 0.0, math.nan, 1.0, *[math.nan] * 30]
    found = smooth(np.array(values), 0.1)
    np.testing.assert_allclose(found, by_definition(values, 0.1), rtol=1e-9)


def test_no_weight_gives_the_values_themselves_as_a_copy() -> None:
    values = np.array([1.0, math.nan, 3.0])
    found = smooth(values, 0.0)
    np.testing.assert_array_equal(found, values)
    assert found is not values


def test_one_nan_does_not_wipe_out_the_rest() -> None:
    values = np.ones(1000)
    values[10] = math.nan
    assert np.isfinite(smooth(values, 0.9)).all()


@pytest.mark.parametrize("weight", [-0.1, 1.0, 2.0])
def test_a_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=str(weight)):
        smooth(np.ones(3), weight)
