"""What there is to know about a run: notes, notices, settings, versions, an error's traceback."""

from __future__ import annotations

import dataclasses
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPlainTextEdit, QScrollArea, QWidget

from app.models.run import RunModel, RunPart
from app.pages.runs.run.facts import facts
from app.pages.runs.run.view import RunsView
from app.pages.runs.run_actions import RunActions
from app.pages.runs.table.cells import split_tags
from app.qt.boxes import vbox
from app.qt.plain_text import markup
from app.qt.timers import single_shot
from app.theme import SPACE_S, Theme, fixed_font
from app.widgets.buttons import push_button
from app.widgets.labels import SectionHeader
from app.widgets.text_view import TextView
from engine.contract.runs.events import Level

NOTES_LINES, FACTS_LINES, TRACEBACK_LINES = 4, 16, 10
PAUSE_MS = 800


class NotesEdit(QPlainTextEdit):
    """A text that says when its user has paused or gone elsewhere.

    Signals:
        settled: there are edits to save.
    """

    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self._timer = single_shot(self, PAUSE_MS, self.settled)
        self.textChanged.connect(self._timer.start)

    def settle(self) -> None:
        """Report edits that wait for the pause."""
        if self._timer.isActive():
            self._timer.stop()
            self.settled.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Settle when the user leaves."""
        super().focusOutEvent(event)
        self.settle()


class DetailsPane(QScrollArea):
    """Everything about the current run that is no curve and no sample."""

    def __init__(self, view: RunsView, actions: RunActions, theme: Theme) -> None:
        super().__init__()
        self._view, self._actions, self._theme = view, actions, theme
        self._run: RunModel | None = None
        self._shown = ""
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.tags = QLineEdit()
        self.tags.setAccessibleName("Tags")
        self.tags.setPlaceholderText("separated by commas")
        self.tags.editingFinished.connect(
            lambda: self._set_meta("Change tags", tags=split_tags(self.tags.text()))
        )
        self.notes = NotesEdit()
        self.notes.setAccessibleName("Notes")
        self.notes.setPlaceholderText("Notes about this run")
        self.notes.settled.connect(
            lambda: self._set_meta("Change notes", notes=self.notes.toPlainText())
        )
        self.facts = TextView("Settings and results of the run")
        self.traceback = QPlainTextEdit()
        self.traceback.setReadOnly(True)
        self.traceback.setAccessibleName("Traceback of the error")
        self._error, self._body = QWidget(), QWidget()
        self._lay_out()
        view.current_changed.connect(self._show_current)
        view.updated.connect(self._on_updated)
        theme.changed.connect(self._update)
        self._show_current()

    def focus_notes(self) -> None:
        """Put the cursor into the notes."""
        self.ensureWidgetVisible(self.notes)
        self.notes.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what came while another tab was in front."""
        super().showEvent(event)
        self._update()

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        self.notes.setFixedHeight(line * NOTES_LINES + SPACE_S)
        self.traceback.setFont(fixed_font())
        self.traceback.setFixedHeight(line * TRACEBACK_LINES)
        self.facts.setMinimumHeight(line * FACTS_LINES)
        words = QFormLayout()
        words.addRow("Tags", self.tags)
        words.addRow("Notes", self.notes)
        copy = push_button("Copy traceback", self._copy_traceback, icon="copy")
        vbox(
            SectionHeader("Unexpected error"),
            self.traceback,
            (copy, 0, Qt.AlignmentFlag.AlignLeft),
            parent=self._error,
        )
        vbox(
            self._error, words, (self.facts, 1), parent=self._body, margins=SPACE_S, spacing=SPACE_S
        )
        self.setWidget(self._body)

    def _show_current(self) -> None:
        self.notes.settle()  # for the run that was current until now
        self._run = self._view.current
        self._update()

    def _on_updated(self, part: RunPart) -> None:
        if part not in (RunPart.METRICS, RunPart.EVALUATIONS):
            self._update()

    def _update(self) -> None:
        run = self._run
        self._body.setVisible(run is not None)
        if run is None:
            return
        with QSignalBlocker(self.tags), QSignalBlocker(self.notes):
            if not self.tags.hasFocus():
                self.tags.setText(", ".join(run.meta.tags))
            if not self.notes.hasFocus() and self.notes.toPlainText() != run.meta.notes:
                self.notes.setPlainText(run.meta.notes)
        if not self.isVisible():
            return
        traceback = run.failed.traceback if run.failed is not None else ""
        self._error.setVisible(bool(traceback))
        self.traceback.setPlainText(traceback)
        page = self._page(run)
        if page != self._shown:
            self._shown = page
            self.facts.setHtml(page)

    def _page(self, run: RunModel) -> str:
        muted = self._theme.colors.muted.name()
        lines = []
        for notice in run.notices:
            word = "Warning: " if notice.level is Level.WARNING else ""
            lines.append(f"<p>{word}{markup(notice.text)}</p>")
        for title, rows in facts(run):
            cells = "".join(
                f'<tr><td style="color:{muted}; padding-right:16px">{markup(label)}</td>'
                f"<td>{markup(value)}</td></tr>"
                for label, value in rows
            )
            lines.append(f"<p><b>{markup(title)}</b></p><table>{cells}</table>")
        return "".join(lines)

    def _set_meta(self, step: str, **changes: Any) -> None:
        if self._run is not None:
            meta = dataclasses.replace(self._run.meta, **changes)
            self._actions.set_meta(self._run, meta, step)

    def _copy_traceback(self) -> None:
        QGuiApplication.clipboard().setText(self.traceback.toPlainText())
