"""What a study is, and the recipes of the paper to begin one with."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from app.assets import icon
from app.qt.boxes import fill_grid, hbox, vbox
from app.qt.sizes import chars, icon_size
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.labels import Label, MutedLabel
from app.widgets.vertical_area import VerticalArea
from engine.contract.studies.recipes import RECIPES, StudyKind

CARD_CHARS = 46
EXPLANATION = (
    "A study trains runs that differ only in what is varied: the data, held-out inputs and "
    "task are the same, with several seeds. It produces a figure and a table with confidence "
    "intervals. Each recipe reproduces a figure or table on your data: of Li & Liang (2021), where "
    "no other paper is named."
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
        self.heading = Label("Reproduce a paper's figure on your own data")
        self.heading.setFont(scaled_font(130, bold=True))
        self.heading.setWordWrap(True)
        self.buttons: dict[StudyKind, QPushButton] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE_S)
        for kind, recipe in RECIPES.items():
            button = _Card(theme, recipe.title, f"{recipe.question} ({recipe.source})")
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
        """Use as many columns as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = (self.viewport().width() - 2 * SPACE_L) // chars(CARD_CHARS)
        fill_grid(self._grid, [*self.buttons.values()], max(1, min(columns, 3)))


class _Card(QPushButton):
    """An icon, a title and what it means below."""

    def __init__(self, theme: Theme, title: str, words: str) -> None:
        super().__init__()
        self.setFlat(True)
        self.setAccessibleName(f"{title}: {words}")
        self._sign, heading, text = Label(), Label(title), MutedLabel(theme, words)
        heading.setFont(scaled_font(100, bold=True))
        for label in (self._sign, heading, text):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            label.setForegroundRole(QPalette.ColorRole.WindowText)  # not the button's
        lines = vbox(heading, text, 1, spacing=0)
        top = Qt.AlignmentFlag.AlignTop
        margins = (SPACE_M, SPACE_S, SPACE_S, SPACE_S)
        hbox((self._sign, 0, top), (lines, 1), parent=self, margins=margins, spacing=SPACE_S)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self._draw_sign)
        self._draw_sign()

    def sizeHint(self) -> QSize:
        """Wide enough for a few words a line."""
        return QSize(chars(30), self.heightForWidth(chars(30)))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def _draw_sign(self) -> None:
        self._sign.setPixmap(icon("studies").pixmap(icon_size(), self.devicePixelRatio()))
