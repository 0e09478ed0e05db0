"""The line above the panes: which run is looked at, how it is, and a way on where it failed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.models.run import RunModel
from app.pages.runs.form.draft import apply_remedy, draft_of
from app.pages.runs.form.model import FormModel
from app.pages.runs.run.view import RunsView
from app.pages.runs.run_actions import RunActions
from app.qt.boxes import hbox, vbox
from app.qt.timers import single_shot
from app.run_text import status_line, verdict
from app.theme import SPACE_S, SPACE_XS, Theme, scaled_font
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import ElidedLabel
from app.widgets.swatch import Swatch
from engine.contract.errors import Remedy, WorkbenchError
from engine.contract.runs.events import Blame, RunState

REFRESH_MS = 200

_TONES = {
    RunState.CANCELLED: Tone.INFO,
    RunState.INTERRUPTED: Tone.WARNING,
    RunState.FAILED: Tone.BAD,
}


class RunHeader(QWidget):
    """Name and status of the current run; a bar with what went wrong and what can be done."""

    def __init__(self, view: RunsView, form: FormModel, actions: RunActions, theme: Theme) -> None:
        super().__init__()
        self._view, self._form, self._actions = view, form, actions
        self._run: RunModel | None = None
        self._told: tuple[object, ...] = ()
        self._swatch: Swatch | None = None
        self.name, self.status = ElidedLabel(), ElidedLabel()
        self.bar = InfoBar(theme)
        self._line = hbox(
            (self.name, 2), (self.status, 3), margins=(SPACE_S, 0, SPACE_S, 0), spacing=SPACE_S
        )
        vbox(
            self._line, self.bar, parent=self, margins=(0, SPACE_XS, 0, SPACE_XS), spacing=SPACE_XS
        )
        self._timer = single_shot(self, REFRESH_MS, self._tell)
        view.current_changed.connect(self._follow_run)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._follow_run()

    def _restyle(self) -> None:
        self.name.setFont(scaled_font(100, bold=True))

    def _follow_run(self) -> None:
        if self._run is not None:
            self._run.status_changed.disconnect(self._soon)
            self._run.meta_changed.disconnect(self._soon)
        self._run, self._told = self._view.current, ()
        if self._run is not None:
            self._run.status_changed.connect(self._soon)
            self._run.meta_changed.connect(self._soon)
            self._show_swatch(self._run)
        self._tell()

    def _soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        run = self._run
        self.setVisible(run is not None)
        if run is None:
            return
        self.name.set_full_text(run.meta.name)
        self.status.set_full_text(status_line(run))
        told = (run.run_id, run.status.state, verdict(run), run.failed)
        if told != self._told:
            self._told = told
            self._show_verdict(run)

    def _show_swatch(self, run: RunModel) -> None:
        if self._swatch is not None:
            self._line.removeWidget(self._swatch)
            self._swatch.hide()
            self._swatch.deleteLater()
        self._swatch = Swatch(self._view.look(run.run_id), self)
        self._line.insertWidget(0, self._swatch)

    def _show_verdict(self, run: RunModel) -> None:
        state, text = run.status.state, verdict(run)
        if not text or state not in _TONES:
            self.bar.hide()
            return
        self.bar.show_message(_TONES[state], text)
        if state is RunState.FAILED and run.failed is not None:
            for remedy in run.failed.remedies:
                self.bar.add_button(remedy.label, self._remedy(run, remedy))
            if run.failed.blame is Blame.ENGINE and run.failed.traceback:
                self.bar.add_button("Copy details", self._copy(run))
        if state in (RunState.CANCELLED, RunState.INTERRUPTED, RunState.FAILED):
            self.bar.add_button("Resume", lambda: self._actions.resume_run(run))

    def _remedy(self, run: RunModel, remedy: Remedy) -> Callable[[], None]:
        """Fill the form with the run's settings and the change that would have avoided this."""

        def apply() -> None:
            try:
                draft = apply_remedy(draft_of(run.spec), remedy.changes)
            except (WorkbenchError, ValueError) as error:
                self._actions.refused.emit(f"“{remedy.label}” cannot be applied: {error}")
                return
            self._form.replace(f"Take “{remedy.label}”", draft)
            self._actions.duplicated.emit()

        return apply

    def _copy(self, run: RunModel) -> Callable[[], None]:
        def copy() -> None:
            if run.failed is not None:
                text = f"{run.failed.message}\n\n{run.failed.traceback}"
                QGuiApplication.clipboard().setText(text)

        return copy
