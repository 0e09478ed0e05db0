"""The lines of the chooser: every system of the project with a tick."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.pages.compare.systems.model import SystemsModel
from app.pages.compare.systems.systems import SystemEntry, letter
from app.qt.table_model import TableColumn, TableModel
from app.theme import Theme
from app.widgets.swatch import look_of, swatch_pixmap


class ChooserModel(TableModel[SystemEntry]):
    """Two columns: the name with its tick, and what there is or is being done."""

    def __init__(self, systems: SystemsModel, theme: Theme, parent: QObject | None = None) -> None:
        self._systems = systems
        self._search: list[str] = []
        columns = (
            TableColumn(
                "System",
                self._name,
                tip=self._tip,
                icon=lambda entry: swatch_pixmap(look_of(theme, entry.look)),
                checked=lambda entry: entry.key in systems.chosen,
                check=lambda entry, chosen: systems.set_chosen(entry.key, chosen=chosen),
            ),
            TableColumn("About", self._state, tip=self._tip),
        )
        super().__init__(columns, parent=parent, key=lambda entry: entry.key)
        systems.entries_changed.connect(self.refresh)
        theme.changed.connect(self.touch)
        self.refresh()

    def set_search(self, text: str) -> None:
        """Show only systems whose name or note holds all these words."""
        self._search = text.casefold().split()
        self.refresh()

    def refresh(self) -> None:
        """Take over what the systems model has; a tick alone resets nothing."""
        self.set_rows([entry for entry in self._systems.entries if self._passes(entry)])

    def toggle(self, row: int) -> None:
        """Tick or untick a row, as a click anywhere on it does."""
        key = self.rows[row].key
        self._systems.set_chosen(key, chosen=key not in self._systems.chosen)

    def _passes(self, entry: SystemEntry) -> bool:
        text = f"{entry.name} {entry.note}".casefold()
        return all(word in text for word in self._search)

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
