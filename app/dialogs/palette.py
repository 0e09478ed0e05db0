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
    QWidget,
)

from app.assets import icon
from app.qt.boxes import vbox
from app.qt.sizes import icon_size, room, row_height, set_minimum_chars
from app.shell.actions import ActionEntry, ActionRegistry, why_not
from app.theme import SPACE_S
from app.widgets.plain_delegate import PlainDelegate

ROWS_SHOWN = 12
ENTRY_ROLE = Qt.ItemDataRole.UserRole
KEYS_ROLE = Qt.ItemDataRole.UserRole + 1
"""What stands at the right: the keys of an action, or why it cannot be done now."""


class CommandPalette(QDialog):
    """A search line over a list of actions; Enter runs the one that is marked.

    Args:
        has_project: whether a project is open; without one, that is why much cannot be done.
    """

    def __init__(
        self, actions: ActionRegistry, *, has_project: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Command palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._entries = actions.all()
        self._has_project = has_project
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
        self.list.setIconSize(icon_size())
        blank = QPixmap(icon_size())
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        vbox(self.field, self.list, parent=self, margins=SPACE_S)
        set_minimum_chars(self, 76)
        self.list.setMinimumHeight(min(row_height() * ROWS_SHOWN, room().height() // 2))
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self.run_current)
        self.list.itemActivated.connect(lambda _item: self.run_current())
        self.list.itemClicked.connect(lambda _item: self.run_current())
        self._filter("")

    def titles(self) -> list[str]:
        """The names listed now, best first."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def run_current(self) -> None:
        """Close and trigger the marked action, if it can be done."""
        item = self.list.currentItem()
        entry: ActionEntry | None = item.data(ENTRY_ROLE) if item is not None else None
        if entry is not None and entry.action.isEnabled():
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
            (not entry.action.isEnabled(), score, place)
            for place, entry in enumerate(self._entries)
            if (score := match_score(text, entry.title)) is not None
        )
        self.list.clear()
        for disabled, _score, place in ranked:
            entry = self._entries[place]
            item = QListWidgetItem(entry.title)
            picture = entry.action.icon()
            item.setIcon(QIcon(picture.pixmap(icon_size(), QIcon.Mode.Disabled)) if disabled else
                         self._blank if picture.isNull() else picture)  # fmt: skip
            note = entry.action.shortcut().toString()
            if disabled:
                note = why_not(entry, has_project=self._has_project)
                faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
                item.setForeground(faint)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}, not now: {note}")
            item.setData(KEYS_ROLE, note)
            item.setData(ENTRY_ROLE, entry)
            self.list.addItem(item)
        self.list.setCurrentRow(0)


class _KeysDelegate(PlainDelegate):
    """Writes the keys, or the reason, at the right end of a row, in the room that is left."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        painter.save()
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        metrics = option.fontMetrics
        used = icon_size().width() + metrics.horizontalAdvance(index.data()) + 4 * SPACE_S
        space = option.rect.adjusted(used, 0, -SPACE_S, 0)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        end = Qt.TextElideMode.ElideRight
        note = metrics.elidedText(index.data(KEYS_ROLE), end, space.width())
        painter.drawText(space, int(flags), note)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), row_height())


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
