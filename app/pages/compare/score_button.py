"""Which scores the systems are compared by."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.pages.compare.model import CompareModel
from app.widgets.metric_menu import MetricMenu


class ScoreButton(MetricMenu):
    """Ticking a metric scores all chosen systems by it too."""

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        super().__init__("Choose the scores that the systems are compared by", parent)
        self._model = model
        self.opening.connect(self._fill)
        self.chosen.connect(model.systems.score_by)

    def _fill(self) -> None:
        systems = self._model.systems
        busy = any(systems.doing(key) for key in systems.chosen)
        shown = [metric for metric in self._model.score_table.metrics if metric in self.choices]
        self.show_metrics(
            shown, waiting_for="Wait until the present scoring has ended." if busy else ""
        )
