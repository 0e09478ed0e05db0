"""The engine's work for Compare on the page itself: how far each is, and Cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.models.activities import Activity
from app.pages.compare.engine_jobs import EngineJobs
from app.theme import SPACE_XS, Theme
from app.widgets.activity_button import ActivityRow


class JobRows(QWidget):
    """A row for each job under way; out of sight while there is none."""

    def __init__(self, jobs: EngineJobs, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: dict[Activity, ActivityRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACE_XS)
        jobs.began.connect(self._add)
        self.hide()

    def rows(self) -> list[ActivityRow]:
        """The rows, oldest first."""
        return list(self._rows.values())

    def _add(self, activity: Activity) -> None:
        row = self._rows[activity] = ActivityRow(self._theme, activity, self)
        row.cancel.setText("Cancel")
        row.cancel.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._layout.addWidget(row)
        activity.ended.connect(lambda: self._remove(activity))
        self.show()

    def _remove(self, activity: Activity) -> None:
        row = self._rows.pop(activity)
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.setVisible(bool(self._rows))
