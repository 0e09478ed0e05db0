"""The panel of columns and their roles."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QActionGroup, QKeySequence
from PySide6.QtWidgets import QHeaderView, QMenu, QToolButton, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.mapping_model import NAME, ROLE, MappingModel, set_role
from app.pages.data.mapping.role_delegate import RoleDelegate
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView
from engine.contract.errors import UserError
from engine.contract.specs.data import Role


class MappingPanel(QWidget):
    """A role menu a column; the order is the one in which fields are written."""

    def __init__(self, current: CurrentDataset, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self.model = MappingModel(current, self)
        self.table = TableView("Columns and their roles")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(ROLE, RoleDelegate(self.table))
        self.table.setEditTriggers(TableView.EditTrigger.EditKeyPressed)
        self.table.clicked.connect(self._edit)
        self.table.activated.connect(lambda index: self._edit(index.siblingAtColumn(ROLE)))
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
        order = hbox(
            (self.hint, 1),
            (self.up, 0, Qt.AlignmentFlag.AlignTop),
            (self.down, 0, Qt.AlignmentFlag.AlignTop),
        )
        vbox(
            (self.table, 1),
            order,
            parent=self,
            margins=(SPACE_S, SPACE_M, SPACE_S, SPACE_S),
            spacing=SPACE_S,
        )
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        self.table.selectionModel().currentRowChanged.connect(self._show)
        self._show()

    def _button(self, tip: str, keys: str, step: int) -> QToolButton:
        button = flat_button("", f"{tip} ({keys})", lambda: self._move(step), name=tip)
        button.setShortcut(QKeySequence(keys))
        return button

    def _edit(self, index: QModelIndex) -> None:
        if index.column() == ROLE:
            self.table.edit(index)

    def _move(self, step: int) -> None:
        row = self.table.currentIndex().row()
        if row < 0:
            return
        name = self.model.rows[row].name
        self.model.move(row, step)
        self.table.select_row(self.model.row_where(name))

    def _show(self) -> None:
        try:
            self._current.mapping.check_trainable()
            self.hint.setText("Fields appear in the input in this order.")
        except UserError as error:
            self.hint.setText(error.message)
        row = self.table.currentIndex().row()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < self.model.rowCount() - 1)

    def _show_menu(self, place: QPoint) -> None:
        rows = self.table.selected_rows()
        names = [self.model.rows[row].name for row in rows]
        if names:
            menu = role_menu(self, self._current, names)
            menu.popup(self.table.viewport().mapToGlobal(place))


def role_menu(parent: QWidget, current: CurrentDataset, names: Collection[str]) -> QMenu:
    """A menu that sets the role of these columns, with a mark at the one they have."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    title = f"Role of ‘{next(iter(names))}’" if len(names) == 1 else f"Role of {len(names)} columns"
    menu.addSection(title)
    menu.setAccessibleName(title)
    held = {column.role for column in current.mapping.columns if column.name in names}
    group = QActionGroup(menu)
    for role, words in ROLE_TITLES.items():
        action = menu.addAction(words)
        action.setCheckable(True)
        action.setChecked(held == {role})
        action.setToolTip(ROLE_HINTS[role])
        group.addAction(action)
        action.triggered.connect(_setter(current, tuple(names), role))
    return menu


def _setter(current: CurrentDataset, names: tuple[str, ...], role: Role) -> Callable[[bool], bool]:
    return lambda _checked: set_role(current, names, role)
