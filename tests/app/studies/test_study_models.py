"""What the page shows of a study, without a window: counts, figure, tables, states."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from app.models.runs import RunsModel
from app.models.study_tally import StudyTally, tally, unfinished
from app.pages.studies.results.tables import EMPTY, differences_table, means_table, notes
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.runs.events import RunState
from engine.contract.runs.scores import Absent, Score
from engine.contract.studies.figure import panels_of
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.recipes import StudyKind
from engine.contract.studies.results import (
    ALL,
    SEEN,
    Mean,
    PartScore,
    StudyResults,
    Summary,
    mean_text,
)
from engine.contract.studies.study import StudySpec
from tests.helpers.fake_ports import FakeRunner, read_status_as_written
from tests.helpers.projects import make_project
from tests.helpers.studies import collect_without_drawing, make_study

STATES = (
    RunState.FINISHED,
    RunState.RUNNING,
    RunState.QUEUED,
    RunState.FAILED,
    RunState.CANCELLED,
    RunState.INTERRUPTED,
    None,
    RunState.FINISHED,
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def opened(study: StudySpec, project: Path) -> RunsModel:
    """The study's runs as the window has them."""
    runs = RunsModel(FakeRunner(replay=False))
    for run in study.runs:
        path = project / "runs" / run.spec.run_id
        if path.exists():
            model = runs.add(path)
            assert model is not None
            model.set_status(read_status_as_written(path))
    return runs


def results_of(study: StudySpec, project: Path) -> StudyResults:
    return collect_without_drawing(CollectStudy(str(project), study.study_id))


def test_runs_are_counted_by_state(qapp: object, place: Path) -> None:
    study = make_study(place, StudyKind.METHODS, seeds=(0, 1, 2, 3), states=lambda n: STATES[n])
    count = tally(study, opened(study, place))
    assert count == StudyTally(8, finished=2, running=1, waiting=1, failed=1, stopped=2, missing=1)
    assert count.headline == "2 of 8 finished"
    words = [state.text for state in unfinished(count)]
    assert words == ["1 running", "1 failed", "1 waiting", "2 stopped", "1 not made"]
    assert len({state.icon for state in unfinished(count)}) == 5
    assert unfinished(StudyTally(2, 2, 0, 0, 0, 0, 0)) == ()


def test_sizes_stand_at_their_logarithms_and_every_run_is_a_dot(place: Path) -> None:
    study = make_study(place, StudyKind.LOW_DATA)
    results = results_of(study, place)
    bleu, chrf = panels_of(study, results)
    assert (bleu.title, chrf.title) == ("BLEU", "chrF")
    assert bleu.axis == "training rows"
    assert bleu.ticks == tuple((math.log10(n), str(n)) for n in (50, 100, 200, 500))
    assert [one.name for one in bleu.series] == ["prefix 10, MLP 512", "full fine-tuning"]
    prefix, tuned = bleu.series
    assert len(prefix.dot_y) == 8
    assert prefix.labels == ("50", "100", "200", "500")
    # Series stand a little apart, so that their intervals do not cover one another.
    gaps = [one - other for one, other in zip(tuned.x, prefix.x, strict=True)]
    assert gaps == pytest.approx([0.012] * 4)
    labels = StudyLabels(study)
    (mean,) = [
        one.mean
        for one in results.summaries
        if (labels.texts(one.key), one.metric) == (("full fine-tuning", "100"), "bleu")
    ]
    assert (tuned.mean[1], tuned.low[1], tuned.high[1]) == (mean.value, mean.low, mean.high)


def test_categories_stand_side_by_side(place: Path) -> None:
    study = make_study(place, StudyKind.PARAMETRISATION, seeds=(0,))
    bleu = panels_of(study, results_of(study, place))[0]
    assert [text for _, text in bleu.ticks] == ["MLP 512", "deep MLP 512", "direct"]
    assert [tick for tick, _ in bleu.ticks] == [0.0, 1.0, 2.0]
    assert not bleu.joined
    assert list(StudyLabels(study).series.values()) == ["from real words", "at random"]
    words, random = bleu.series
    assert words.x == (-0.125, 0.875, 1.875)
    assert random.x == (0.125, 1.125, 2.125)


def test_the_axis_has_a_place_for_what_is_not_finished(place: Path) -> None:
    first = lambda n: RunState.FINISHED if n == 0 else None  # noqa: E731
    study = make_study(place, StudyKind.LENGTH, states=first)
    (bleu, _) = panels_of(study, results_of(study, place))
    assert [text for _, text in bleu.ticks] == ["1", "5", "10", "20", "40"]
    assert [one.labels for one in bleu.series] == [("1",)]
    none = make_study(place, StudyKind.METHODS, states=lambda n: None)
    assert panels_of(none, results_of(none, place)) == ()


