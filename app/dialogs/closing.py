"""Closing while something is going on: keep it running, stop and save, or stay."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.assets import icon
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.labels import Label, MutedLabel


class Closing(enum.Enum):
    """What the user chose."""

    STAY = "stay"
    KEEP_RUNNING = "keep running"
    STOP_AND_SAVE = "stop and save"


class ClosingDialog(QDialog):
    """Names what is going on and offers the three ways.

    Args:
        runs: names of the runs at work; they can go on without the window.
        tasks: titles of other long work; it ends with the window.
    """

    def __init__(
        self,
        theme: Theme,
        *,
        runs: Sequence[str],
        tasks: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.choice = Closing.STAY
        self.setWindowTitle("Close Prefix Workbench")
        sign = Label()
        sign.setPixmap(
            icon("warning", theme.colors.warning).pixmap(QSize(32, 32), self.devicePixelRatio())
        )
        heading = Label("A run is still training." if runs else "Work is still going on.")
        heading.setFont(scaled_font(120, bold=True))
        words = QVBoxLayout()
        words.setSpacing(SPACE_S)
        words.addWidget(heading)
        for name in runs:
            words.addWidget(Label(f"•  {name}"))
        for title in tasks:
            words.addWidget(Label(f"•  {title} (ends with the window)"))
        explained = MutedLabel(theme, _explain(bool(runs)))
        explained.setMinimumWidth(self.fontMetrics().averageCharWidth() * 64)
        words.addWidget(explained)
        top = QHBoxLayout()
        top.setSpacing(SPACE_M)
        top.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        self.buttons: dict[Closing, QPushButton] = {}
        if runs:
            self._add(row, Closing.STOP_AND_SAVE, "Stop and save")
            self._add(row, Closing.KEEP_RUNNING, "Keep it running")
        else:
            self._add(row, Closing.KEEP_RUNNING, "Close anyway")
        self._add(row, Closing.STAY, "Stay").setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_M)
        layout.setSpacing(SPACE_L)
        layout.addLayout(top)
        layout.addLayout(row)

    def _add(self, row: QHBoxLayout, choice: Closing, text: str) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda _checked=False: self._choose(choice))
        row.addWidget(button)
        self.buttons[choice] = button
        return button

    def _choose(self, choice: Closing) -> None:
        self.choice = choice
        self.accept()


def _explain(runs: bool) -> str:
    if runs:
        return (
            "Kept running, training goes on without the window, and the next start finds it. "
            "Stopped and saved, it ends at a checkpoint and can be resumed later."
        )
    return "Closing the window cancels it; nothing half-done is left."
