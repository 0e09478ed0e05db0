"""The run table: one row a run, in step with the runs as they go on."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.models.run import RunModel
from app.models.runs import RunsModel
from app.models.studies import StudyLibrary
from app.pages.runs.run.view import RunsView
from app.pages.runs.table import cells
from app.pages.runs.table.cells import NUMBERS, TITLES, RunColumn
from app.qt.idle_task import single_shot

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

REFRESH_MS = 200
SORT_ROLE = Role.UserRole + 1
RUN_ROLE = Role.UserRole + 2
"""The `RunModel` of a row, for delegates and actions."""

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunTableModel(QAbstractTableModel):
    """Rows in the order in which runs were made; a proxy sorts.

    What changes often is told five times a second at most.

    Signals:
        renamed, tagged: `RunModel`, its new `RunMeta`: asked for by an edit in the table.
    """

    renamed = Signal(object, object)
    tagged = Signal(object, object)

    def __init__(
        self,
        runs: RunsModel,
        studies: StudyLibrary,
        view: RunsView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view, self._studies = view, studies
        self._rows: list[RunModel] = []
        self._stale: set[str] = set()
        self._timer = single_shot(self, REFRESH_MS, self._tell_stale)
        for run in runs.all():
            self._on_added(run)
        runs.added.connect(self._on_added)
        runs.removed.connect(self._on_removed)
        view.shown_changed.connect(lambda: self._tell_column(RunColumn.SHOWN))
        studies.changed.connect(lambda: self._tell_column(RunColumn.STUDY))

    def run(self, row: int) -> RunModel:
        """The run of a row."""
        return self._rows[row]

    def tags(self, row: int) -> tuple[str, ...]:
        """The tags of a row's run."""
        return self._rows[row].meta.tags

    def studies(self, row: int) -> tuple[str, ...]:
        """The studies that a row's run is part of."""
        return self._studies.names_of(self._rows[row].run_id)

    def all_tags(self) -> list[str]:
        """All tags of the runs, by name."""
        return sorted({tag for run in self._rows for tag in run.meta.tags}, key=str.casefold)

    def row_of(self, run_id: str) -> int:
        """The row of a run, or -1."""
        ids = [run.run_id for run in self._rows]
        return ids.index(run_id) if run_id in ids else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Runs."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Columns."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> object:
        """Titles with what they mean."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return TITLES[section][0]
        if role == Role.ToolTipRole:
            return TITLES[section][1]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names and tags can be edited, plots be switched."""
        flags = super().flags(index)
        if index.column() == RunColumn.SHOWN:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        if index.column() in (RunColumn.NAME, RunColumn.TAGS):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """A cell."""
        if not index.isValid():
            return None
        run, column = self._rows[index.row()], RunColumn(index.column())
        if role == RUN_ROLE:
            return run
        if column is RunColumn.STUDY and role in (Role.DisplayRole, Role.ToolTipRole):
            return ", ".join(self.studies(index.row()))
        if role == Role.DisplayRole:
            return cells.text(run, column)
        if role == Role.EditRole:
            return cells.edited(run, column)
        if role == SORT_ROLE:
            return self._sort_key(run, column)
        if role == Role.ToolTipRole:
            return cells.tip(run, column)
        if role == Role.TextAlignmentRole:
            return int(_RIGHT) if column in NUMBERS else None
        if role == Role.CheckStateRole and column is RunColumn.SHOWN:
            return Qt.CheckState.Checked if self._is_shown(run) else Qt.CheckState.Unchecked
        if role == Role.AccessibleTextRole:
            return self._spoken(run, column)
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        """Rename, tag, or switch a run on the plots."""
        if not index.isValid():
            return False
        run = self._rows[index.row()]
        if role == Role.CheckStateRole and index.column() == RunColumn.SHOWN:
            shown = Qt.CheckState(value) is Qt.CheckState.Checked
            self._view.set_shown(run.run_id, shown)
            return True
        if role != Role.EditRole:
            return False
        return self._edit(run, RunColumn(index.column()), str(value).strip())

    def _edit(self, run: RunModel, column: RunColumn, text: str) -> bool:
        if column is RunColumn.NAME and text:
            self.renamed.emit(run, dataclasses.replace(run.meta, name=text))
        elif column is RunColumn.TAGS:
            self.tagged.emit(run, dataclasses.replace(run.meta, tags=split_tags(text)))
        else:
            return False
        return True

    def _is_shown(self, run: RunModel) -> bool:
        return self._view.is_shown(run.run_id)

    def _sort_key(self, run: RunModel, column: RunColumn) -> object:
        if column is RunColumn.SHOWN:
            return int(self._is_shown(run))
        if column is RunColumn.STUDY:
            return self._studies.names_of(run.run_id)
        return cells.sort_key(run, column)

    def _spoken(self, run: RunModel, column: RunColumn) -> str:
        if column is RunColumn.SHOWN:
            return "on the plots" if self._is_shown(run) else "not on the plots"
        if column is RunColumn.STUDY:
            return f"Study: {', '.join(self._studies.names_of(run.run_id))}"
        return f"{TITLES[column][0]}: {cells.text(run, column)}"

    def _on_added(self, run: RunModel) -> None:
        row = len(self._rows)
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows.append(run)
        self.endInsertRows()
        run_id = run.run_id
        for signal in (
            run.status_changed,
            run.meta_changed,
            run.metrics_changed,
            run.evaluated,
            run.outputs_changed,
        ):
            signal.connect(lambda run_id=run_id: self._touch(run_id))

    def _on_removed(self, run: RunModel) -> None:
        row = self.row_of(run.run_id)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._rows[row]
            self.endRemoveRows()

    def _touch(self, run_id: str) -> None:
        self._stale.add(run_id)
        if not self._timer.isActive():
            self._timer.start()

    def _tell_stale(self) -> None:
        stale, self._stale = self._stale, set()
        for row, run in enumerate(self._rows):
            if run.run_id in stale:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(TITLES) - 1))

    def _tell_column(self, column: RunColumn) -> None:
        if self._rows:
            last = self.index(len(self._rows) - 1, column)
            self.dataChanged.emit(self.index(0, column), last)


def split_tags(text: str) -> tuple[str, ...]:
    """Tags as they are typed, separated by commas; each once."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
