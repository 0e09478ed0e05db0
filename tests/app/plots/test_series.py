"""A run's numbers as columns: appended, never rebuilt, and cut back where a run is resumed."""

import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.models.run import RunModel
from app.plots.series import Axis, Columns, RunSeries
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import (
    Evaluation,
    Event,
    JournalEntry,
    RunStarted,
    RunState,
    SamplesTaken,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder
from tests.helpers.projects import make_project, make_run, training_events

STEPS = 60


def feed(run: RunModel, events: list[Event]) -> None:
    run.apply(tuple(JournalEntry(run.run_id, 0.0, event) for event in events))


def restart(step: int | None) -> RunStarted:
    return RunStarted(STEPS, step, "cpu", "float32", 1, 1, 1, 1, 1, "")


def metrics(first: int, last: int, loss: float) -> list[Event]:
    return [
        TrainMetrics(step, step / 10, loss, 1e-3, 1.0, 7 * step, 50.0, 2.0 * step, 10**9)
        for step in range(first, last + 1)
    ]


@pytest.fixture
def run(qapp: object, tmp_path: Path) -> RunModel:
    path = make_run(make_project(tmp_path / "p"), state=RunState.QUEUED)
    return RunModel(RunFolder(path))


@pytest.fixture
def count_reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many rows were copied into columns so far."""
    rows = 0
    original = Columns.extend

    def extend(self: Columns, new: list[tuple[float, ...]]) -> None:
        nonlocal rows
        rows += len(new)
        original(self, new)

    monkeypatch.setattr(Columns, "extend", extend)
    return lambda: rows


def test_new_steps_are_appended_and_old_ones_not_read_again(
    run: RunModel, count_reads: Callable[[], int]
) -> None:
    series = RunSeries(run)
    feed(run, [restart(None), *metrics(1, 5000, 2.0)])
    assert series.update()
    before = count_reads()
    assert not series.update()
    feed(run, metrics(5001, 5003, 1.0))
    assert series.update()
    assert count_reads() - before == 3
    assert series.metrics.size == 5003
    np.testing.assert_array_equal(series.metrics["step"], np.arange(1, 5004))
    np.testing.assert_array_equal(series.metrics["loss"][-4:], [2.0, 1.0, 1.0, 1.0])


def test_a_resume_cuts_back_and_only_the_new_steps_are_read(
    run: RunModel, count_reads: Callable[[], int]
) -> None:
    series = RunSeries(run)
    feed(run, [restart(None), *metrics(1, 40, 2.0)])
    series.update()
    before = count_reads()
    feed(run, [restart(30), *metrics(31, 35, 9.0)])
    assert series.update()
    assert count_reads() - before == 5
    assert series.metrics.size == 35
    np.testing.assert_array_equal(series.metrics["loss"], [2.0] * 30 + [9.0] * 5)
    assert series.resumed_steps == (30.0,)


def test_two_resumes_between_two_looks(run: RunModel) -> None:
    series = RunSeries(run)
    feed(run, [restart(None), *metrics(1, 40, 2.0)])
    series.update()
    feed(run, [restart(30), *metrics(31, 50, 3.0), restart(20), *metrics(21, 45, 4.0)])
    assert series.update()
    np.testing.assert_array_equal(series.metrics["step"], np.arange(1, 46))
    np.testing.assert_array_equal(series.metrics["loss"], [2.0] * 20 + [4.0] * 25)
    assert series.resumed_steps == (20.0,)


def test_a_resume_without_new_steps_is_a_change(run: RunModel) -> None:
    series = RunSeries(run)
    feed(run, [restart(None), *metrics(1, 40, 2.0)])
    series.update()
    feed(run, [restart(10)])
    assert series.update()
    assert series.metrics.size == 10


def test_the_limit_spreads_a_long_run_over_several_looks(run: RunModel) -> None:
    series = RunSeries(run)
    feed(run, [restart(None), *metrics(1, 250, 2.0)])
    sizes = []
    while series.update(100):
        sizes.append(series.metrics.size)
        assert series.is_behind == (series.metrics.size < 250)
    assert sizes == [100, 200, 250]


def test_axes_and_scores(run: RunModel) -> None:
    series = RunSeries(run)
    feed(run, training_events(PrefixMethod(), STEPS, STEPS))
    series.update()
    np.testing.assert_array_equal(series.evaluations["step"], np.arange(6, 61, 6))
    np.testing.assert_array_equal(
        series.evaluation_x(Axis.TOKENS), 180.0 * series.evaluations["step"]
    )
    assert series.score_metrics() == ("bleu",)
    assert series.scores("bleu").shape == (10,)
    assert np.isnan(series.scores("chrf")).all()
    best = [e.step for e in run.evaluations if e.is_best][-1]
    assert series.best_step == best


def test_what_a_run_holds_is_as_it_was_told(run: RunModel) -> None:
    told = training_events(PrefixMethod(), STEPS, STEPS)
    feed(run, [restart(None), *told])
    for kind, held in (
        (TrainMetrics, run.metrics),
        (Evaluation, run.evaluations),
        (SamplesTaken, run.samples),
    ):
        assert held
        assert list(held) == [event for event in told if isinstance(event, kind)]


def test_garbage_collections_do_not_look_at_steps(run: RunModel) -> None:
    feed(run, [restart(None)])
    gc.collect()
    before = len(gc.get_objects())
    feed(run, metrics(1, 2000, 2.0))
    gc.collect()
    assert len(gc.get_objects()) < before + 200
