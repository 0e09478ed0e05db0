"""Above the score table: how the systems differ, what is awaited, what failed, what is at work."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.models.activities import Activity
from app.pages.compare.engine_jobs import EngineJobs
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import Kind
from app.qt.boxes import vbox
from app.theme import SPACE_XS, Theme
from app.widgets.activity_button import ActivityRow
from app.widgets.info_bar import InfoBar, Tone


class CompareMessages(QWidget):
    """Three bars, each hidden while it has nothing to say."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._systems = model, model.systems
        self.guard = InfoBar(theme)
        self.waiting = InfoBar(theme, closable=False)
        self.failed = InfoBar(theme)
        self._guarded = ""
        self._told = ""
        vbox(*(self.failed, self.waiting, self.guard), parent=self, spacing=SPACE_XS)
        self.failed.dismissed.connect(self._forget)
        model.comparison_changed.connect(self._show_guard)
        model.systems.entries_changed.connect(self._show_states)
        model.systems.loaded_changed.connect(self._show_states)
        self._show_guard()
        self._show_states()

    def _show_guard(self) -> None:
        """A message that was closed stays closed until it says something else."""
        found = self._model.comparability_notes
        text = "\n".join(remark.text for remark in found)
        if text == self._guarded:
            return
        self._guarded = text
        if not text:
            self.guard.hide()
            return
        warned = any(remark.is_warning for remark in found)
        self.guard.show_message(Tone.WARNING if warned else Tone.INFO, text)

    def _show_states(self) -> None:
        self._show_waiting()
        problems = self._systems.problems
        text = "\n".join(problems.values())
        if text == self._told:
            return
        self._told = text
        if not text:
            self.failed.hide()
            return
        self.failed.show_message(Tone.BAD, text)
        again = [e for e in self._systems.entries if e.key in problems and e.kind is Kind.BARE]
        if again:
            self.failed.add_button("Decode again", lambda: self._systems.decode(again[0].key))

    def _show_waiting(self) -> None:
        """Chosen systems that have no column yet, and why."""
        parts, undecoded = [], ""
        for entry in self._systems.waiting:
            doing = self._systems.doing(entry.key)
            if entry.key in self._systems.problems:
                continue
            if doing:
                parts.append(f"{entry.name}: {doing}…")
            elif entry.kind is Kind.BARE and not entry.ready:
                parts.append(f"{entry.name}: the test inputs are not decoded")
                undecoded = undecoded or entry.key
            elif not entry.ready:
                parts.append(f"{entry.name}: {entry.note}; its column appears with its outputs")
        if not parts:
            self.waiting.hide()
            return
        text = " · ".join(parts)
        if text != self.waiting.label.text() or not self.waiting.isVisibleTo(self):
            self.waiting.show_message(Tone.INFO, text)
            if undecoded:
                self.waiting.add_button("Decode", lambda: self._systems.decode(undecoded))

    def _forget(self) -> None:
        for key in list(self._systems.problems):
            self._systems.forget_problem(key)


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
