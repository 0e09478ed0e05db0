"""Which scores a study is drawn and tabled with."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.assets import icon
from app.pages.compare.metric_tips import metric_tip
from app.pages.compare.score_button import LEFT_OUT
from app.pages.studies.library import StudyLibrary
from engine.contract.errors import UserError
from engine.contract.scores import METRICS, metric_title


class ScoreMenu(QToolButton):
    """A menu of metrics; ticking one scores the finished runs by it too.

    Signals:
        refused: a sentence.
    """

    refused = Signal(str)

    def __init__(self, library: StudyLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self.setText("Scores")
        self.setIcon(icon("check"))
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip("Choose the scores that the study is drawn with")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.choices = {}
        for metric in METRICS:
            if metric not in LEFT_OUT:
                action = menu.addAction(metric_title(metric))
                action.setCheckable(True)
                action.setToolTip(metric_tip(metric))
                action.triggered.connect(lambda _checked=False: self._choose())
                self.choices[metric] = action
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)

    def fill(self) -> None:
        """Tick those of the current study; the last one cannot be taken away."""
        study = self._library.current
        metrics = study.metrics if study is not None else ()
        for metric, action in self.choices.items():
            action.setChecked(metric in metrics)
            action.setEnabled(study is not None and metrics != (metric,))

    def _choose(self) -> None:
        study = self._library.current
        if study is None:
            return
        ticked = [name for name, action in self.choices.items() if action.isChecked()]
        kept = [name for name in study.metrics if name in ticked or name not in self.choices]
        added = [name for name in ticked if name not in kept]
        try:
            self._library.set_metrics(study.study_id, (*kept, *added))
        except UserError as error:
            self.refused.emit(error.message)
        self.fill()
