"""Choosing the systems: in the middle of an empty page, or in a panel that drops down."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHeaderView, QWidget

from app.pages.compare.systems.model import SystemsModel
from app.pages.compare.systems.systems import SystemEntry, letter
from app.qt.boxes import hbox, vbox
from app.qt.shortcuts import add_key
from app.qt.sizes import chars
from app.qt.table_model import TableColumn, TableModel
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import MutedLabel
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.search_field import SearchField
from app.widgets.swatch import style_of, swatch_pixmap
from app.widgets.table_view import TableView

OUTSIDE_FILTER = "Outputs (*.jsonl *.txt);;All files (*)"
HINT = (
    "Tick two or more to compare them, or one to read its outputs. The first one ticked (A) is the "
    "reference system for differences."
)


class SystemChooser(QWidget):
    """Every system with a tick, a search line for long lists, and a button for outside files."""

    def __init__(self, systems: SystemsModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._systems = systems
        self.search = SearchField("Find a system")
        columns = (
            TableColumn(
                "System",
                self._name,
                tip=self._tip,
                icon=lambda entry: swatch_pixmap(style_of(theme, entry.style)),
                checked=lambda entry: entry.key in systems.chosen,
                check=lambda entry, chosen: systems.set_chosen(entry.key, chosen=chosen),
            ),
            TableColumn("About", self._state, tip=self._tip),
        )
        self.model = TableModel(columns, parent=self, key=lambda entry: entry.key)
        self.table = TableView("Systems that can be compared")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(0, PlainDelegate(self.table))
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tip = 'A JSONL file with an "output" in each line, or a text file with one output per line'
        text = "Outputs from a &file…"
        self.add_file = push_button(text, self._ask_file, icon="file", tip=tip)
        self.search.searched.connect(self._list)
        for key in ("Space", "Return", "Enter"):
            add_key(self.table, key, lambda: self._toggle(self.table.currentIndex()))
        self.table.clicked.connect(
            lambda index: self._toggle(index) if index.column() == 1 else None
        )
        bottom = hbox((MutedLabel(theme, HINT), 1), (self.add_file, 0, Qt.AlignmentFlag.AlignTop))
        vbox(self.search, (self.table, 1), bottom, parent=self, spacing=SPACE_S)
        systems.entries_changed.connect(self._list)
        theme.changed.connect(self.model.touch)
        self._list()

    def sizeHint(self) -> QSize:
        """Room for about ten systems."""
        return QSize(chars(78), self.fontMetrics().height() * 20)

    def _list(self) -> None:
        """Show the systems whose name or note holds all words of the search line."""
        words = self.search.text().casefold().split()
        texts = (
            (entry, f"{entry.name} {entry.note}".casefold()) for entry in self._systems.entries
        )
        self.model.set_rows([entry for entry, text in texts if all(word in text for word in words)])

    def _toggle(self, index: QModelIndex) -> None:
        if index.isValid():
            key = self.model.rows[index.row()].key
            self._systems.set_chosen(key, chosen=key not in self._systems.chosen)

    def _name(self, entry: SystemEntry) -> str:
        chosen = self._systems.chosen
        mark = f"{letter(chosen.index(entry.key))}  " if entry.key in chosen else ""
        return f"{mark}{entry.name}"

    def _tip(self, entry: SystemEntry) -> str:
        return self._systems.problems.get(entry.key) or f"{entry.name}\n{entry.path}"

    def _state(self, entry: SystemEntry) -> str:
        doing = self._systems.doing(entry.key)
        if doing:
            return f"{doing} …"
        return "failed" if entry.key in self._systems.problems else entry.note

    def _ask_file(self) -> None:
        window, page = self.window(), self.window().parentWidget()
        if page is not None:  # the panel that drops down would close the dialog with it
            window.hide()
            window = page.window()
        name, _filter = QFileDialog.getOpenFileName(
            window, "Outputs of another system", "", OUTSIDE_FILTER
        )
        if name:
            self._systems.add_file(Path(name))


class ChooserPanel(QFrame):
    """The chooser as a panel that drops down below a button, and closes with Escape."""

    def __init__(self, systems: SystemsModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName("Choose systems")
        self.chooser = SystemChooser(systems, theme, self)
        vbox(self.chooser, parent=self, margins=SPACE_M)

    def drop_below(self, button: QWidget) -> None:
        """Show the panel under `button`."""
        self.adjustSize()
        self.move(button.mapToGlobal(button.rect().bottomLeft()))
        self.show()
        self.chooser.table.setFocus()
        if not self.chooser.table.currentIndex().isValid() and self.chooser.model.rowCount():
            self.chooser.table.select_row(0)
