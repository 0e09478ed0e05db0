"""Under the form: why it cannot train, and the buttons that do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.runs.form.launcher import Launcher
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S
from app.widgets.info_bar import InfoBar, Tone
from app.words import size
from engine.contract.backbone import BackboneEntry


class LaunchPanel(QWidget):
    """The way from the form to the queue.

    Args:
        scope: the page whose shortcuts start a run.
    """

    def __init__(self, context: AppContext, launcher: Launcher, scope: QWidget) -> None:
        super().__init__()
        self._context = context
        self._planner, self._launcher = context.planner, launcher
        self._scope = scope
        self._actions: list[QAction] = []
        self._asks_fetch = False
        self.bar = InfoBar(context.theme, closable=False)
        self.warning = InfoBar(context.theme, closable=False)
        self.question = InfoBar(context.theme)
        self.train = self._button(
            launcher.train, "&Train", "Add this run to the queue", "Ctrl+Return"
        )
        self.train.setIcon(icon("play"))
        self.train.setDefault(True)
        self.baseline = self._button(
            launcher.train_baseline,
            "Train the &baseline",
            "Add full fine-tuning with the same data, split, seed and decoding to the queue",
        )
        self.both = self._button(
            launcher.train_both,
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
        self._planner.changed.connect(self._tell)
        self._planner.form.changed.connect(self._drop_question)
        launcher.fetch_needed.connect(self._ask_fetch)
        launcher.failed.connect(self._show_failure)
        launcher.made.connect(lambda _ids: self.question.hide())
        launcher.waiting_changed.connect(self._tell_waiting)
        self._tell()

    def _button(
        self, slot: Callable[[], None], text: str, tip: str, shortcut: str = ""
    ) -> QPushButton:
        """A button for an action of the Run menu, enabled and disabled together with it."""
        action = self._context.actions.add(
            f"runs.{slot.__name__}",
            text,
            slot=slot,
            menu="run",
            shortcut=shortcut or None,
            tip=tip,
            scope=self._scope,
        )
        self._actions.append(action)
        button = QPushButton(text.replace("&", ""))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        button.setToolTip(f"{tip} ({keys})" if keys else tip)
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        return button

    def _tell(self) -> None:
        error = self._planner.error
        ready = not error and self._planner.spec is not None
        has_baseline = not self._planner.form.draft.info.is_baseline
        train, *baselines = self._actions
        train.setEnabled(ready)
        for action in baselines:
            action.setEnabled(ready and has_baseline)
        if error and (self._planner.data_error or not self._planner.is_waiting):
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

    def _ask_fetch(self, entry: BackboneEntry) -> None:
        self.question.show_message(
            Tone.INFO,
            f"{entry.title} is not on this machine: fetch {size(entry.download_bytes)} first, "
            "then train.",
        )
        self.question.add_button("Fetch and train", self._launcher.fetch_then_train)
        self._asks_fetch = True

    def _drop_question(self) -> None:
        """The form is not what was asked about any more."""
        if self._asks_fetch:
            self._asks_fetch = False
            self.question.hide()

    def _tell_waiting(self) -> None:
        self._asks_fetch = False
        count = self._launcher.waiting_count
        if count == 0:
            self.question.hide()
            return
        runs = "One run waits" if count == 1 else f"{count} runs wait"
        self.question.show_message(
            Tone.INFO, f"{runs} for the backbone; the status bar shows how far it is."
        )

    def _show_failure(self, message: str) -> None:
        self.question.show_message(Tone.BAD, message)
