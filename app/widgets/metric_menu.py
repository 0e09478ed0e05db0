"""A button with a menu of metrics to tick."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.assets import icon
from app.metric_tips import metric_tip
from engine.contract.scores import METRICS, metric_title

LEFT_OUT = {"bertscore"}
"""Needs an encoder, which only the command line asks for."""


class MetricMenu(QToolButton):
    """Shows what is ticked when it opens, and says what was ticked then.

    Attributes:
        choices: the actions by metric.

    Signals:
        opening: the menu is about to be shown: `show_metrics` now.
        chosen: names of the ticked metrics, in the order of the menu.
    """

    opening = Signal()
    chosen = Signal(tuple)

    def __init__(self, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("Scores")
        self.setIcon(icon("check"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.choices: dict[str, QAction] = {}
        for metric in METRICS:
            if metric not in LEFT_OUT:
                action = menu.addAction(metric_title(metric))
                action.setCheckable(True)
                action.triggered.connect(lambda _checked=False: self._tell())
                self.choices[metric] = action
        menu.aboutToShow.connect(self.opening)
        self.setMenu(menu)

    def show_metrics(self, metrics: Collection[str], *, waiting_for: str = "") -> None:
        """Tick these; the last one cannot be taken away.

        Args:
            waiting_for: why nothing can be chosen just now, as a sentence.
        """
        for metric, action in self.choices.items():
            action.setChecked(metric in metrics)
            action.setEnabled(not waiting_for and set(metrics) != {metric})
            action.setToolTip(f"{waiting_for} {metric_tip(metric)}".lstrip())

    def _tell(self) -> None:
        self.chosen.emit(tuple(name for name, one in self.choices.items() if one.isChecked()))
