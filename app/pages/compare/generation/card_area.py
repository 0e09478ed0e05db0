"""Cards beside each other where each has room for a line of text, else below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from app.pages.compare.generation.cards import ExampleCard, TextCard
from app.pages.compare.systems.systems import ComparedSystem, letter
from app.qt.boxes import hbox, vbox
from app.qt.sizes import chars, set_minimum_chars
from app.theme import SPACE_M, Theme

LINE_CHARS = 40
"""A card is never narrower than a line of so many average letters."""
CARD_CHARS = LINE_CHARS + 2

LEAST_LINES = 14
"""Least height of the area, in lines of text."""

GIVEN_LINES = 8
"""Input and references may always be so high, in lines of text."""

W = TypeVar("W", bound=QWidget)


class CardArea(QScrollArea):
    """What outputs are read with (input, references), and the outputs: one card each.

    Cards of a row are equally wide. All stand in one row where they fit; else the outputs stay
    together below the others.

    Args:
        least_lines: its least height.

    Attributes:
        rows: the cards as they stand, from the top.
    """

    def __init__(self, theme: Theme, *, least_lines: int = LEAST_LINES) -> None:
        super().__init__()
        self._theme, self._least_lines = theme, least_lines
        self._names: list[str] = []
        self._of_systems: list[TextCard] = []
        self.rows: list[list[ExampleCard]] = []
        self._given: list[ExampleCard] = []
        self._outputs: list[ExampleCard] = []
        self._boxes: list[QHBoxLayout] = []
        inside = QWidget()
        self._lines = vbox(1, parent=inside, spacing=SPACE_M)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        theme.changed.connect(self.arrange, Qt.ConnectionType.QueuedConnection)  # after the fonts

    def show_systems(
        self, given: Sequence[ExampleCard], systems: Sequence[ComparedSystem], spoken: str
    ) -> list[TextCard]:
        """A card for each system beside those given, made again only for other systems.

        Args:
            spoken: what a card holds, such as "Output".
        """
        names = [f"{letter(index)}  {system.name}" for index, system in enumerate(systems)]
        if names != self._names or not self.rows:
            self._names, self._of_systems = names, [TextCard(name, self._theme) for name in names]
            for card, name in zip(self._of_systems, names, strict=True):
                card.text.setAccessibleName(f"{spoken} of {name}")
            self.set_cards(given, self._of_systems)
        return self._of_systems

    def set_cards(self, given: Sequence[ExampleCard], outputs: Sequence[ExampleCard]) -> None:
        """Show these cards; the outputs before are deleted."""
        for card in self._outputs:
            card.hide()
            card.deleteLater()
        self._given, self._outputs, self.rows = list(given), list(outputs), []
        for card in (*given, *outputs):
            set_minimum_chars(card, CARD_CHARS)
        self.arrange()

    def arrange(self) -> None:
        """Put as many cards in a row as fit, and share the height among the rows."""
        fitting = max(1, (self.viewport().width() + SPACE_M) // (chars(CARD_CHARS) + SPACE_M))
        rows = arranged(self._given, self._outputs, fitting)
        if rows != self.rows:
            self.rows = rows
            for box in self._boxes:
                while box.takeAt(0):
                    pass
                self._lines.removeItem(box)
                box.deleteLater()
            self._boxes = [hbox(*((card, 1) for card in row), spacing=SPACE_M) for row in rows]
            for index, box in enumerate(self._boxes):
                self._lines.insertLayout(index, box)
        room = self._given_height()
        for card in self._given:
            card.set_room(room)
        for row in rows:
            width = self._card_width(row)
            height = max(card.facts_height(width) for card in row)
            for card in row:
                card.set_facts_height(height)

    def minimumSizeHint(self) -> QSize:
        """A card wide, and some lines high."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(chars(CARD_CHARS) + bar, self._least_lines * self.fontMetrics().lineSpacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the cards for another width."""
        super().resizeEvent(event)
        self.arrange()

    def _given_height(self) -> int:
        """How high a card beside or above the outputs may be, so that all are seen.

        Where that is too little, half of the area; then the area scrolls. Cards below each other
        may fill it.
        """
        height, least = self.viewport().height(), GIVEN_LINES * self.fontMetrics().lineSpacing()
        if all(len(row) == 1 for row in self.rows):
            return max(height, least)
        rows = [row for row in self.rows if row[0] in self._outputs]
        below = [max(card.heightForWidth(self._card_width(row)) for card in row) for row in rows]
        return max(height - sum(below) - SPACE_M * len(below), height // 2, least)

    def _card_width(self, row: Sequence[ExampleCard]) -> int:
        return (self.viewport().width() - SPACE_M * (len(row) - 1)) // len(row)


def arranged(given: Sequence[W], outputs: Sequence[W], fitting: int) -> list[list[W]]:
    """The cards in rows of at most `fitting`, those of a kind evenly."""
    if fitting >= len(given) + len(outputs):
        return [[*given, *outputs]]
    return [*_evenly(given, fitting), *_evenly(outputs, fitting)]


def _evenly(cards: Sequence[W], most: int) -> list[list[W]]:
    rows = max(-(-len(cards) // most), 1)
    size = max(-(-len(cards) // rows), 1)
    return [list(cards[start : start + size]) for start in range(0, len(cards), size)]
