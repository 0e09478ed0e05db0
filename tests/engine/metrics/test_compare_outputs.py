"""The window's figures of row differences, from the one bootstrap."""

import math
from pathlib import Path

import numpy as np
import pytest

from engine.contract.protocol.outputs import CompareOutputs
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import MeanDifference, OutputRow
from engine.metrics import bootstrap
from engine.metrics.handlers import compare_outputs
from engine.metrics.known import metric_named
from engine.reporter import Silent
from tests.helpers.errors import refused

TOLERANCE = 1e-9
"""The same rows are drawn, but their sum is a matrix product: the order of additions differs."""


def outputs(
    path: Path, scores: list[float], *, metric: str = "bleu", ids: list[str] | None = None
) -> str:
    """A file of rows with these scores; none where it is NaN."""
    names = ids or [f"id-{n}" for n in range(len(scores))]
    write_outputs(
        path,
        [
            OutputRow(
                name, f"in {name}", "out", ("ref",),
                row_scores=() if math.isnan(score) else ((metric, score),),
            )
            for name, score in zip(names, scores, strict=True)
        ],
    )  # fmt: skip
    return str(path)


def means(tmp_path: Path, *columns: list[float], metric: str = "bleu") -> list[MeanDifference]:
    paths = [outputs(tmp_path / f"{n}.jsonl", one, metric=metric) for n, one in enumerate(columns)]
    reply = compare_outputs(CompareOutputs(tuple(paths), (metric,)), Silent())
    assert [one.file for one in reply.differences] == list(range(1, 1 + len(reply.differences)))
    return [one.mean for one in reply.differences]


def as_the_window_computed(differences: np.ndarray) -> tuple[float, float, float]:
    """Mean and interval as the page took them itself, before the engine did."""
    rng, sampled = np.random.default_rng(0), np.empty(1000)
    for start in range(0, 1000, 20):
        chosen = rng.integers(0, differences.size, (20, differences.size))
        sampled[start : start + 20] = differences[chosen].mean(axis=1)
    return (float(differences.mean()), *map(float, np.percentile(sampled, [2.5, 97.5])))


@pytest.mark.parametrize("count", [2, 24, 640, 5_000])
def test_the_figures_are_those_that_the_page_computed(tmp_path: Path, count: int) -> None:
    draw = np.random.default_rng(count)
    first, second = draw.uniform(0, 100, (2, count))
    (found,) = means(tmp_path, first.tolist(), second.tolist())
    expected = as_the_window_computed(second - first)
    assert (found.mean, found.low, found.high) == pytest.approx(expected, abs=TOLERANCE)
    assert found.rows == count


def test_the_interval_is_near_the_normal_one_and_repeats(tmp_path: Path) -> None:
    values = np.random.default_rng(3).normal(1.0, 10.0, 400)
    (found,) = means(tmp_path, [0.0] * 400, values.tolist())
    half = 1.96 * values.std() / math.sqrt(400)
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.2
    )
    assert means(tmp_path, [0.0] * 400, values.tolist()) == [found], "the seed is fixed"


def test_p_and_interval_are_those_of_two_corpus_scores_that_are_means() -> None:
    draw = np.random.default_rng(5)
    first, second = draw.uniform(0, 100, (2, 60))
    statistics = [np.stack((values, np.ones(60)), axis=1) for values in (first, second)]
    paired = bootstrap.paired(metric_named("rouge1"), *statistics, seed=0)
    (tested,) = bootstrap.mean_differences((second - first)[:, None])
    assert tested == pytest.approx((paired.low, paired.high, paired.p), abs=TOLERANCE)


def test_rows_without_a_score_are_left_out(tmp_path: Path) -> None:
    (found,) = means(tmp_path, [0.0] * 4, [1.0, math.nan, -1.0, 0.0])
    assert (found.rows, found.better, found.worse, found.equal) == (3, 1, 1, 1)
    assert not found.excludes_zero
    assert means(tmp_path, [0.0], [math.nan]) == []
    assert means(tmp_path, [0.0], [3.0]) == [MeanDifference(1, 3.0, None, None, None, 1, 0, 0)]


