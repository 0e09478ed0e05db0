"""Dialogs of the Help menu: what the program is, with versions and licence; its shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QWidget

from app.assets import application_icon
from app.dialogs.parts import close_button, fill
from app.qt.boxes import hbox, vbox
from app.qt.sizes import chars, icon_size, room
from app.qt.table_model import SortedRows, TableColumn, TableModel
from app.shell.actions import ActionEntry, ActionRegistry
from app.shell.diagnostics import VERSION, versions
from app.theme import SPACE_M, SPACE_XS, Theme, scaled_font
from app.widgets.buttons import push_button
from app.widgets.facts import Facts
from app.widgets.labels import MutedLabel, SectionHeader
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView

PURPOSE = (
    "Train a prefix for a frozen language model, fine-tune the whole model as a baseline, and "
    "compare their outputs (Li & Liang 2021). Everything stays on this computer."
)


class AboutDialog(QDialog):
    """Name, purpose, versions, licence."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Prefix Workbench")
        sign = QLabel()
        sign.setPixmap(application_icon().pixmap(icon_size(350)))
        name = QLabel("Prefix Workbench")
        name.setFont(scaled_font(150, bold=True))
        version = MutedLabel(theme, f"Version {VERSION} · Apache License 2.0")
        words = vbox(name, version, spacing=SPACE_XS)
        head = hbox((sign, 0, Qt.AlignmentFlag.AlignTop), (words, 1), spacing=SPACE_M)
        purpose = QLabel(PURPOSE)
        purpose.setWordWrap(True)
        table = Facts(theme, versions()[1:])
        copy = push_button("Copy versions", self.copy_versions, icon="copy")
        buttons = close_button(self)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        licences = MutedLabel(
            theme,
            "Qt and PySide6 are used under the LGPL 3; PyTorch under a BSD licence; transformers "
            "under the Apache License 2.0. Each backbone has its own licence, shown on the Runs "
            "page.",
        )
        layout = vbox(head, purpose, SectionHeader("Versions"), table, licences, spacing=SPACE_M)
        fill(self, layout, buttons, width_chars=66)

    def copy_versions(self) -> None:
        """Put the list of versions on the clipboard."""
        lines = [f"{name} {version}" for name, version in versions()]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")


def _keys(entry: ActionEntry) -> str:
    return ", ".join(sequence.toString() for sequence in entry.action.shortcuts())


COLUMNS = (
    TableColumn[ActionEntry]("Action", lambda entry: entry.title),
    TableColumn[ActionEntry]("Keys", _keys),
    TableColumn[ActionEntry]("Menu", lambda entry: entry.menu.capitalize()),
)


class ShortcutsDialog(QDialog):
    """Every action with keys, searchable."""

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        rows = [entry for entry in actions.all() if entry.action.shortcuts()]
        shown = SortedRows(TableModel(COLUMNS, rows, parent=self), self)
        self.table = TableView("Keyboard shortcuts")
        self.table.setModel(shown)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.fit_columns()
        self.search = SearchField("Search for an action or a key")
        self.search.searched.connect(shown.setFilterFixedString)
        vbox(self.search, self.table, close_button(self), parent=self, margins=None)
        self.resize(QSize(chars(80), self.fontMetrics().height() * 30).boundedTo(room()))
