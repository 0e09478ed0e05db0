"""The line above the panes: the current run, how it is, and a way on where it failed."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.models.run import RunModel, RunPart
from app.pages.runs.form.draft import apply_remedy, draft_of
from app.pages.runs.form.model import FormModel
from app.pages.runs.run.view import RunsView
from app.pages.runs.run_actions import RunActions
from app.qt.boxes import hbox, vbox
from app.qt.timers import single_shot
from app.run_text import status_line, verdict
from app.theme import SPACE_S, SPACE_XS, Theme, scaled_font
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import ElidedLabel, Label
from app.widgets.swatch import swatch_pixmap
from engine.contract.errors import Remedy, WorkbenchError
from engine.contract.runs.events import Blame, RunState

REFRESH_MS = 200

_TONES = {
    RunState.CANCELLED: Tone.INFO,
    RunState.INTERRUPTED: Tone.WARNING,
    RunState.FAILED: Tone.BAD,
}
"""Of runs that ended before their end and can be resumed."""


class RunHeader(QWidget):
    """Name and status of the current run; a bar with what went wrong and what can be done."""

    def __init__(self, view: RunsView, form: FormModel, actions: RunActions, theme: Theme) -> None:
        super().__init__()
        self._view, self._form, self._actions = view, form, actions
        self._shown: tuple[object, ...] = ()
        self._swatch = Label()
        self.name, self.status = ElidedLabel(), ElidedLabel()
        self.name.setFont(scaled_font(100, bold=True))
        self.bar = InfoBar(theme)
        line = hbox(
            self._swatch,
            (self.name, 2),
            (self.status, 3),
            margins=(SPACE_S, 0, SPACE_S, 0),
            spacing=SPACE_S,
        )
        vbox(line, self.bar, parent=self, margins=(0, SPACE_XS, 0, SPACE_XS), spacing=SPACE_XS)
        self._timer = single_shot(self, REFRESH_MS, self._update)
        view.current_changed.connect(self._update)
        view.updated.connect(self._on_updated)
        self._update()

    def _on_updated(self, part: RunPart) -> None:
        if part in (RunPart.STATUS, RunPart.META) and not self._timer.isActive():
            self._timer.start()

    def _update(self) -> None:
        run = self._view.current
        self.setVisible(run is not None)
        if run is None:
            return
        self._swatch.setPixmap(swatch_pixmap(self._view.style(run.run_id)))
        self.name.set_full_text(run.meta.name)
        self.status.set_full_text(status_line(run))
        shown = (run.run_id, run.status.state, verdict(run), run.failed)
        if shown != self._shown:
            self._shown = shown
            self._show_verdict(run)

    def _show_verdict(self, run: RunModel) -> None:
        state, text = run.status.state, verdict(run)
        if not text or state not in _TONES:
            self.bar.hide()
            return
        self.bar.show_message(_TONES[state], text)
        failed = run.failed
        if state is RunState.FAILED and failed is not None:
            for remedy in failed.remedies:
                self.bar.add_button(remedy.label, partial(self._apply_remedy, run, remedy))
            if failed.blame is Blame.ENGINE and failed.traceback:
                details = f"{failed.message}\n\n{failed.traceback}"
                copy = partial(QGuiApplication.clipboard().setText, details)
                self.bar.add_button("Copy details", copy)
        self.bar.add_button("Resume", partial(self._actions.resume_run, run))

    def _apply_remedy(self, run: RunModel, remedy: Remedy) -> None:
        """Fill the form with the run's settings and the change that would have avoided this."""
        try:
            draft = apply_remedy(draft_of(run.spec), remedy.changes)
        except WorkbenchError as error:
            self._actions.refused.emit(f"“{remedy.label}” cannot be applied: {error}")
            return
        self._form.replace(f"Take “{remedy.label}”", draft)
        self._actions.duplicated.emit()
