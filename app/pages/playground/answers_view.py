"""The cards of all answers, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from app.pages.playground.answer_card import AnswerCard, AnswerText
from app.pages.playground.answers import Answer, AnswersModel
from app.qt.boxes import stack, vbox
from app.qt.sizes import chars
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.empty_state import EmptyState

CARD_CHARS = 44


class AnswersView(QWidget):
    """Cards over the model; they grow while tokens come.

    Signals:
        add_requested, attention_requested: the `Answer`.
    """

    add_requested = Signal(object)
    attention_requested = Signal(object)

    def __init__(self, model: AnswersModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.cards: list[AnswerCard] = []
        self._texts: dict[Answer, AnswerText] = {}
        self.empty = EmptyState(
            theme,
            "Ask what you have trained",
            "Fill in the form or take a row of the data, tick the systems that are to answer, and "
            "press Ask (Ctrl+Enter).",
            icon="playground",
        )
        self._columns = 0
        self._holder = QWidget()
        self._grid = QGridLayout(self._holder)
        self._grid.setContentsMargins(SPACE_S, SPACE_S, SPACE_S, SPACE_S)
        self._grid.setSpacing(SPACE_M)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._holder)
        self.pages = stack(self.empty, self.area)
        vbox(self.pages, parent=self)
        model.asked.connect(self._show)
        model.grown.connect(self._grow)
        model.finished.connect(self._finish)

    def texts(self) -> Sequence[AnswerText]:
        """The outputs that are shown, in order."""
        return list(self._texts.values())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another number of columns may fit."""
        super().resizeEvent(event)
        self._arrange()

    def _show(self) -> None:
        for card in self.cards:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [
            AnswerCard(list(answers), self._theme)
            for _, answers in groupby(self._model.answers, lambda answer: answer.system.key)
        ]
        self._texts = {text.answer: text for card in self.cards for text in card.texts}
        for text in self._texts.values():
            text.add_requested.connect(self.add_requested)
            text.attention_requested.connect(self.attention_requested)
            if text.answer.ended is not None:
                text.show_growth(self._model.fields)
        self._columns = 0
        self._arrange()
        self.pages.setCurrentIndex(1 if self.cards else 0)

    def _grow(self, answers: set[Answer]) -> None:
        for answer in answers:
            if answer in self._texts:
                self._texts[answer].show_growth(self._model.fields)

    def _finish(self) -> None:
        for text in self._texts.values():
            text.give_up()

    def _arrange(self) -> None:
        columns = max(1, min(self.width() // (chars(CARD_CHARS) + SPACE_M), len(self.cards)))
        if columns == self._columns or not self.cards:
            return
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        self._columns = columns
        for index, card in enumerate(self.cards):
            self._grid.addWidget(card, index // columns, index % columns)
        for column in range(columns):
            self._grid.setColumnStretch(column, 1)
        self._grid.setRowStretch((len(self.cards) - 1) // columns + 1, 1)
