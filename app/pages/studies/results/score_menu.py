"""Which scores a study is drawn and tabled with."""

from __future__ import annotations

from PySide6.QtCore import Signal

from app.metric_menu import MetricMenu
from app.models.studies import StudyLibrary
from app.settings import Settings
from app.theme import Theme
from engine.contract.errors import UserError
from engine.contract.metrics import needs_encoder
from engine.contract.runs.scores import Encoder


class ScoreMenu(MetricMenu):
    """Ticking a metric scores the finished runs by it too.

    Signals:
        refused: a sentence.
    """

    refused = Signal(str)

    def __init__(self, library: StudyLibrary, settings: Settings, theme: Theme) -> None:
        super().__init__(settings, theme, "Choose the scores shown in the study's figure")
        self._library = library
        self.setAutoRaise(True)
        self.opening.connect(self.fill)
        self.chosen.connect(self._choose)
        self.encoder_chosen.connect(lambda ticked: self._choose(ticked, settings.encoder))

    def fill(self) -> None:
        """Tick those of the current study, as its file has them."""
        study = self._library.current
        if study is not None:
            study = self._library.reread(study.study_id)
        none = "" if study is not None else "Choose a study first."
        self.show_metrics(study.metrics if study is not None else (), waiting_for=none)

    def present_encoder(self) -> Encoder:
        """The study's own, which may be one of the command line, or that of the settings."""
        study = self._library.current
        own = study.encoder if study is not None else Encoder()
        return own if own.name else super().present_encoder()

    def _choose(self, ticked: tuple[str, ...], encoder: Encoder | None = None) -> None:
        study = self._library.current
        if study is None:
            return
        if encoder is None:
            encoder = self.present_encoder() if needs_encoder(ticked) else study.encoder
        kept = [name for name in study.metrics if name in ticked]
        added = [name for name in ticked if name not in kept]
        try:
            self._library.set_metrics(study.study_id, (*kept, *added), encoder)
        except UserError as error:
            self.refused.emit(error.message)
        self.fill()
