"""The runs of a study as a table: what each varies, its state and scores."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon

from app.models.run import RunModel
from app.models.run_numbers import work_s
from app.models.runs import RunsModel
from app.qt.table_model import RIGHT, TableColumn, TableModel
from app.run_text import at_work, state_icon, state_word, time_left, verdict
from app.score_column import score_column
from app.theme import Theme
from app.words import duration, metric_value
from engine.contract.metrics import metric_title
from engine.contract.runs.events import RunState
from engine.contract.runs.scores import Absent, Score
from engine.contract.studies.labels import StudyLabels, run_name
from engine.contract.studies.results import ALL, RunResult, StudyResults
from engine.contract.studies.study import StudyRun, StudySpec

SAMPLE, STATE = 2, 3


class StudyRunsModel(TableModel[StudyRun]):
    """One row a run, in the order in which they are trained."""

    def __init__(self, runs: RunsModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent=parent)
        self._runs, self._theme = runs, theme
        self._results: dict[str, RunResult] = {}

    def show_study(self, study: StudySpec, results: StudyResults | None) -> None:
        """Show this study."""
        self.set_results(results)
        self.show_table(self._study_columns(study), study.runs)

    def set_results(self, results: StudyResults | None) -> None:
        """Show these scores of the study that is shown."""
        self._results = {result.run_id: result for result in results.runs} if results else {}
        self.touch()

    def _study_columns(self, study: StudySpec) -> list[TableColumn[StudyRun]]:
        labels = StudyLabels(study)
        order = {run.spec.run_id: row for row, run in enumerate(study.runs)}
        column = partial(TableColumn[StudyRun], says_title=True)
        return [
            column(
                "Run",
                labels.run,
                tip=lambda run: run_name(study.kind, run),
                sort_key=lambda run: order[run.spec.run_id],
            ),
            column("Seed", lambda run: str(_seed(run)), sort_key=_seed, align=RIGHT),
            column("Rows drawn with", lambda run: str(_sample(run)), sort_key=_sample, align=RIGHT),
            column("State", lambda run: _state_word(self._run(run)), icon=self._state_icon),
            *(
                score_column(
                    metric_title(metric),
                    partial(self._score, metric=metric),
                    partial(metric_value, metric),
                )
                for metric in study.metrics
            ),
            column("Notes", self._note, tip=lambda run: self._note(run) or None),
        ]

    def _run(self, run: StudyRun) -> RunModel | None:
        return self._runs.get(run.spec.run_id)

    def _score(self, run: StudyRun, metric: str) -> Score | None:
        """What the run computed itself, or what was computed for the study."""
        model, result = self._run(run), self._results.get(run.spec.run_id)
        outputs = model.outputs.get("test") if model is not None else None
        scores: list[Score | Absent] = [*outputs.scores] if outputs is not None else []
        scores += [part.score for part in result.scores if part.part == ALL] if result else []
        return next((s for s in scores if isinstance(s, Score) and s.metric == metric), None)

    def _state_icon(self, run: StudyRun) -> QIcon | None:
        model = self._run(run)
        return None if model is None else state_icon(model, self._theme)

    def _note(self, run: StudyRun) -> str:
        """What is worth saying: why it failed, how far it is, how long it took."""
        model = self._run(run)
        if model is None:
            return "Continue trains it again."
        state = model.status.state
        if state in (RunState.FAILED, RunState.INTERRUPTED):
            return verdict(model)
        if state.is_active and model.status.total_steps:
            return ", ".join(filter(None, (at_work(model), time_left(model))))
        seconds = work_s(model) if state is RunState.FINISHED else None
        return "" if seconds is None else duration(seconds)


def has_samples(study: StudySpec) -> bool:
    """Whether rows were drawn otherwise than by the seed."""
    return any(
        run.spec.data.split.chooses_rows and _sample(run) != _seed(run) for run in study.runs
    )


def _seed(run: StudyRun) -> int:
    return run.spec.training.seed


def _state_word(model: RunModel | None) -> str:
    """As the list of studies says it: a run that is queued waits."""
    if model is None:
        return "not made"
    return "waiting" if model.status.state is RunState.QUEUED else state_word(model)


def _sample(run: StudyRun) -> int:
    """The seed that its training rows are chosen with."""
    split = run.spec.data.split
    return split.seed if split.sample_seed is None else split.sample_seed
