"""Under the form: why it cannot train, and the buttons that do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.runs.draft import MethodKind
from app.pages.runs.form_model import FormModel
from app.pages.runs.launcher import Launcher
from app.pages.runs.planner import Planner
from app.theme import SPACE_M, SPACE_S
from app.widgets.info_bar import InfoBar, Tone
from app.words import size
from engine.contract.backbone import BackboneEntry


class LaunchPanel(QWidget):
    """The way from the form to the queue."""

    def __init__(
        self,
        context: AppContext,
        form: FormModel,
        planner: Planner,
        launcher: Launcher,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._form = context, form
        self._planner, self._launcher = planner, launcher
        self._asks_fetch = False
        self.bar = InfoBar(context.theme, closable=False)
        self.question = InfoBar(context.theme)
        self.train = self._button(
            "Train", "play", "Put this run into the queue (Ctrl+Enter)", launcher.train
        )
        self.train.setDefault(True)
        self.twin = self._button(
            "Train the fine-tuned twin", "", "Put full fine-tuning with the same data, split, "
            "seed and decoding into the queue", launcher.train_twin,
        )  # fmt: skip
        self.both = self._button(
            "Train both", "", "Put this run and its fine-tuned twin into the queue",
            launcher.train_both,
        )  # fmt: skip
        first = QHBoxLayout()
        first.setSpacing(SPACE_S)
        first.addWidget(self.train, 1)
        first.addWidget(self.both, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_M, SPACE_S, SPACE_M, SPACE_S)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self.bar)
        layout.addWidget(self.question)
        layout.addLayout(first)
        layout.addWidget(self.twin)
        planner.changed.connect(self._tell)
        form.changed.connect(self._drop_question)
        launcher.fetch_needed.connect(self._ask_fetch)
        launcher.failed.connect(self._show_failure)
        launcher.made.connect(lambda _ids: self.question.hide())
        launcher.waiting_changed.connect(self._tell_waiting)
        self._tell()

    def _button(self, text: str, picture: str, tip: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        if picture:
            button.setIcon(icon(picture))
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: slot())
        return button

    def _tell(self) -> None:
        error = self._planner.error
        ready = not error and self._planner.spec is not None
        prefix = self._form.draft.kind is MethodKind.PREFIX
        self.train.setEnabled(ready)
        self.twin.setEnabled(ready and prefix)
        self.both.setEnabled(ready and prefix)
        if error:
            self.bar.show_message(Tone.WARNING, error)
            if self._planner.data_error:
                self.bar.add_button("Open Data", self._context.navigator.show_data)
        else:
            self.bar.hide()

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
