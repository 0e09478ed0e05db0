"""What can be done with the selected runs: one list for buttons, menu and shortcuts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
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

Runs = Sequence[RunModel]
When = Callable[[Runs], bool]
"""Whether an action makes sense for these runs."""
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
        self._rules: list[tuple[QAction, When]] = []
        self.menu: list[QAction | None] = []
        """For a context menu; None is a line."""
        add = self._add
        stopping = _STOPPABLE | {RunState.STOPPING}
        self.stop_and_save = add(
            "stop_and_save", "Stop and &save", "stop", partial(self._end, _STOPPABLE, save=True),
            "Stop the run after this step and save a checkpoint to resume from; a waiting run is "
            "removed from the queue", when=_any_in(_STOPPABLE | {RunState.QUEUED}),
        )  # fmt: skip
        self.stop = add(
            "stop", "S&top", "stop", partial(self._end, stopping, save=False),
            "Stop the run without a new checkpoint, or remove it from the queue",
            when=_any_in(stopping | {RunState.QUEUED}),
        )  # fmt: skip
        self.pause = add(
            "pause", "&Pause", "pause", self._pause, "Pause the run; it keeps its memory",
            when=lambda runs: any(map(_can_pause, runs)),
        )  # fmt: skip
        self.resume = add(
            "resume", "&Resume", "resume", self._resume,
            "Continue: a paused run immediately, a stopped one from its last checkpoint",
            when=_any_in(_RESUMABLE | {RunState.PAUSED}),
        )  # fmt: skip
        self.menu.append(None)
        self.duplicate = add(
            "duplicate", "&Duplicate and change", "copy", self._duplicate,
            "Fill the form with this run's settings", "Ctrl+D", when=_is_single,
        )  # fmt: skip
        self.baseline = add(
            "baseline", "Train this run's &baseline", "play", self.baseline_asked,
            "Add full fine-tuning with this run's data, split, seed and task to the queue",
            when=lambda runs: _is_single(runs) and not info_of(runs[0].spec.method).is_baseline,
        )  # fmt: skip
        self.compare = add(
            "compare", "&Compare outputs", "compare", self._compare,
            "Read the outputs of the selected run, or of several side by side",
        )  # fmt: skip
        self.use = add(
            "use", "&Use…", "write", self._use, "Write texts for a table with this run",
            when=lambda runs: _is_single(runs) and _is_finished(runs[0]),
        )  # fmt: skip
        self.differ = add(
            "differ", "Compare se&ttings", "columns", self._differ,
            "Show in which settings the selected runs differ", when=lambda runs: len(runs) > 1,
        )  # fmt: skip
        self.show_only = add(
            "show_only", "Show &only these on the plots", "filter", self._show_only,
            "Hide all other runs from the plots",
        )  # fmt: skip
        self.menu.append(None)
        self.rename = add(
            "rename", "Re&name", "edit", self.rename_asked, "Rename the run", "F2", when=_is_single
        )
        self.annotate = add(
            "annotate", "&Notes and tags…", "", self.annotate_asked,
            "Add notes and tags to this run", when=_is_single,
        )  # fmt: skip
        self.star = add("star", "S&tar", "star", self._star, "Star or unstar the runs")
        self.export = add(
            "export", "E&xport…", "export", self.export_asked,
            "Write what the run trained to a folder, in this program's format or PEFT's",
            when=lambda runs: _is_single(runs) and _can_be_exported(runs[0]),
        )  # fmt: skip
        self.open_folder = add(
            "open_folder", "Open &folder", "folder", self._open_folder, "Show the run's files",
            when=_is_single,
        )  # fmt: skip
        self.menu.append(None)
        self.delete = add(
            "delete", "&Delete", "delete", self._delete,
            "Move the runs to the project's trash; Undo brings them back", "Delete",
        )  # fmt: skip
        view.selection_changed.connect(self.update)
        self.update()

    def _add(
        self,
        ident: str,
        text: str,
        icon_name: str,
        slot: Callable[[Runs], None] | SignalInstance,
        tip: str,
        key: str = "",
        *,
        when: When = bool,
    ) -> QAction:
        """An action on the selected runs; a signal as its slot is emitted with the first."""
        if isinstance(slot, SignalInstance):
            call = lambda: slot.emit(self._view.selected[0])  # noqa: E731
        else:
            call = lambda: slot(self._view.selected)  # noqa: E731
        action = self._context.actions.add(
            f"runs.{ident}",
            text,
            slot=call,
            menu="run",
            shortcut=key or None,
            icon=icon(icon_name) if icon_name else None,
            tip=tip,
            scope=self._scope,
        )
        self._rules.append((action, when))
        self.menu.append(action)
        return action

    def update(self) -> None:
        """Enable what the selected runs allow; call it when a state is new."""
        runs = self._view.selected
        for action, when in self._rules:
            action.setEnabled(when(runs))

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

    def _end(self, states: set[RunState], runs: Runs, *, save: bool) -> None:
        """Stop the runs in these states, and take those that wait out of the queue."""
        for run in runs:
            if run.status.state is RunState.QUEUED:
                self._context.runner.stop(run.run_id, save=False)
            elif run.status.state in states:
                run.ask(RunState.CANCELLED)
                self._context.runner.stop(run.run_id, save=save)

    def _pause(self, runs: Runs) -> None:
        for run in filter(_can_pause, runs):
            run.ask(RunState.PAUSED)
            self._context.runner.pause(run.run_id)

    def _resume(self, runs: Runs) -> None:
        for run in runs:
            self.resume_run(run)

    def _duplicate(self, runs: Runs) -> None:
        form = self._context.planner.form
        form.replace(f"Take the settings of {quoted(runs)}", draft_of(runs[0].spec))
        self.duplicated.emit()

    def _compare(self, runs: Runs) -> None:
        self._context.navigator.show_compare([run.run_id for run in runs])

    def _use(self, runs: Runs) -> None:
        self._context.navigator.show_write(str(runs[0].path))

    def _differ(self, runs: Runs) -> None:
        show_differences(runs, self._context.theme, self._scope.window())

    def _star(self, runs: Runs) -> None:
        starred = not all(run.meta.starred for run in runs)
        verb = "Star" if starred else "Unstar"
        self._context.undo.beginMacro(f"{verb} {quoted(runs)}")
        for run in runs:
            self.set_meta(run, dataclasses.replace(run.meta, starred=starred), verb)
        self._context.undo.endMacro()

    def _show_only(self, runs: Runs) -> None:
        self._view.show_only([run.run_id for run in runs])

    def _open_folder(self, runs: Runs) -> None:
        path = runs[0].path
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.refused.emit(f"No file manager answered; the run's folder is {path}.")

    def _delete(self, runs: Runs) -> None:
        try:
            for run in runs:
                check_deletable(run)
        except UserError as error:
            self.refused.emit(error.message)
            return
        context, text = self._context, f"Deleted {quoted(runs)}."
        folder = context.project.open_folder()
        context.undo.push(delete_runs(folder, context.runs, runs, report=self.refused.emit))
        if not any(run.path.exists() for run in runs):
            context.messages.post_undo(text, context.undo)


def _is_single(runs: Runs) -> bool:
    return len(runs) == 1


def _any_in(states: set[RunState]) -> When:
    return lambda runs: any(run.status.state in states for run in runs)


def _can_pause(run: RunModel) -> bool:
    return run.status.state is RunState.RUNNING and run.asked is None


def _can_be_exported(run: RunModel) -> bool:
    """A fine-tuned model is in transformers' format already."""
    return _is_finished(run) and bool(info_of(run.spec.method).exports)


def _is_finished(run: RunModel) -> bool:
    return run.status.state is RunState.FINISHED
