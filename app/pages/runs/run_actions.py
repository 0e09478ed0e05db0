"""What can be done with the selected runs: one list for buttons, menu and shortcuts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QUrl, Signal, SignalInstance
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.context import AppContext
from app.dialogs.settings_difference import show_differences
from app.models.run import RunModel
from app.pages.runs.form.draft import draft_of
from app.pages.runs.run.view import RunsView
from app.pages.runs.table.run_edits import change_meta, check_deletable, delete_runs, quoted
from engine.contract.errors import UserError
from engine.contract.methods.all import info_of
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunMeta

_RESUMABLE = {RunState.CANCELLED, RunState.INTERRUPTED, RunState.FAILED, RunState.QUEUED}
"""A queued run may be of before the project was opened, and wait to be asked for."""
_STOPPABLE = {RunState.STARTING, RunState.RUNNING, RunState.PAUSED}


class RunActions(QObject):
    """Actions on the selected runs, enabled where they make sense.

    Signals:
        refused: a sentence that says why something cannot be done.
        duplicated: the form was filled with a run's settings.
        annotate_asked, rename_asked, export_asked, baseline_asked: `RunModel`.
    """

    refused = Signal(str)
    duplicated = Signal()
    annotate_asked = Signal(object)
    rename_asked = Signal(object)
    export_asked = Signal(object)
    baseline_asked = Signal(object)

    def __init__(self, context: AppContext, view: RunsView, scope: QWidget) -> None:
        super().__init__(scope)
        self._context, self._view, self._scope = context, view, scope
        make = self._make
        self.stop_and_save = make(
            "stop_and_save", "Stop and &save", "stop", partial(self._end, _STOPPABLE, save=True),
            "Stop the run after this step and save a checkpoint to resume from; a waiting run is "
            "removed from the queue",
        )  # fmt: skip
        self.stop = make(
            "stop", "S&top", "stop",
            partial(self._end, _STOPPABLE | {RunState.STOPPING}, save=False),
            "Stop the run without a new checkpoint, or remove it from the queue",
        )  # fmt: skip
        self.pause = make(
            "pause", "&Pause", "pause", self._pause, "Pause the run; it keeps its memory"
        )
        self.resume = make(
            "resume", "&Resume", "resume", self._resume,
            "Continue: a paused run immediately, a stopped one from its last checkpoint",
        )  # fmt: skip
        self.duplicate = make(
            "duplicate", "&Duplicate and change", "copy", self._duplicate,
            "Fill the form with this run's settings", "Ctrl+D",
        )  # fmt: skip
        self.baseline = make(
            "baseline", "Train this run's &baseline", "play", self.baseline_asked,
            "Add full fine-tuning with this run's data, split, seed and decoding to the queue",
        )  # fmt: skip
        self.compare = make(
            "compare", "&Compare outputs", "compare", self._compare,
            "Read the outputs of the selected run, or of several side by side",
        )  # fmt: skip
        self.differ = make(
            "differ", "Compare se&ttings", "columns", self._differ,
            "Show in which settings the selected runs differ",
        )  # fmt: skip
        self.rename = make("rename", "Re&name", "edit", self.rename_asked, "Rename the run", "F2")
        self.annotate = make(
            "annotate", "&Notes and tags…", "", self.annotate_asked,
            "Add notes and tags to this run",
        )  # fmt: skip
        self.star = make("star", "S&tar", "star", self._star, "Star or unstar the runs")
        self.show_only = make(
            "show_only", "Show &only these on the plots", "filter", self._show_only,
            "Hide all other runs from the plots",
        )  # fmt: skip
        self.open_folder = make(
            "open_folder", "Open &folder", "folder", self._open_folder, "Show the run's files"
        )
        self.export = make(
            "export", "E&xport…", "export", self.export_asked,
            "Write what the run trained to a folder, in this program's format or PEFT's",
        )  # fmt: skip
        self.delete = make(
            "delete", "&Delete", "delete", self._delete,
            "Move the runs to the project's trash; Undo brings them back", "Delete",
        )  # fmt: skip
        view.selection_changed.connect(self.update)
        self.update()

    def menu_actions(self) -> tuple[QAction | None, ...]:
        """For a context menu; None is a line."""
        return (
            self.stop_and_save, self.stop, self.pause, self.resume, None,
            self.duplicate, self.baseline, self.compare, self.differ, self.show_only, None,
            self.rename, self.annotate, self.star, self.export, self.open_folder, None,
            self.delete,
        )  # fmt: skip

    def update(self) -> None:
        """Enable what the selected runs allow; call it when a state is new."""
        chosen = self._view.selected
        states = {run.status.state for run in chosen}
        self.stop_and_save.setEnabled(bool(states & (_STOPPABLE | {RunState.QUEUED})))
        self.stop.setEnabled(bool(states & (_STOPPABLE | {RunState.QUEUED, RunState.STOPPING})))
        self.pause.setEnabled(any(map(_can_pause, chosen)))
        self.resume.setEnabled(bool(states & (_RESUMABLE | {RunState.PAUSED})))
        self.differ.setEnabled(len(chosen) > 1)
        for action in (self.duplicate, self.rename, self.annotate, self.open_folder):
            action.setEnabled(len(chosen) == 1)
        for action in (self.compare, self.star, self.show_only, self.delete):
            action.setEnabled(bool(chosen))
        info = info_of(chosen[0].spec.method) if len(chosen) == 1 else None
        self.baseline.setEnabled(info is not None and not info.is_baseline)
        # A fine-tuned model is in transformers' format already.
        can_export = info is not None and bool(info.exports)
        self.export.setEnabled(can_export and states == {RunState.FINISHED})

    def set_meta(self, run: RunModel, meta: RunMeta, text: str) -> None:
        """Change a run's words as one undoable step."""
        if meta != run.meta:
            step = change_meta(self._context.runs, run, meta, text=text, report=self.refused.emit)
            self._context.undo.push(step)

    def resume_run(self, run: RunModel) -> None:
        """Go on with a run."""
        if run.status.state is RunState.PAUSED:
            run.ask(RunState.RUNNING)
            self._context.runner.proceed(run.run_id)
        elif run.status.state in _RESUMABLE:
            self._context.runner.submit(run.path)

    def _make(
        self,
        ident: str,
        text: str,
        icon_name: str,
        slot: Callable[[], None] | SignalInstance,
        tip: str,
        key: str = "",
    ) -> QAction:
        """An action of the Run menu; a signal as its slot is emitted with the selected run."""
        if isinstance(slot, SignalInstance):
            signal = slot
            slot = lambda: signal.emit(self._view.selected[0])  # noqa: E731
        return self._context.actions.add(
            f"runs.{ident}",
            text,
            slot=slot,
            menu="run",
            shortcut=key or None,
            icon=icon(icon_name) if icon_name else None,
            tip=tip,
            scope=self._scope,
        )

    def _end(self, states: set[RunState], *, save: bool) -> None:
        """Stop the runs in these states, and take those that wait out of the queue."""
        for run in self._view.selected:
            if run.status.state is RunState.QUEUED:
                self._context.runner.stop(run.run_id, save=False)
            elif run.status.state in states:
                run.ask(RunState.CANCELLED)
                self._context.runner.stop(run.run_id, save=save)

    def _pause(self) -> None:
        for run in filter(_can_pause, self._view.selected):
            run.ask(RunState.PAUSED)
            self._context.runner.pause(run.run_id)

    def _resume(self) -> None:
        for run in self._view.selected:
            self.resume_run(run)

    def _duplicate(self) -> None:
        (run,) = self._view.selected
        form = self._context.planner.form
        form.replace(f"Take the settings of “{run.meta.name}”", draft_of(run.spec))
        self.duplicated.emit()

    def _compare(self) -> None:
        self._context.navigator.show_compare([run.run_id for run in self._view.selected])

    def _differ(self) -> None:
        show_differences(self._view.selected, self._context.theme, self._scope.window())

    def _star(self) -> None:
        chosen = self._view.selected
        starred = not all(run.meta.starred for run in chosen)
        verb = "Star" if starred else "Unstar"
        self._context.undo.beginMacro(f"{verb} {quoted(chosen)}")
        for run in chosen:
            self.set_meta(run, dataclasses.replace(run.meta, starred=starred), verb)
        self._context.undo.endMacro()

    def _show_only(self) -> None:
        self._view.show_only([run.run_id for run in self._view.selected])

    def _open_folder(self) -> None:
        path = self._view.selected[0].path
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.refused.emit(f"No file manager answered; the run's folder is {path}.")

    def _delete(self) -> None:
        folder, chosen = self._context.project.folder, self._view.selected
        if folder is None or not chosen:
            return
        try:
            for run in chosen:
                check_deletable(run)
        except UserError as error:
            self.refused.emit(error.message)
            return
        text = f"Deleted {quoted(chosen)}."
        step = delete_runs(folder, self._context.runs, chosen, report=self.refused.emit)
        self._context.undo.push(step)
        if not any(run.path.exists() for run in chosen):
            self._context.messages.post_undo(text, self._context.undo)


def _can_pause(run: RunModel) -> bool:
    return run.status.state is RunState.RUNNING and run.asked is None
