"""The panel of columns and their roles, and the menu that sets a role."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QActionGroup, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QMenu,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from app.pages.data.current import CurrentDataset
from app.pages.data.edits import moved, with_role
from app.pages.data.mapping.answer_box import AnswerBox
from app.pages.data.words import role_hint
from app.ports import Client
from app.qt.boxes import hbox, vbox
from app.qt.table_model import Index, TableColumn, TableModel
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import MutedLabel
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.table_view import TableView
from engine.contract.errors import UserError
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import ROLES_FOR, Column, Role

NAME, ROLE = 0, 1
ORDER_HINTS = {
    AnswerKind.TEXT: "Fields appear in the input in this order.",
    AnswerKind.LABEL: "Sources are read in this order.",
    AnswerKind.TAGS: "The source holds the words: separated by spaces, or a list.",
    AnswerKind.SPAN: "The source holds the answer, and fields the question.",
}
NAME_COLUMN = TableColumn[Column](
    "Column", lambda column: column.name, tip=lambda column: column.name
)


class MappingPanel(QWidget):
    """A role menu a column; the order is the one in which fields are written."""

    def __init__(self, current: CurrentDataset, client: Client, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self.answer = AnswerBox(current, client)
        columns = (
            NAME_COLUMN,
            TableColumn[Column](
                "Role",
                lambda column: column.role.value,
                tip=lambda column: role_hint(column.role, current.mapping.answer),
                spoken=lambda column: f"{column.name}, role {column.role.value}",
            ),
        )
        self.model = TableModel[Column](columns, parent=self, key=lambda column: column.name)
        self.table = TableView("Columns and their roles")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(ROLE, _RoleDelegate(self.table))
        self.table.clicked.connect(self._on_clicked)
        self.table.activated.connect(self.open_menu)
        key = QShortcut(QKeySequence("F2"), self.table)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(lambda: self.open_menu(self.table.currentIndex()))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(ROLE, QHeaderView.ResizeMode.ResizeToContents)
        self.hint = MutedLabel(theme)
        self.up = self._button("Move this column up", "Alt+Up", -1)
        self.down = self._button("Move this column down", "Alt+Down", 1)
        self.up.setArrowType(Qt.ArrowType.UpArrow)
        self.down.setArrowType(Qt.ArrowType.DownArrow)
        top = Qt.AlignmentFlag.AlignTop
        vbox(
            self.answer,
            (self.table, 1),
            hbox((self.hint, 1), (self.up, 0, top), (self.down, 0, top)),
            parent=self,
            margins=(SPACE_S, SPACE_M, SPACE_S, SPACE_S),
            spacing=SPACE_S,
        )
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        self.table.selectionModel().currentRowChanged.connect(self._show_order)
        self._show()

    def open_menu(self, index: QModelIndex) -> None:
        """Let the user choose the role of the column in this row."""
        # Where one click activates a cell, it is also clicked: one menu is enough.
        if index.isValid() and QApplication.activePopupWidget() is None:
            cell = self.table.visualRect(index.siblingAtColumn(ROLE))
            self._popup([self.model.rows[index.row()].name], cell.bottomLeft())

    def _button(self, tip: str, keys: str, step: int) -> QToolButton:
        button = flat_button("", f"{tip} ({keys})", lambda: self._move(step), name=tip)
        button.setShortcut(QKeySequence(keys))
        return button

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.column() == ROLE:
            self.open_menu(index)

    def _move(self, step: int) -> None:
        row = self.table.currentIndex().row()
        if row < 0:
            return
        name, way = self.model.rows[row].name, "up" if step < 0 else "down"
        self._current.edit(f"Move ‘{name}’ {way}", lambda entry: moved(entry, name, step))
        self.table.select_row(self.model.row_where(name))

    def _show(self) -> None:
        mapping = self._current.mapping
        if mapping.columns != self.model.rows:
            self.model.set_rows(mapping.columns)
        try:
            mapping.check_trainable()
            self.hint.setText(ORDER_HINTS[mapping.answer])
        except UserError as error:
            self.hint.setText(error.message)
        self._show_order()

    def _show_order(self) -> None:
        row = self.table.currentIndex().row()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < self.model.rowCount() - 1)

    def _show_menu(self, at: QPoint) -> None:
        names = [self.model.rows[row].name for row in self.table.selected_rows()]
        if names:
            self._popup(names, at)

    def _popup(self, names: Collection[str], at: QPoint) -> None:
        menu = role_menu(self, self._current, names)
        menu.popup(self.table.viewport().mapToGlobal(at))


class _RoleDelegate(PlainDelegate):
    """Draws a cell as a combobox: a click opens a menu."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box = QStyleOptionComboBox()
        box.rect = option.rect.adjusted(1, 1, -1, -1)
        box.palette = option.palette
        box.fontMetrics = option.fontMetrics
        box.state = QStyle.StateFlag.State_Enabled
        box.currentText = str(index.data())
        super().paint(painter, option, QModelIndex())
        style = QApplication.style()
        style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, box, painter)
        style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, box, painter)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return super().sizeHint(option, index) + QSize(32, 8)


def role_menu(parent: QWidget, current: CurrentDataset, names: Collection[str]) -> QMenu:
    """A menu that sets the role of these columns, with a mark at the one they have."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    title = f"Role of ‘{next(iter(names))}’" if len(names) == 1 else f"Role of {len(names)} columns"
    menu.addSection(title)
    menu.setAccessibleName(title)
    roles = {column.role for column in current.mapping.columns if column.name in names}
    group = QActionGroup(menu)
    answer = current.mapping.answer
    offered = [role for role in Role if role in ROLES_FOR[answer] or role in roles]
    for role in offered:
        action = menu.addAction(role.value)
        action.setCheckable(True)
        action.setChecked(roles == {role})
        action.setToolTip(role_hint(role, answer))
        group.addAction(action)
        action.triggered.connect(partial(set_role, current, tuple(names), role))
    return menu


def set_role(current: CurrentDataset, names: Collection[str], role: Role) -> bool:
    """Give columns a role as one undoable edit; False where it was refused."""
    several = f"roles of {len(names)} columns"
    what = f"role of ‘{next(iter(names))}’" if len(names) == 1 else several
    text = f"Set {what} to {role.value}"
    return current.edit(text, lambda entry: with_role(entry, names, role))
