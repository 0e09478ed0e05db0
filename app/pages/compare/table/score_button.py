"""Which scores the systems are compared by."""

from __future__ import annotations

from app.metric_menu import MetricMenu
from app.pages.compare.model import CompareModel
from app.settings import Settings
from app.theme import Theme


class ScoreButton(MetricMenu):
    """Ticking a metric scores all chosen systems by it too."""

    def __init__(self, model: CompareModel, settings: Settings, theme: Theme) -> None:
        tip = "Choose the scores that the systems are compared by"
        super().__init__(settings, theme, tip)
        self._model = model
        self.opening.connect(self._fill)
        self.chosen.connect(model.systems.score_by)
        self.encoder_chosen.connect(model.systems.score_by)

    def _fill(self) -> None:
        systems = self._model.systems
        busy = any(systems.doing(key) for key in systems.chosen)
        self.show_metrics(
            self._model.score_table.metrics,
            waiting_for="Wait until the current scoring has finished." if busy else "",
        )
