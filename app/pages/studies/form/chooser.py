"""What a study is, and the recipes of the paper to begin one with."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from app.assets import icon
from app.qt.boxes import vbox
from app.qt.sizes import chars, icon_side
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.labels import Label, MutedLabel
from app.widgets.vertical_area import VerticalArea
from engine.contract.studies.recipes import RECIPES, StudyKind

CARD_CHARS = 46
EXPLANATION = (
    "A study trains runs that differ only in what is varied: the data, held-out inputs and "
    "decoding are the same, with several seeds. It produces a figure and a table with confidence "
    "intervals. Each recipe reproduces a figure or table of Li & Liang (2021) on your data."
)


class RecipeChooser(VerticalArea):
    """A button a recipe.

    Signals:
        chosen: `StudyKind`.
    """

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Recipes of studies")
        self.heading = Label("Reproduce one of the paper's figures on your own data")
        self.heading.setFont(scaled_font(130, bold=True))
        self.heading.setWordWrap(True)
        self.buttons: dict[StudyKind, QPushButton] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE_S)
        for kind, recipe in RECIPES.items():
            words = f"{recipe.question} ({recipe.source})"
            button = _Card(recipe.title, words)
            button.setIcon(icon("studies"))
            button.setAccessibleName(f"{recipe.title}: {words}")
            button.clicked.connect(lambda _checked=False, kind=kind: self.chosen.emit(kind))
            self.buttons[kind] = button
        body = QWidget()
        vbox(
            1,
            self.heading,
            MutedLabel(theme, EXPLANATION),
            self._grid,
            2,
            parent=body,
            margins=SPACE_L,
            spacing=SPACE_M,
        )
        self.setWidget(body)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """As wide as one card: they stand in fewer columns where there is less room."""
        bar = self.verticalScrollBar().sizeHint().width()
        width = max(card.minimumSizeHint().width() for card in self.buttons.values())
        return QSize(width + 2 * SPACE_L + bar, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many columns as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        a_card = max(self.fontMetrics().averageCharWidth() * CARD_CHARS, 1)
        columns = max(1, min((self.viewport().width() - 2 * SPACE_L) // a_card, 3))
        for number, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, number // columns, number % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


class _Card(QPushButton):
    """An icon, a title and what it means below; Qt's own has letters of one size for ever."""

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self._title, self._words = title, words
        self.setFlat(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """Wide enough for a few words a line."""
        return QSize(chars(30), self.heightForWidth(chars(30)))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def heightForWidth(self, width: int) -> int:
        """Height of the title and the lines below."""
        return self._lines(width).height() + self.fontMetrics().lineSpacing() + 2 * SPACE_S

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground while pointed at, icon, title, words."""
        painter, left = QPainter(self), SPACE_M + icon_side() + SPACE_S
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.icon = QIcon()  # it stands beside the title
        self.style().drawControl(QStyle.ControlElement.CE_PushButton, option, painter, self)
        colors, line = self.palette(), self.fontMetrics().lineSpacing()
        self.icon().paint(painter, SPACE_M, SPACE_S, icon_side(), icon_side())
        painter.setFont(scaled_font(100, bold=True))
        painter.setPen(colors.color(QPalette.ColorRole.ButtonText))
        room = self.rect().adjusted(left, SPACE_S, -SPACE_S, 0)
        painter.drawText(room, 0, self._title)
        painter.setFont(self.font())
        painter.setPen(colors.color(QPalette.ColorRole.PlaceholderText))
        words = self._lines(self.width()).translated(left, SPACE_S + line)
        painter.drawText(words, int(Qt.TextFlag.TextWordWrap), self._words)

    def _lines(self, width: int) -> QRect:
        room = QRect(0, 0, width - SPACE_M - icon_side() - 2 * SPACE_S, 10_000)
        return self.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), self._words)
