"""Under the form: why it cannot train, and the buttons that do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from app.assets import icon
from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.form.run_making import NewRun, baseline, both, make_runs, train
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S
from app.widgets.info_bar import InfoBar, Tone
from app.words import size
from engine.contract.errors import UserError
from engine.contract.specs.run import RunSpec

NewRuns = tuple[NewRun, ...]


class LaunchPanel(QWidget):
    """The way from the form to the queue; runs wait until their backbone has been fetched.

    Args:
        scope: the page whose shortcuts start a run.

    Signals:
        made: tuple of the ids of the runs that were queued.
    """

    made = Signal(object)

    def __init__(self, context: AppContext, scope: QWidget) -> None:
        super().__init__()
        self._context, self._planner, self._scope = context, context.planner, scope
        self._backbones = context.planner.backbones
        self._waiting: dict[str, list[tuple[Path, NewRuns]]] = {}
        self.bar = InfoBar(context.theme, closable=False)
        self.warning = InfoBar(context.theme, closable=False)
        self.question = InfoBar(context.theme)
        self._train_action, self.train = self._button(
            "train", train, "&Train", "Add this run to the queue", "Ctrl+Return"
        )
        self.train.setIcon(icon("play"))
        self.train.setDefault(True)
        self._baseline_action, self.baseline = self._button(
            "train_baseline",
            baseline,
            "Train the &baseline",
            "Add full fine-tuning with the same data, split, seed and task to the queue",
        )
        self._both_action, self.both = self._button(
            "train_both",
            both,
            "Train &both",
            "Add this run and its fine-tuning baseline to the queue",
            "Ctrl+Shift+Return",
        )
        vbox(
            self.bar,
            self.warning,
            self.question,
            hbox((self.train, 1), (self.both, 1), spacing=SPACE_S),
            self.baseline,
            parent=self,
            margins=(SPACE_M, SPACE_S, SPACE_M, SPACE_S),
            spacing=SPACE_S,
        )
        self._planner.changed.connect(self._update)
        self._planner.form.changed.connect(self._drop_question)
        self._backbones.fetched.connect(self._on_fetched)
        self._backbones.fetch_failed.connect(self._on_fetch_failed)
        self._update()

    def train_baseline_of(self, run: RunModel) -> None:
        """Queue the fine-tuning baseline of this very run, whatever the form holds."""
        self._fetch_or_make(baseline(run.spec, f" of {run.meta.name}"))

    def _button(
        self,
        ident: str,
        recipe: Callable[[RunSpec], NewRuns],
        text: str,
        tip: str,
        shortcut: str = "",
    ) -> tuple[QAction, QPushButton]:
        """An action of the Run menu, and a button that is enabled and disabled together with it."""
        action = self._context.actions.add(
            f"runs.{ident}",
            text,
            slot=lambda: self._launch(recipe),
            menu="run",
            shortcut=shortcut or None,
            tip=tip,
            scope=self._scope,
        )
        button = QPushButton(text.replace("&", ""))
        keys = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        button.setToolTip(f"{tip} ({keys})" if keys else tip)
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        return action, button

    def _update(self) -> None:
        error = self._planner.error
        ready = not error and self._planner.spec is not None
        self._train_action.setEnabled(ready)
        for action in (self._baseline_action, self._both_action):
            action.setEnabled(ready and not self._planner.form.draft.info.is_baseline)
        if error and (self._planner.data_error or not self._backbones.is_waiting):
            self.bar.show_message(Tone.WARNING, error.message)
            if self._planner.data_error:
                self.bar.add_button("Open Data", self._context.navigator.show_data)
        else:
            self.bar.hide()
        warnings = "\n".join(self._planner.warnings) if ready else ""
        if not warnings:
            self.warning.hide()
        elif self.warning.isHidden() or self.warning.label.text() != warnings:
            self.warning.show_message(Tone.WARNING, warnings)

    def _launch(self, recipe: Callable[[RunSpec], NewRuns]) -> None:
        if self._planner.spec is not None:
            self._fetch_or_make(recipe(self._planner.spec))

    def _fetch_or_make(self, runs: NewRuns) -> None:
        entry = self._backbones.get(runs[0].spec.backbone)
        if entry is None or entry.on_disk:
            self._make(runs)
            return
        self.question.show_message(
            Tone.INFO,
            f"{entry.title} is not on this machine: fetch {size(entry.download_bytes)} first, "
            "then train.",
        )
        self.question.add_button("Fetch and train", lambda: self._fetch(entry.name, runs))

    def _fetch(self, name: str, runs: NewRuns) -> None:
        folder = self._context.project.folder
        if folder is not None:
            self._waiting.setdefault(name, []).append((folder.path, runs))
            self._show_waiting()
            self._backbones.fetch(name)

    def _on_fetched(self, name: str) -> None:
        waiting = self._waiting.pop(name, [])
        folder = self._context.project.folder
        for path, runs in waiting:
            if folder is not None and folder.path == path:
                self._make(runs)
        if waiting:
            self._show_waiting()

    def _on_fetch_failed(self, name: str, message: str) -> None:
        self._waiting.pop(name, [])
        self._show_failure(message)

    def _make(self, runs: NewRuns) -> None:
        try:
            made = make_runs(self._context, runs)
        except UserError as error:
            self._show_failure(error.message)
        else:
            self.question.hide()
            self.made.emit(tuple(made))

    def _drop_question(self) -> None:
        """The form is not what was asked about any more."""
        if self.question.buttons:
            self.question.hide()

    def _show_waiting(self) -> None:
        count = sum(len(runs) for waiting in self._waiting.values() for _path, runs in waiting)
        if count == 0:
            self.question.hide()
            return
        runs = "One run waits" if count == 1 else f"{count} runs wait"
        self.question.show_message(
            Tone.INFO, f"{runs} for the backbone; the status bar shows how far it is."
        )

    def _show_failure(self, message: str) -> None:
        self.question.show_message(Tone.BAD, message)
