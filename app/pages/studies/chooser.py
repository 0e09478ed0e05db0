"""What a study is, and the recipes of the paper to begin one with."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCommandLinkButton,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.assets import icon
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.labels import Label, MutedLabel
from engine.contract.recipes import RECIPES
from engine.contract.study import StudyKind

CARD_CHARS = 46
EXPLANATION = (
    "A study trains runs that differ in what is studied and in nothing else: the same data, "
    "held-out inputs and decoding, with several seeds. It ends in a figure and a table with "
    "intervals. Each of these is a figure or table of Li & Liang (2021), to be made on your data."
)


class RecipeChooser(QScrollArea):
    """A button a recipe.

    Signals:
        chosen: `StudyKind`.
    """

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Recipes of studies")
        self.heading = Label("Make one of the paper's figures on your own data")
        self.heading.setFont(scaled_font(130, bold=True))
        self.heading.setWordWrap(True)
        self.buttons: dict[StudyKind, QCommandLinkButton] = {}
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
        layout = QVBoxLayout(body)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addStretch(1)
        layout.addWidget(self.heading)
        layout.addWidget(MutedLabel(theme, EXPLANATION))
        layout.addLayout(self._grid)
        layout.addStretch(2)
        self.setWidget(body)
        self._arrange()

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


class _Card(QCommandLinkButton):
    """Qt's own counts on a platform's theme for its height; this one counts its lines."""

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(min(hint.width(), self.fontMetrics().averageCharWidth() * 30), hint.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
