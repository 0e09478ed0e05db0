"""Above the score table: how the systems differ, what is missing, what failed, which jobs run."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.models.activities import Activity
from app.pages.compare.comparability import comparability_notes
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.engine_jobs import EngineJobs
from app.pages.compare.systems.systems import Kind, SystemEntry
from app.qt.boxes import vbox
from app.theme import SPACE_XS, Theme
from app.widgets.activity_button import ActivityRow
from app.widgets.info_bar import InfoBar, Tone


class CompareMessages(QWidget):
    """Three bars, each hidden while it has nothing to say.

    One that was closed stays closed until it says something else.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._systems = model, model.systems
        self.differing = InfoBar(theme)
        self.waiting = InfoBar(theme, closable=False)
        self.failed = InfoBar(theme)
        self._said: dict[InfoBar, str] = {}
        vbox(self.failed, self.waiting, self.differing, parent=self, spacing=SPACE_XS)
        self.failed.dismissed.connect(self._systems.forget_problems)
        model.comparison_changed.connect(self._show_notes)
        model.systems.entries_changed.connect(self._show_states)
        model.systems.loaded_changed.connect(self._show_states)
        self._show_notes()
        self._show_states()

    def _say(self, bar: InfoBar, tone: Tone, text: str) -> bool:
        """Show a text in its bar, or nothing; whether there is a new one."""
        if text == self._said.get(bar, ""):
            return False
        self._said[bar] = text
        if text:
            bar.show_message(tone, text)
        else:
            bar.hide()
        return bool(text)

    def _show_notes(self) -> None:
        notes = comparability_notes(self._model.comparison)
        tone = Tone.WARNING if any(note.is_warning for note in notes) else Tone.INFO
        self._say(self.differing, tone, "\n".join(note.text for note in notes))

    def _show_states(self) -> None:
        systems, problems = self._systems, self._systems.problems
        if self._say(self.failed, Tone.BAD, "\n".join(problems.values())):
            again = [e.key for e in systems.entries if e.key in problems and e.kind is Kind.BARE]
            if again:
                self.failed.add_button("Decode again", lambda: systems.decode(again[0]))
        waiting = [entry for entry in systems.waiting if entry.key not in problems]
        text = " · ".join(filter(None, map(self._awaited, waiting)))
        if self._say(self.waiting, Tone.INFO, text):
            undecoded = [entry.key for entry in waiting if self._is_undecoded(entry)]
            if undecoded:
                self.waiting.add_button("Decode", lambda: systems.decode(undecoded[0]))

    def _is_undecoded(self, entry: SystemEntry) -> bool:
        return entry.kind is Kind.BARE and not entry.ready and not self._systems.doing(entry.key)

    def _awaited(self, entry: SystemEntry) -> str:
        """Why a chosen system has no column yet."""
        if doing := self._systems.doing(entry.key):
            return f"{entry.name}: {doing}…"
        if self._is_undecoded(entry):
            return f"{entry.name}: the test inputs are not decoded"
        if entry.ready:
            return ""
        return f"{entry.name}: {entry.note}; its column appears with its outputs"


class JobRows(QWidget):
    """A row for each job that runs; hidden while there is none."""

    def __init__(self, jobs: EngineJobs, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[ActivityRow] = []
        self._layout = vbox(parent=self, spacing=SPACE_XS)
        jobs.began.connect(self._add)
        self.hide()

    def _add(self, activity: Activity) -> None:
        row = ActivityRow(self._theme, activity, self)
        row.cancel.setText("Cancel")
        row.cancel.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.rows.append(row)
        self._layout.addWidget(row)
        activity.ended.connect(lambda: self._remove(row))
        self.show()

    def _remove(self, row: ActivityRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        self.setVisible(bool(self.rows))
