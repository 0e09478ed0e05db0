"""The Start page: begin with a table, or go on with a recent project."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from app.assets import application_icon
from app.context import AppContext
from app.pages.recent import RecentList
from app.qt.boxes import Gap, hbox, vbox
from app.qt.sizes import chars, icon_size, row_height
from app.shell.page import Page
from app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL, Theme, scaled_font
from app.widgets.labels import MutedLabel, SectionHeader

WELCOME = (
    "Drop a table with texts anywhere on this window. See what the model will see, train a prefix "
    "and a fine-tuned baseline of the same language model, watch both learn, and read their "
    "outputs side by side. The prefix is a small file of its own."
)
BESIDE_CHARS = 100
"""The page's width from which its two columns have room beside each other."""
BUTTONS = (
    "project.new_from_table", "project.sample", "project.example", "project.open", "project.new"
)  # fmt: skip


class StartPage(Page):
    """What to do first at the left, recent projects at the right."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        left = vbox(
            _Heading(),
            Gap(SPACE_S),
            MutedLabel(context.theme, WELCOME),
            Gap(SPACE_M),
            spacing=SPACE_S,
        )
        self.buttons: dict[str, QPushButton] = {}
        for ident in BUTTONS:
            self.buttons[ident] = self._button(context, ident)
            left.addWidget(self.buttons[ident])
        left.addSpacing(SPACE_M)
        self.drop_zone = DropZone(context.theme)
        left.addWidget(self.drop_zone, 1)
        left.addStretch(1)
        self.recent = RecentList(context)
        right = vbox(SectionHeader("Recent projects"), (self.recent, 1), spacing=SPACE_S)
        columns = self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        columns.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_L)
        columns.setSpacing(2 * SPACE_XL)
        columns.addLayout(left, 2)
        columns.addLayout(right, 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put recent projects below where there is no room beside."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Look again at another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        narrow = self.width() < chars(BESIDE_CHARS)
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)
        self._columns.setSpacing(SPACE_L if narrow else 2 * SPACE_XL)
        self.recent.setMinimumHeight(6 * row_height() if narrow else 0)
        self.drop_zone.setVisible(not narrow)

    def _button(self, context: AppContext, ident: str) -> QPushButton:
        action = context.actions.get(ident)
        button = QPushButton(action.icon(), f"  {action.text().replace('&', '')}")
        button.setStyleSheet("text-align: left; padding: 6px 8px;")
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button


class _Heading(QWidget):
    """The program's picture and name."""

    def __init__(self) -> None:
        super().__init__()
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(icon_size(275), self.devicePixelRatio()))
        name = QLabel("Prefix Workbench")
        name.setFont(scaled_font(180, bold=True))
        name.setWordWrap(True)
        hbox(picture, (name, 1), parent=self, spacing=SPACE_M)


class DropZone(QWidget):
    """Says that files can be dropped; the whole window takes them."""

    TEXT = "or drop a table, a project or a prefix anywhere"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(self.TEXT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMaximumHeight(8 * SPACE_L)

    def minimumSizeHint(self) -> QSize:
        """Room for the sentence on two lines."""
        return QSize(chars(24), 2 * self.fontMetrics().lineSpacing() + 2 * SPACE_M)

    def sizeHint(self) -> QSize:
        """A little more."""
        return self.minimumSizeHint() + QSize(0, SPACE_L)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dashed frame with the sentence."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colors.line, 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 8, 8)
        painter.setPen(self._theme.colors.muted)
        words = self.rect().adjusted(SPACE_M, SPACE_M, -SPACE_M, -SPACE_M)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(words, int(flags), self.TEXT)