def test_errors_are_better_when_they_are_fewer_and_parts_are_named(place: Path) -> None:
    study = make_study(place, StudyKind.METHODS, seeds=(0,))
    mean = Mean(1, 40.0, None, None, None)
    summary = Summary(study.key(study.runs[0]), SEEN, "ter", mean)
    panel = panels_of(study, StudyResults("methods", (), (summary,)))[0]
    assert panel.title == "TER, seen categories, lower is better"
    assert panel.series[0].low == panel.series[0].high == (40.0,)


def test_means_are_said_with_spread_and_interval(place: Path) -> None:
    study = make_study(place, StudyKind.LOW_DATA)
    results = results_of(study, place)
    table = means_table(study, results)
    assert table.header == (
        *("Method", "Training rows", "BLEU", "chrF"),
        *("Runs", "Trained", "Size", "Time"),
    )
    assert table.names == 2
    assert len(table.rows) == 8
    first = table.rows[0]
    assert first[:2] == ("prefix 10, MLP 512", "50")
    assert first[2] == mean_text(results.summaries[0].mean)
    assert first[4:] == ("2", "4,900,000", "461 kB", "48 s")


def test_names_of_the_columns_fit_the_study(place: Path) -> None:
    kinds = {
        StudyKind.INITIALISATION: ("Initialisation",),
        StudyKind.PARAMETRISATION: ("Initialisation", "Parametrisation"),
        StudyKind.METHODS: ("Method",),
        StudyKind.PLACEMENT: ("Method", "Trained vectors"),
    }
    for kind, names in kinds.items():
        study = make_study(place, kind, seeds=(0,))
        table = means_table(study, results_of(study, place))
        assert table.header[: table.names] == names


@pytest.mark.parametrize(
    ("mean", "signed", "text"),
    [
        (Mean(3, 63.42, 0.61, 61.9, 64.9), False, "63.4 ± 0.6 [61.9, 64.9]"),
        (Mean(1, 7.824, None, 7.5, 8.1), False, "7.82 [7.50, 8.10]"),
        (Mean(2, 1.04, 0.5, -3.46, 5.54), True, "+1.0 ± 0.5 [-3.5, +5.5]"),
        (Mean(1, -0.04, None, None, None), True, "+0.0"),
    ],
)
def test_means_in_words(mean: Mean, signed: bool, text: str) -> None:
    assert mean_text(mean, signed=signed) == text


def test_differences_are_taken_run_by_run(place: Path) -> None:
    study = make_study(place, StudyKind.METHODS)
    results = results_of(study, place)
    table = differences_table(study, results)
    assert table.header == ("Difference", "BLEU", "chrF", "Pairs")
    (row,) = table.rows
    assert row[0] == "prefix 10, MLP 512 minus full fine-tuning"
    assert row[1] == mean_text(results.differences[0].mean, signed=True)
    assert row[3] == "2"
    assert differences_table(study, StudyResults("x", ())) == EMPTY


def test_notes_say_what_numbers_mean_and_what_is_absent(place: Path) -> None:
    study = make_study(place, StudyKind.METHODS, seeds=(0,))
    results = results_of(study, place)
    assert notes(results) == (
        "Single runs: in brackets the 95 % bootstrap interval over the held-out inputs."
    )
    absent = PartScore(ALL, Absent("meteor", "Java is missing: install it."))
    lacking = replace(results, runs=(replace(results.runs[0], scores=(absent,)),))
    assert notes(lacking).endswith("No METEOR: Java is missing: install it.")
    several = results_of(make_study(place, StudyKind.LENGTH), place)
    assert notes(several).startswith("Mean ± standard deviation over runs;")


def test_scores_of_the_desk_are_scores(place: Path) -> None:
    """What the made-up runs hold is what the engine reads."""
    study = make_study(place, StudyKind.METHODS, seeds=(0,))
    scores = [one.score for run in results_of(study, place).runs for one in run.scores]
    assert all(isinstance(score, Score) for score in scores)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (StudyKind.LOW_DATA, "prefix 10, MLP 512 · 50 training rows"),
        (StudyKind.LENGTH, "prefix, MLP 512 · prefix length 1"),
        (StudyKind.METHODS, "prefix 10, MLP 512"),
        (StudyKind.INITIALISATION, "at random"),
    ],
)
def test_places_in_words(place: Path, kind: StudyKind, text: str) -> None:
    study = make_study(place, kind, states=lambda n: None)
    assert StudyLabels(study).run(study.runs[0]) == text
