"""Which scores a study is drawn and tabled with."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.pages.studies.library import StudyLibrary
from app.widgets.metric_menu import MetricMenu
from engine.contract.errors import UserError


class ScoreMenu(MetricMenu):
    """Ticking a metric scores the finished runs by it too.

    Signals:
        refused: a sentence.
    """

    refused = Signal(str)

    def __init__(self, library: StudyLibrary, parent: QWidget | None = None) -> None:
        super().__init__("Choose the scores that the study is drawn with", parent)
        self._library = library
        self.setAutoRaise(True)
        self.opening.connect(self.fill)
        self.chosen.connect(self._choose)

    def fill(self) -> None:
        """Tick those of the current study."""
        study = self._library.current
        none = "" if study is not None else "Choose a study first."
        self.show_metrics(study.metrics if study is not None else (), waiting_for=none)

    def _choose(self, ticked: tuple[str, ...]) -> None:
        study = self._library.current
        if study is None:
            return
        kept = [name for name in study.metrics if name in ticked or name not in self.choices]
        added = [name for name in ticked if name not in kept]
        try:
            self._library.set_metrics(study.study_id, (*kept, *added))
        except UserError as error:
            self.refused.emit(error.message)
        self.fill()
