"""The command palette: every action by typing a part of its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import ActionEntry, ActionRegistry
from app.assets import icon
from app.theme import SPACE_S
from app.widgets.plain_delegate import PlainDelegate

ROWS_SHOWN = 12
ICON_SIZE = QSize(16, 16)
KEYS_ROLE = Qt.ItemDataRole.UserRole + 1


class CommandPalette(QDialog):
    """A search line over a list of actions; Enter runs the one that is marked."""

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Command palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._entries = [entry for entry in actions.all() if entry.action.isEnabled()]
        self.field = QLineEdit()
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setAccessibleName("Search for a command")
        self.field.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_KeysDelegate(self.list))
        self.list.setIconSize(ICON_SIZE)
        blank = QPixmap(ICON_SIZE)
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_S, SPACE_S, SPACE_S, SPACE_S)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        metrics = self.fontMetrics()
        self.list.setMinimumWidth(metrics.averageCharWidth() * 64)
        self.list.setMinimumHeight((metrics.height() + SPACE_S) * ROWS_SHOWN)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self.run_current)
        self.list.itemActivated.connect(lambda _item: self.run_current())
        self.list.itemClicked.connect(lambda _item: self.run_current())
        self._filter("")

    def titles(self) -> list[str]:
        """The names listed now, best first."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def run_current(self) -> None:
        """Close and trigger the marked action."""
        item = self.list.currentItem()
        if item is not None:
            entry: ActionEntry = item.data(Qt.ItemDataRole.UserRole)
            self.accept()
            entry.action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down move the mark while the search line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
            step = steps.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        ranked = sorted(
            (score, place)
            for place, entry in enumerate(self._entries)
            if (score := match_score(text, entry.title)) is not None
        )
        self.list.clear()
        for _score, place in ranked:
            entry = self._entries[place]
            item = QListWidgetItem(entry.title)
            item.setIcon(entry.action.icon() if not entry.action.icon().isNull() else self._blank)
            item.setData(KEYS_ROLE, entry.action.shortcut().toString())
            item.setData(Qt.ItemDataRole.UserRole, entry)
            self.list.addItem(item)
        self.list.setCurrentRow(0)


class _KeysDelegate(PlainDelegate):
    """Writes the keys at the right end of a row."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        painter.save()
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        room = option.rect.adjusted(0, 0, -SPACE_S, 0)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, int(flags), index.data(KEYS_ROLE))
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width(), max(size.height(), option.fontMetrics.height() + SPACE_S))


def match_score(typed: str, title: str) -> int | None:
    """How well `typed` fits, lower is better; None where its letters are not all there.

    A part of the title beats letters scattered over it, an early part a late one.
    """
    letters, text = typed.casefold().replace(" ", ""), title.casefold()
    place = text.find(typed.casefold().strip())
    if place >= 0:
        return place
    position, gaps = -1, 0
    for letter in letters:
        found = text.find(letter, position + 1)
        if found < 0:
            return None
        gaps += found - position - 1
        position = found
    return 100 + gaps
