"""The run table: one row a run, in step with the runs as they go on."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.run.view import RunsView
from app.pages.runs.table.cells import RunColumn, SetMeta, run_columns
from app.qt.table_model import TableModel
from app.qt.timers import single_shot

REFRESH_MS = 200


class RunTableModel(TableModel[RunModel]):
    """Rows in the order in which runs were made; a proxy sorts.

    Rows that change often are repainted five times a second at most.
    """

    def __init__(
        self, context: AppContext, view: RunsView, set_meta: SetMeta, parent: QObject | None = None
    ) -> None:
        runs, studies = context.runs, context.studies
        columns = run_columns(view, studies, context.theme, set_meta)
        super().__init__(columns, runs.all(), parent=parent, key=lambda run: run.run_id)
        self._stale: set[str] = set()
        self._timer = single_shot(self, REFRESH_MS, self._repaint_stale)
        runs.added.connect(self._on_added)
        runs.removed.connect(self._on_removed)
        runs.changed.connect(self._on_run_changed)
        view.shown_changed.connect(lambda: self.touch(column=RunColumn.SHOWN))
        studies.changed.connect(lambda: self.touch(column=RunColumn.STUDY))

    def _on_added(self, run: RunModel) -> None:
        self.append([run])

    def _on_removed(self, run: RunModel) -> None:
        self.remove(self.row_where(run.run_id))

    def _on_run_changed(self, run: RunModel) -> None:
        self._stale.add(run.run_id)
        if not self._timer.isActive():
            self._timer.start()

    def _repaint_stale(self) -> None:
        stale, self._stale = self._stale, set()
        for row in range(self.rowCount()):
            if self.rows[row].run_id in stale:
                self.touch(row)
