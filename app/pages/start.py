"""The Start page: begin with a table, or go on with a recent project."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.assets import application_icon, icon
from app.context import AppContext
from app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS, Theme, scaled_font
from app.widgets.labels import MutedLabel, SectionHeader
from app.words import from_home

WELCOME = (
    "Drop a table with texts anywhere on this window. You see what the model will see, train a "
    "prefix and a fine-tuned twin of the same language model, watch both, and read what they "
    "write side by side. The prefix is a small file of its own."
)
BUTTONS = (
    "project.new_from_table", "project.sample", "project.example", "project.open", "project.new"
)  # fmt: skip


class StartPage(QWidget):
    """What to do first at the left, recent projects at the right."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        left = QVBoxLayout()
        left.setSpacing(SPACE_S)
        left.addWidget(_Heading())
        left.addSpacing(SPACE_S)
        left.addWidget(MutedLabel(context.theme, WELCOME))
        left.addSpacing(SPACE_M)
        self.buttons: dict[str, QPushButton] = {}
        for ident in BUTTONS:
            self.buttons[ident] = self._button(context, ident)
            left.addWidget(self.buttons[ident])
        left.addSpacing(SPACE_M)
        left.addWidget(DropZone(context.theme), 1)
        left.addStretch(1)
        self.recent = RecentList(context)
        right = QVBoxLayout()
        right.setSpacing(SPACE_S)
        right.addWidget(SectionHeader("Recent projects"))
        right.addWidget(self.recent, 1)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_L)
        columns.setSpacing(2 * SPACE_XL)
        columns.addLayout(left, 2)
        columns.addLayout(right, 3)

    def _button(self, context: AppContext, ident: str) -> QPushButton:
        action = context.actions.get(ident)
        button = QPushButton(action.icon(), f"  {action.text().replace('&', '')}")
        button.setIconSize(QSize(20, 20))
        button.setMinimumHeight(button.fontMetrics().height() + 2 * SPACE_S)
        button.setStyleSheet("text-align: left; padding-left: 8px;")
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
        picture.setPixmap(application_icon().pixmap(QSize(44, 44), self.devicePixelRatio()))
        name = QLabel("Prefix Workbench")
        name.setFont(scaled_font(180, bold=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(picture)
        layout.addWidget(name, 1)


class DropZone(QWidget):
    """Says that files can be dropped; the whole window takes them."""

    TEXT = "or drop a table, a project or a prefix anywhere"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(self.TEXT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(4 * SPACE_L)
        self.setMaximumHeight(8 * SPACE_L)

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


class RecentList(QScrollArea):
    """Recent projects; missing ones are greyed, each can be taken off the list."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Recent projects")
        self.viewport().setAutoFillBackground(False)
        context.settings.recent_changed.connect(self.fill)
        self.fill()

    def rows(self) -> list[RecentRow]:
        """One row a project, the latest first."""
        return list(self._rows)

    def fill(self) -> None:
        """List the projects as they are now."""
        before = self.takeWidget()
        if before is not None:
            before.deleteLater()  # a row of it may have sent the signal that led here
        self._rows: list[RecentRow] = []
        inside = QWidget()
        inside.setAutoFillBackground(False)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, SPACE_XS, 0)
        layout.setSpacing(2)
        theme, settings = self._context.theme, self._context.settings
        for path in settings.recent_projects:
            row = RecentRow(theme, path)
            row.opened.connect(partial(self._context.navigator.open_path, path))
            row.removed.connect(partial(settings.remove_recent, path))
            layout.addWidget(row)
            self._rows.append(row)
        if not settings.recent_projects:
            text = "None yet. A project keeps its data, runs and prefixes in one folder."
            layout.addWidget(MutedLabel(theme, text))
        layout.addStretch(1)
        self.setWidget(inside)


class RecentRow(QWidget):
    """A project in the list.

    Signals:
        opened: the user wants to open it.
        removed: the user wants it off the list.
    """

    opened = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.is_missing = not path.is_dir()
        self.button = _ProjectButton(theme, path, missing=self.is_missing)
        self.button.clicked.connect(lambda _checked=False: self.opened.emit())
        self.button.remove_asked.connect(self.removed)
        remove = QToolButton()
        remove.setAutoRaise(True)
        remove.setIcon(icon("close"))
        remove.setToolTip("Take off this list; the folder stays")
        remove.setAccessibleName(f"Take {path.name} off the list")
        remove.clicked.connect(lambda _checked=False: self.removed.emit())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self.button, 1)
        layout.addWidget(remove)


class _ProjectButton(QAbstractButton):
    """Name over folder; Enter opens, Delete takes off the list."""

    remove_asked = Signal()

    def __init__(self, theme: Theme, path: Path, *, missing: bool) -> None:
        super().__init__()
        self._theme, self._path = theme, path
        self.setText(path.name)
        self.setEnabled(not missing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        where = from_home(path.parent) + (" (missing)" if missing else "")
        self._where = where
        self.setAccessibleName(f"Open {path.name}")
        self.setAccessibleDescription(where)
        self.setToolTip(str(path))

    def sizeHint(self) -> QSize:
        """Two lines of text."""
        height = 2 * self.fontMetrics().height() + SPACE_S + SPACE_XS
        return QSize(self.fontMetrics().averageCharWidth() * 24, height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Delete removes."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground while pointed at, icon, name, folder."""
        colours, metrics = self._theme.colors, self.fontMetrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.accent if self.hasFocus() else Qt.PenStyle.NoPen)
        pointed = self.underMouse() and self.isEnabled()
        painter.setBrush(colours.accent_fill if pointed else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        left = SPACE_S + 20 + SPACE_M
        width = self.width() - left - SPACE_S
        if not self.isEnabled():
            painter.setOpacity(0.6)
        picture = icon("folder", colours.muted)
        picture.paint(painter, QRect(SPACE_S, (self.height() - 20) // 2, 20, 20))
        top = QRect(left, SPACE_XS + 1, width, metrics.height())
        bold = scaled_font(100, bold=True)
        painter.setFont(bold)
        painter.setPen(colours.text if self.isEnabled() else colours.muted)
        name = QFontMetrics(bold).elidedText(self.text(), Qt.TextElideMode.ElideRight, width)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(self.font())
        painter.setPen(colours.muted)
        where = metrics.elidedText(self._where, Qt.TextElideMode.ElideMiddle, width)
        bottom = top.translated(0, metrics.height() + 2)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft, where)