def test_equal_differences_have_no_width(tmp_path: Path) -> None:
    (found,) = means(tmp_path, [1.0] * 30, [3.0] * 30)
    assert found == MeanDifference(30, 2.0, 2.0, 2.0, 1 / 1001, 30, 0, 0)
    assert found.excludes_zero


def test_lower_counts_as_better_where_the_metric_says_so(tmp_path: Path) -> None:
    (found,) = means(tmp_path, [0.0] * 4, [1.0, -2.0, -3.0, 0.0], metric="ter")
    assert (found.mean, found.better, found.worse, found.equal) == (-1.0, 2, 1, 1)


def test_systems_of_which_one_lacks_scores_do_not_change_the_others(tmp_path: Path) -> None:
    draw = np.random.default_rng(9)
    first, second, third = draw.uniform(0, 100, (3, 50)).tolist()
    third[7] = math.nan
    both = means(tmp_path, first, second, third)
    assert [mean.rows for mean in both] == [50, 49]
    assert both[:1] == means(tmp_path, first, second)


def test_only_rows_that_all_files_have_are_compared(tmp_path: Path) -> None:
    """Aligned by id where there are some, else by input, as the page shows them."""
    own = outputs(tmp_path / "a.jsonl", [1.0, 2.0, 4.0], ids=["x", "y", "z"])
    part = outputs(tmp_path / "b.jsonl", [9.0, 1.0], ids=["z", "x"])
    theirs = tmp_path / "c.jsonl"
    theirs.write_text(
        '{"input": "in z", "output": "o", "references": [], "row_scores": [["bleu", 0.0]]}\n'
        '{"input": "in  y", "output": "o", "references": [], "row_scores": [["bleu", 0.0]]}\n',
        encoding="utf-8",
    )
    reply = compare_outputs(CompareOutputs((own, part, str(theirs)), ("bleu", "chrf")), Silent())
    found = {(one.metric, one.file): (one.mean.rows, one.mean.mean) for one in reply.differences}
    assert found == {("bleu", 1): (1, 5.0), ("bleu", 2): (1, -4.0)}
    last = compare_outputs(CompareOutputs((str(theirs), own), ("bleu",), base=1), Silent())
    assert [(one.mean.rows, one.mean.mean) for one in last.differences] == [(2, 3.0)]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.jsonl"
    with refused("unreadable-outputs", path=path):
        compare_outputs(CompareOutputs((str(path), str(path)), ("bleu",)), Silent())


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e400", "1e308"])
def test_a_number_that_is_no_score_counts_as_none(tmp_path: Path, value: str) -> None:
    """A file of a stranger may hold any number."""
    own = outputs(tmp_path / "a.jsonl", [1.0, 2.0, 4.0])
    path = Path(outputs(tmp_path / "b.jsonl", [7.5, 3.0, 3.0]))
    path.write_text(path.read_text(encoding="utf-8").replace("7.5", value), encoding="utf-8")
    reply = compare_outputs(CompareOutputs((own, str(path)), ("bleu",)), Silent())
    assert [(one.mean.rows, one.mean.mean) for one in reply.differences] == [(2, 0.0)]


def test_rows_in_order_count_even_where_some_have_no_input(tmp_path: Path) -> None:
    paths = []
    for name, texts in (("a", ("x", "", "y")), ("b", ("p", "", "q"))):
        path = tmp_path / f"{name}.jsonl"
        write_outputs(
            path,
            [
                OutputRow(str(n), text, "o", (), row_scores=(("bleu", float(n)),))
                for n, text in enumerate(texts, start=1)
            ],
        )
        paths.append(str(path))
    (found,) = compare_outputs(CompareOutputs(tuple(paths), ("bleu",)), Silent()).differences
    assert (found.mean.rows, found.mean.equal) == (3, 3)
