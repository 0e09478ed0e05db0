"""Leaving while something is going on: keep it running, stop and save, or stay."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QWidget

from app.assets import icon
from app.dialogs.parts import fill
from app.qt.boxes import hbox, vbox
from app.qt.sizes import icon_size
from app.theme import SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.labels import Label, MutedLabel, WrappedLabel
from engine.contract.runs.events import RunState

NAMED = 8
"""Runs named one by one; of more, the number says enough."""


class Closing(enum.Enum):
    """What the user chose."""

    STAY = "stay"
    KEEP_RUNNING = "keep running"
    STOP_AND_SAVE = "stop and save"


class ClosingDialog(QDialog):
    """Names what is going on and offers the three ways.

    Args:
        title: what the user is about to do, such as "Close the project".
        runs: names and states of the runs at work; they can go on without the window.
        queued: number of runs that wait for their turn.
        tasks: titles of other long work; it ends with the window.
    """

    def __init__(
        self,
        theme: Theme,
        title: str,
        *,
        runs: Sequence[tuple[str, RunState]],
        queued: int = 0,
        tasks: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.choice = Closing.STAY
        self.setWindowTitle(title)
        sign = Label()
        warning = icon("warning", theme.colors.warning)
        sign.setPixmap(warning.pixmap(icon_size(200), self.devicePixelRatio()))
        states = [state for _name, state in runs]
        self.heading = WrappedLabel(_heading(states))
        self.heading.setFont(scaled_font(120, bold=True))
        lines = [f"{name}: {_STATES[state]}" for name, state in runs[:NAMED]]
        if len(runs) > NAMED:
            lines.append(f"{len(runs) - NAMED} more")
        if queued:
            lines.append(f"{_runs(queued)} in the queue")
        lines += [f"{task} (ends with the window)" for task in tasks]
        self.explained = MutedLabel(theme, _explain(states, queued))
        words = vbox(
            self.heading,
            *(WrappedLabel(f"•  {line}") for line in lines),
            self.explained,
            spacing=SPACE_S,
        )
        top = hbox((sign, 0, Qt.AlignmentFlag.AlignTop), (words, 1), spacing=SPACE_M)
        below = QWidget()
        row = hbox(1, parent=below)
        self.buttons: dict[Closing, QPushButton] = {}
        if runs:
            self._add(row, Closing.STOP_AND_SAVE, "Stop and save")
            only_paused = set(states) == {RunState.PAUSED}
            words_of_it = "Leave paused" if only_paused else "Keep running"
            self._add(row, Closing.KEEP_RUNNING, words_of_it)
        else:
            self._add(row, Closing.KEEP_RUNNING, "Close anyway")
        self._add(row, Closing.STAY, "Cancel").setDefault(True)
        fill(self, top, below, width_chars=76)
        self.buttons[Closing.STAY].setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, row: QHBoxLayout, choice: Closing, text: str) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda _checked=False: self._choose(choice))
        row.addWidget(button)
        self.buttons[choice] = button
        return button

    def _choose(self, choice: Closing) -> None:
        self.choice = choice
        self.accept()


_STATES = {
    RunState.STARTING: "starting",
    RunState.RUNNING: "training",
    RunState.PAUSED: "paused",
    RunState.STOPPING: "stopping",
}


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _heading(states: Sequence[RunState]) -> str:
    """Such as "2 runs are training, 1 run is paused."."""
    parts = []
    for state, word in _STATES.items():
        if count := states.count(state):
            parts.append(f"{_runs(count)} {'is' if count == 1 else 'are'} {word}")
    return f"{', '.join(parts) or 'Work is still in progress'}."


def _explain(states: Sequence[RunState], queued: int) -> str:
    if not states:
        return "Closing the window cancels it; no partial files are left."
    text = "Stop and save: a run stops at a checkpoint and can be resumed later."
    if any(state is not RunState.PAUSED for state in states):
        text = f"Keep running: training continues without the window. {text}"
    if RunState.PAUSED in states:
        text += " A paused run stays paused and keeps its memory."
    if queued:
        text += " Queued runs wait until the project is opened again."
    return text
