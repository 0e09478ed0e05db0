"""Texts beside each other where each has room for a line, else below each other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from app.qt.boxes import vbox
from app.theme import SPACE_M

LINE_CHARS = 40
"""A card is never narrower than a line of so many average letters."""

LEAST_LINES = 14
"""Least height of the area that is scrolled, in lines of text."""

GIVEN_LINES = 8
"""Input and references may always be so high, in lines of text."""


class CardGrid(QWidget):
    """What outputs are read with (input, references), and the outputs: one card each.

    Cards of a row are equally wide. All stand in one row where they fit; else the outputs keep
    together below the others.

    Signals:
        arranged: cards have other widths.
    """

    arranged = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._given: list[QWidget] = []
        self._outputs: list[QWidget] = []
        self._rows: list[list[QWidget]] = []
        self._boxes: list[QHBoxLayout] = []
        self._lines = vbox(1, parent=self, spacing=SPACE_M)

    @property
    def rows(self) -> list[list[QWidget]]:
        """The cards as they stand, from the top."""
        return [list(row) for row in self._rows]

    @property
    def rows_of_outputs(self) -> list[list[QWidget]]:
        """Those that hold outputs alone."""
        return [row for row in self._rows if all(card in self._outputs for card in row)]

    @property
    def is_stacked(self) -> bool:
        """Whether each card stands below the one before."""
        return all(len(row) == 1 for row in self._rows)

    def row_height(self, row: Sequence[QWidget]) -> int:
        """Height of the highest card of a row."""
        width = (self.width() - SPACE_M * (len(row) - 1)) // len(row)
        return max(card.heightForWidth(width) for card in row)

    def set_cards(self, given: Sequence[QWidget], outputs: Sequence[QWidget]) -> None:
        """Show these cards; the outputs before are deleted."""
        for card in self._outputs:
            for box in self._boxes:
                box.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._given, self._outputs, self._rows = list(given), list(outputs), []
        self._arrange()

    def card_width(self) -> int:
        """The least width of a card, in pixels."""
        return self.fontMetrics().averageCharWidth() * (LINE_CHARS + 2)

    def minimumSizeHint(self) -> QSize:
        """The width of one card."""
        return QSize(self.card_width(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put as many cards in a row as fit."""
        super().resizeEvent(event)
        self._arrange()
        if event.size().width() != event.oldSize().width():
            self.arranged.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit to another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        fitting = max(1, (self.width() + SPACE_M) // (self.card_width() + SPACE_M))
        rows = arrange(self._given, self._outputs, fitting)
        if rows == self._rows:
            return
        self._rows = rows
        for old in self._boxes:
            for card in (*self._given, *self._outputs):
                old.removeWidget(card)
            self._lines.removeItem(old)
            old.deleteLater()
        self._boxes = []
        for row in rows:
            box = QHBoxLayout()
            box.setSpacing(SPACE_M)
            self._lines.insertLayout(len(self._boxes), box)
            self._boxes.append(box)
            for card in row:
                box.addWidget(card, 1)
                card.setMinimumWidth(self.card_width())
        self.updateGeometry()
        self.arranged.emit()


class CardArea(QScrollArea):
    """Scrolls a grid of cards from top to bottom.

    Signals:
        resized: it has another size.
    """

    resized = Signal()

    def __init__(self, grid: CardGrid) -> None:
        super().__init__()
        self._grid = grid
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(grid)

    def given_height(self) -> int:
        """What the highest card beside or above the outputs may take, so that all are seen.

        Where that is too little, half of the area; then the area scrolls. Cards below each other
        may fill it.
        """
        height = self.viewport().height()
        if self._grid.is_stacked:
            return max(height, GIVEN_LINES * self._line())
        outputs = sum(self._grid.row_height(row) + SPACE_M for row in self._grid.rows_of_outputs)
        return max(height - outputs, height // 2, GIVEN_LINES * self._line())

    def minimumSizeHint(self) -> QSize:
        """A card wide, and some lines high."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._grid.card_width() + bar, LEAST_LINES * self._line())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the new size."""
        super().resizeEvent(event)
        self.resized.emit()

    def _line(self) -> int:
        return self.fontMetrics().lineSpacing()


def arrange(
    given: Sequence[QWidget], outputs: Sequence[QWidget], fitting: int
) -> list[list[QWidget]]:
    """The cards in rows of at most `fitting`, those of a kind evenly."""
    if fitting >= len(given) + len(outputs):
        return [[*given, *outputs]]
    return [*_evenly(given, fitting), *_evenly(outputs, fitting)]


def _evenly(cards: Sequence[QWidget], most: int) -> list[list[QWidget]]:
    lines = -(-len(cards) // most)
    size = -(-len(cards) // max(lines, 1))
    return [list(cards[start : start + size]) for start in range(0, len(cards), max(size, 1))]
