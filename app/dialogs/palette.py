"""The command palette: every action by typing a part of its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPalette, QPixmap
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QWidget

from app.assets import icon
from app.qt.boxes import vbox
from app.qt.sizes import icon_size, room, row_height, set_minimum_chars
from app.qt.table_model import RIGHT, ROW_ROLE, TableColumn, TableModel
from app.shell.actions import ActionEntry, ActionRegistry, why_not
from app.theme import SPACE_S
from app.widgets.table_view import TableView

ROWS_SHOWN = 12
Column = TableColumn[ActionEntry]


class CommandPalette(QDialog):
    """A search line over a list of actions; Enter runs the current one.

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
        blank = QPixmap(icon_size())
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)
        self._faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
        self.model = TableModel[ActionEntry](self._columns(), parent=self)
        self.list = TableView("Commands")
        self.list.setModel(self.model)
        self.list.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.list.setAlternatingRowColors(False)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = self.list.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.hide()
        vbox(self.field, self.list, parent=self, margins=SPACE_S)
        set_minimum_chars(self, 76)
        self.list.setMinimumHeight(min(row_height() * ROWS_SHOWN, room().height() // 2))
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self.run_current)
        self.list.clicked.connect(self.run_current)
        self._filter("")

    def run_current(self) -> None:
        """Close and trigger the current action, if it can be done."""
        entry: ActionEntry | None = self.list.currentIndex().data(ROW_ROLE)
        if entry is not None and entry.action.isEnabled():
            self.accept()
            entry.action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down choose another action while the search line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
            step, count = steps.get(Qt.Key(event.key())), self.model.rowCount()
            if step is not None and count:
                self.list.select_row((self.list.currentIndex().row() + step) % count)
                return True
        return super().eventFilter(watched, event)

    def _columns(self) -> tuple[Column, Column]:
        def color(entry: ActionEntry) -> object:
            return None if entry.action.isEnabled() else self._faint

        def spoken(entry: ActionEntry) -> str | None:
            off = not entry.action.isEnabled()
            return f"{entry.title}, not now: {self._note(entry)}" if off else None

        title = Column(
            "Command", lambda entry: entry.title, icon=self._icon, color=color, spoken=spoken
        )
        return title, Column("Keys", self._note, color=lambda _entry: self._faint, align=RIGHT)

    def _icon(self, entry: ActionEntry) -> QIcon:
        own = entry.action.icon()
        if own.isNull():
            return self._blank
        return (
            own if entry.action.isEnabled() else QIcon(own.pixmap(icon_size(), QIcon.Mode.Disabled))
        )

    def _note(self, entry: ActionEntry) -> str:
        """The keys of an action, or why it cannot be done now."""
        if entry.action.isEnabled():
            return entry.action.shortcut().toString()
        return why_not(entry, has_project=self._has_project)

    def _filter(self, text: str) -> None:
        ranked = sorted(
            (not entry.action.isEnabled(), score, index)
            for index, entry in enumerate(self._entries)
            if (score := match_score(text, entry.title)) is not None
        )
        self.model.set_rows([self._entries[index] for *_rank, index in ranked])
        if ranked:
            self.list.select_row(0)


def match_score(typed: str, title: str) -> int | None:
    """How well `typed` fits, lower is better; None where its letters are not all there.

    A part of the title beats letters scattered over it, an early part a late one.
    """
    letters, text = typed.casefold().replace(" ", ""), title.casefold()
    start = text.find(typed.casefold().strip())
    if start >= 0:
        return start
    position, gaps = -1, 0
    for letter in letters:
        at = text.find(letter, position + 1)
        if at < 0:
            return None
        gaps += at - position - 1
        position = at
    return 100 + gaps
