"""Leaving while something is going on: keep it running, stop and save, or stay."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from app.assets import icon
from app.dialogs.parts import bullets, fill, notice
from app.qt.boxes import hbox
from app.theme import Theme
from app.widgets.labels import MutedLabel
from app.words import plural
from engine.contract.runs.events import RunState

NAMED = 8
"""Runs named one by one; of more, the number says enough."""


class Closing(enum.Enum):
    """What the user chose."""

    STAY = "stay"
    LEAVE_RUNNING = "keep running"
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
        states = [state for _name, state in runs]
        lines = [f"{name}: {_STATES[state]}" for name, state in runs[:NAMED]]
        if len(runs) > NAMED:
            lines.append(f"{len(runs) - NAMED} more")
        if queued:
            lines.append(f"{plural(queued, 'run')} in the queue")
        lines += [f"{task} (ends with the window)" for task in tasks]
        self.explanation = MutedLabel(theme, _explain(states, queued))
        sign = icon("warning", theme.colors.warning)
        top = notice(sign, _heading(states), *bullets(lines), self.explanation)
        texts = {Closing.LEAVE_RUNNING: "Close anyway", Closing.STAY: "Cancel"}
        if runs:
            leave = "Leave paused" if set(states) == {RunState.PAUSED} else "Keep running"
            texts = {Closing.STOP_AND_SAVE: "Stop and save", **texts, Closing.LEAVE_RUNNING: leave}
        self.buttons = {choice: QPushButton(text) for choice, text in texts.items()}
        for choice, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, choice=choice: self._choose(choice))
        below = QWidget()
        hbox(1, *self.buttons.values(), parent=below)
        fill(self, top, below, width_chars=76)
        self.buttons[Closing.STAY].setDefault(True)
        self.buttons[Closing.STAY].setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose(self, choice: Closing) -> None:
        self.choice = choice
        self.accept()


_STATES = {
    RunState.STARTING: "starting",
    RunState.RUNNING: "training",
    RunState.PAUSED: "paused",
    RunState.STOPPING: "stopping",
}


def _heading(states: Sequence[RunState]) -> str:
    """Such as "2 runs are training, 1 run is paused."."""
    parts = []
    for state, word in _STATES.items():
        if count := states.count(state):
            parts.append(f"{plural(count, 'run')} {'is' if count == 1 else 'are'} {word}")
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
