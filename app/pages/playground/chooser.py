"""The list of systems with a tick each."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from app.pages.playground.systems import PlaygroundSystem, PlaygroundSystems
from app.qt.boxes import vbox
from app.qt.shortcuts import add_key
from app.qt.table_model import TableColumn, TableModel
from app.theme import SPACE_XS, Theme
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.search_field import SearchField
from app.widgets.swatch import style_of, swatch_pixmap
from app.widgets.table_view import TableView

MANY = 8
"""More systems than these have a line to search them with."""


class PlaygroundChooser(QWidget):
    """Which systems answer; Space or Enter ticks the current one."""

    def __init__(self, systems: PlaygroundSystems, theme: Theme) -> None:
        super().__init__()
        self._systems = systems
        self.search = SearchField("Find a system")
        columns = (
            TableColumn[PlaygroundSystem](
                "System",
                lambda entry: entry.name if entry.is_ready else f"{entry.name} ({entry.note})",
                tip=lambda entry: f"{entry.name}\n{entry.note}\n{entry.path}",
                icon=lambda entry: swatch_pixmap(style_of(theme, entry.style)),
                checked=lambda entry: entry.key in systems.chosen,
                check=lambda entry, chosen: systems.set_chosen(entry.key, chosen=chosen),
            ),
        )
        self.model = TableModel(columns, parent=self, key=lambda entry: entry.key)
        self.table = TableView("Systems that answer")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(0, PlainDelegate(self.table))
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().hide()
        for key in ("Space", "Return", "Enter"):
            add_key(self.table, key, self._toggle_current)
        vbox(self.search, (self.table, 1), parent=self, spacing=SPACE_XS)
        self.search.searched.connect(self._show)
        systems.changed.connect(self._show)
        theme.changed.connect(self.model.touch)
        self._show()

    def sizeHint(self) -> QSize:
        """Room for about six systems."""
        return QSize(super().sizeHint().width(), self.fontMetrics().height() * 11)

    def minimumSizeHint(self) -> QSize:
        """Room for three."""
        return QSize(super().minimumSizeHint().width(), self.fontMetrics().height() * 6)

    def _show(self) -> None:
        self.search.setVisible(len(self._systems.entries) > MANY)
        words = self.search.text().casefold().split()
        self.model.set_rows(
            [
                entry
                for entry in self._systems.entries
                if all(word in f"{entry.name} {entry.note}".casefold() for word in words)
            ]
        )

    def _toggle_current(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            key = self.model.rows[index.row()].key
            self._systems.set_chosen(key, chosen=key not in self._systems.chosen)
