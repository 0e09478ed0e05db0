"""Which scores the systems are compared by."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.assets import icon
from app.pages.compare.metric_tips import metric_tip
from app.pages.compare.model import CompareModel
from engine.contract.scores import METRICS, metric_title

LEFT_OUT = {"bertscore"}
"""Needs an encoder, which only the command line asks for."""


class ScoreButton(QToolButton):
    """A menu of metrics; ticking one scores all chosen systems by it too."""

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setText("Scores")
        self.setIcon(icon("check"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip("Choose the scores that the systems are compared by")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.choices = {}
        for metric in METRICS:
            if metric not in LEFT_OUT:
                action = menu.addAction(metric_title(metric))
                action.setCheckable(True)
                action.triggered.connect(lambda _checked=False: self._score())
                self.choices[metric] = action
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)

    def _fill(self) -> None:
        """Tick what there is; the last score cannot be taken away."""
        systems = self._model.systems
        busy = any(systems.doing(key) for key in systems.chosen)
        shown = [metric for metric in self._model.score_table.metrics if metric in self.choices]
        for metric, action in self.choices.items():
            action.setChecked(metric in shown)
            action.setEnabled(not busy and shown != [metric])
            wait = "Wait until the present scoring has ended. " if busy else ""
            action.setToolTip(wait + metric_tip(metric))

    def _score(self) -> None:
        chosen = tuple(name for name, action in self.choices.items() if action.isChecked())
        self._model.systems.score_by(chosen)
