"""An example with a label, tags or an answer, over the counts of all examples."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.pages.compare.answers.overview import Overview
from app.pages.compare.answers.showing import Showing
from app.pages.compare.example.row_scores import row_scores_text
from app.pages.compare.generation.card_area import CardArea
from app.pages.compare.generation.cards import TextCard
from app.pages.compare.model import CompareModel
from app.pages.compare.task_view import PredictionView
from app.qt.boxes import vbox
from app.theme import SPACE_S, Theme
from app.widgets.page_splitter import ModestSplitter


class MarkedAnswersView(PredictionView):
    """Cards of what was given and of each prediction; the matrix below filters the list.

    Attributes:
        given, outputs: the cards.
        overview: the counts.
    """

    def __init__(self, model: CompareModel, theme: Theme, showing: Showing) -> None:
        super().__init__()
        self._model, self._theme, self._showing = model, theme, showing
        self.given = [TextCard(title, theme) for title in showing.titles]
        self.outputs: list[TextCard] = []
        self.area = CardArea(theme, least_lines=8)
        self.overview = Overview(model, theme, showing.group)
        self.splitter = ModestSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(SPACE_S)
        self.splitter.addWidget(self.area)
        self.splitter.addWidget(self.overview)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setCollapsible(0, False)
        vbox(self.splitter, parent=self)
        model.comparison_changed.connect(self._show_systems)
        model.current_changed.connect(self._show)
        theme.changed.connect(self._show, Qt.ConnectionType.QueuedConnection)  # after the fonts
        self._show_systems()

    def _show_systems(self) -> None:
        systems = self._model.comparison.systems
        self.outputs = self.area.show_systems(self.given, systems, "Prediction")
        self._show()

    def _show(self) -> None:
        example, colors = self._model.example, self._theme.colors
        systems = self._model.comparison.systems
        texts = self._showing.given(example, colors) if example else [" "] * len(self.given)
        for card, text in zip(self.given, texts, strict=True):
            card.text.show_html(text)
        for index, card in enumerate(self.outputs):
            card.set_style(systems[index].entry.style)
            if example is None:
                card.show_output(" ")
            else:
                html = self._showing.predicted(example, index, colors)
                card.show_output(html, facts=row_scores_text(self._model, index))
        self.area.arrange()
