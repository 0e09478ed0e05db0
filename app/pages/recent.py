"""The list of recent projects on the Start page."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeyEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QSizePolicy, QWidget

from app.assets import icon
from app.context import AppContext
from app.models.recent_work import RecentWork
from app.qt.boxes import hbox, vbox
from app.qt.sizes import chars, icon_side
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme, scaled_font
from app.widgets.buttons import flat_button
from app.widgets.labels import MutedLabel
from app.words import from_home

NO_PROJECTS = "None yet. A project is one folder with its data, runs and prefixes."


class RecentList(QScrollArea):
    """Recent projects with what is at work; missing ones are greyed, each can be removed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Recent projects")
        self.viewport().setAutoFillBackground(False)
        self.work = RecentWork(self)
        self.work.changed.connect(self._show_work)
        context.settings.recent_changed.connect(self.fill)
        self.fill()

    def rows(self) -> list[RecentRow]:
        """One row a project, the latest first."""
        return list(self._rows)

    def showEvent(self, event: QShowEvent) -> None:
        """See which folders have gone or come back, and what is at work."""
        super().showEvent(event)
        self.fill()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop watching."""
        super().hideEvent(event)
        self.work.stop()

    def fill(self) -> None:
        """List the projects as they are now."""
        before = self.takeWidget()
        if before is not None:
            before.deleteLater()  # a row of it may have sent the signal that led here
        self._rows = [
            RecentRow(self._context, path) for path in self._context.settings.recent_projects
        ]
        inside = QWidget()
        inside.setAutoFillBackground(False)
        hint = () if self._rows else (MutedLabel(self._context.theme, NO_PROJECTS),)
        vbox(*self._rows, *hint, 1, parent=inside, margins=(0, 0, SPACE_XS, 0), spacing=2)
        self.setWidget(inside)
        self._show_work()
        if self.isVisible():
            self.work.stop()
            self.work.start([row.path for row in self._rows if not row.is_missing])

    def _show_work(self) -> None:
        for row in self._rows:
            name = self.work.names.get(row.path, "")
            row.button.set_words(name, self.work.words.get(row.path, ""))


class RecentRow(QWidget):
    """A project in the list: a button that opens it, and one that removes it from the list."""

    def __init__(self, context: AppContext, path: Path) -> None:
        super().__init__()
        self.path = path
        self.is_missing = not path.is_dir()
        self.button = _ProjectButton(context.theme, path, missing=self.is_missing)
        self.button.clicked.connect(partial(context.navigator.open_path, path))
        tip, name = "Remove from this list; the folder stays", f"Take {path.name} off the list"
        remove = partial(context.settings.remove_recent, path)
        self.button.remove_asked.connect(remove)
        self.remove_button = flat_button("close", tip, remove, name=name)
        hbox((self.button, 1), self.remove_button, parent=self, spacing=SPACE_XS)


class _ProjectButton(QAbstractButton):
    """Name over folder; Enter opens, Delete takes off the list."""

    remove_asked = Signal()

    def __init__(self, theme: Theme, path: Path, *, missing: bool) -> None:
        super().__init__()
        self._theme, self._path = theme, path
        self.setEnabled(not missing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._missing = " (missing)" if missing else ""
        self.setToolTip(str(path))
        self.set_words("", "")

    def words(self) -> tuple[str, str]:
        """What the project is called, and what goes on in it or ""."""
        return self._name, self._work

    def set_words(self, name: str, work: str) -> None:
        """Say what the project is called, if that is known, and what goes on in it."""
        self._name, self._work = name or self._path.name, work
        same = self._name == self._path.name
        self._where = from_home(self._path.parent if same else self._path) + self._missing
        self.setAccessibleName(f"Open {self._name}")
        self.setAccessibleDescription(f"{work}; {self._where}" if work else self._where)
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of text."""
        height = 2 * self.fontMetrics().height() + SPACE_S + SPACE_XS
        return QSize(chars(24), height)

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
        colors, metrics = self._theme.colors, self.fontMetrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.accent if self.hasFocus() else Qt.PenStyle.NoPen)
        pointed = self.underMouse() and self.isEnabled()
        painter.setBrush(colors.accent_fill if pointed else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        side = icon_side(125)
        left = SPACE_S + side + SPACE_M
        width = self.width() - left - SPACE_S
        if not self.isEnabled():
            painter.setOpacity(0.6)
        folder = QRect(SPACE_S, (self.height() - side) // 2, side, side)
        icon("folder", colors.muted).paint(painter, folder)
        top = QRect(left, SPACE_XS + 1, width, metrics.height())
        bold, end = scaled_font(100, bold=True), Qt.TextElideMode.ElideRight
        painter.setFont(bold)
        painter.setPen(colors.text if self.isEnabled() else colors.muted)
        work = metrics.elidedText(self._work, end, width // 2)
        work_width = metrics.horizontalAdvance(work) + SPACE_M if work else 0
        name = QFontMetrics(bold).elidedText(self._name, end, width - work_width)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(self.font())
        painter.setPen(colors.good)
        painter.drawText(top, Qt.AlignmentFlag.AlignRight, work)
        painter.setPen(colors.muted)
        where = metrics.elidedText(self._where, Qt.TextElideMode.ElideMiddle, width)
        bottom = top.translated(0, metrics.height() + 2)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft, where)
