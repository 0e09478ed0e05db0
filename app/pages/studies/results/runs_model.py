"""The runs of a study as a table: what each varies, its state and scores."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.assets import icon
from app.models.run import RunModel
from app.models.run_numbers import work_s
from app.models.runs import RunsModel
from app.run_text import STATES, at_work, state_word, time_left, verdict
from app.theme import Theme
from app.words import duration, metric_value
from engine.contract.metrics import metric_title
from engine.contract.runs.events import RunState
from engine.contract.runs.scores import Score
from engine.contract.studies.labels import StudyLabels, run_name
from engine.contract.studies.results import ALL, RunResult, StudyResults
from engine.contract.studies.study import StudyRun, StudySpec

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
SORT_ROLE = Role.UserRole + 1
MISSING, WAITING = "not made", "waiting"
POINT, SEED, SAMPLE, STATE = range(4)
_BEFORE_SCORES, _AFTER_SCORES = 4, 1


@dataclass(frozen=True)
class _Line:
    run: StudyRun
    model: RunModel | None
    result: RunResult | None


class StudyRunsModel(QAbstractTableModel):
    """One row a run, in the order in which they are trained."""

    def __init__(self, runs: RunsModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs, self._theme = runs, theme
        self._study: StudySpec | None = None
        self._labels: StudyLabels | None = None
        self._results: dict[str, RunResult] = {}

    def show_study(self, study: StudySpec | None, results: StudyResults | None) -> None:
        """Show this study."""
        self.beginResetModel()
        self._study = study
        self._labels = StudyLabels(study) if study is not None else None
        self._take(results)
        self.endResetModel()

    def take_results(self, results: StudyResults | None) -> None:
        """Take new scores of the study that is shown."""
        self._take(results)
        self.touch()

    def touch(self) -> None:
        """The runs have other states."""
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def run_id(self, row: int) -> str:
        """The run of a row."""
        return self._line(row).run.spec.run_id

    @property
    def has_samples(self) -> bool:
        """Whether rows were drawn otherwise than by the seed."""
        runs = self._study.runs if self._study is not None else ()
        return any(
            run.spec.data.split.max_train_rows is not None
            and _sample(run) != run.spec.training.seed
            for run in runs
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Runs."""
        return 0 if parent.isValid() or self._study is None else len(self._study.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Point, seed, sample, state, a column a metric, notes."""
        if parent.isValid():
            return 0
        return _BEFORE_SCORES + len(self._metrics) + _AFTER_SCORES

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> object:
        """Titles."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Role.TextAlignmentRole:
            return _RIGHT if self._is_number(section) else None
        if role != Role.DisplayRole:
            return None
        titles = ("Run", "Seed", "Rows drawn with", "State", *map(metric_title, self._metrics))
        return (*titles, "Notes")[section]

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """A cell."""
        if not index.isValid() or self._study is None:
            return None
        line, column = self._line(index.row()), index.column()
        if role == Role.DisplayRole:
            return self._text(line, column)
        if role == SORT_ROLE:
            return self._key(line, column, index.row())
        if role == Role.TextAlignmentRole:
            return _RIGHT if self._is_number(column) else None
        if role == Role.DecorationRole and column == STATE and line.model is not None:
            state = STATES[line.model.status.state]
            return icon(state.picture, getattr(self._theme.colors, state.tone))
        if role == Role.ToolTipRole:
            return self._tip(line, column)
        if role == Role.AccessibleTextRole:
            title = self.headerData(column, Qt.Orientation.Horizontal)
            return f"{title}: {self._text(line, column)}"
        return None

    @property
    def _metrics(self) -> tuple[str, ...]:
        return self._study.metrics if self._study is not None else ()

    def _take(self, results: StudyResults | None) -> None:
        self._results = {} if results is None else {run.run_id: run for run in results.runs}

    def _line(self, row: int) -> _Line:
        assert self._study is not None
        run = self._study.runs[row]
        run_id = run.spec.run_id
        return _Line(run, self._runs.get(run_id), self._results.get(run_id))

    def _is_number(self, column: int) -> bool:
        scores = range(_BEFORE_SCORES, _BEFORE_SCORES + len(self._metrics))
        return column in (SEED, SAMPLE) or column in scores

    def _text(self, line: _Line, column: int) -> str:
        assert self._labels is not None
        if column == POINT:
            return self._labels.run(line.run)
        if column == SEED:
            return str(line.run.spec.training.seed)
        if column == SAMPLE:
            return str(_sample(line.run))
        if column == STATE:
            return _state_word(line.model)
        if column < _BEFORE_SCORES + len(self._metrics):
            score = self._score(line, column)
            return "" if score is None else metric_value(score.metric, score.value)
        return _note(line)

    def _key(self, line: _Line, column: int, row: int) -> object:
        if column == POINT:
            return row
        if self._is_number(column):
            score = None if column in (SEED, SAMPLE) else self._score(line, column)
            if column not in (SEED, SAMPLE):
                return float("-inf") if score is None else score.value
            return int(self._text(line, column))
        return self._text(line, column).casefold()

    def _score(self, line: _Line, column: int) -> Score | None:
        """The run's own score, or the study's."""
        metric = self._metrics[column - _BEFORE_SCORES]
        outputs = line.model.outputs.get("test") if line.model is not None else None
        own = outputs.scores if outputs is not None else ()
        result = line.result.scores if line.result is not None else ()
        scores = (*own, *(item.score for item in result if item.part == ALL))
        return next(
            (score for score in scores if isinstance(score, Score) and score.metric == metric), None
        )

    def _tip(self, line: _Line, column: int) -> str | None:
        assert self._study is not None
        if column == POINT:
            return run_name(self._study.kind, line.run)
        if column in (SEED, SAMPLE, STATE):
            return None
        if column < _BEFORE_SCORES + len(self._metrics):
            score = self._score(line, column)
            if score is None:
                return None
            interval = "" if score.low is None else f" [{score.low:.1f}, {score.high:.1f}]"
            return f"{score.value:.2f}{interval}\n{score.signature}"
        return _note(line) or None


def _state_word(model: RunModel | None) -> str:
    """As the list of studies says it: a run that is queued waits."""
    if model is None:
        return MISSING
    return WAITING if model.status.state is RunState.QUEUED else state_word(model)


def _sample(run: StudyRun) -> int:
    """The seed that its training rows are chosen with."""
    split = run.spec.data.split
    return split.seed if split.sample_seed is None else split.sample_seed


def _note(line: _Line) -> str:
    """What is worth saying: why it failed, how far it is, how long it took."""
    model = line.model
    if model is None:
        return "Continue trains it again."
    state = model.status.state
    if state in (RunState.FAILED, RunState.INTERRUPTED):
        return verdict(model)
    if state.is_active and model.status.total_steps:
        return ", ".join(filter(None, (at_work(model), time_left(model))))
    seconds = work_s(model) if state is RunState.FINISHED else None
    return "" if seconds is None else duration(seconds)
