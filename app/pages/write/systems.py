"""The box in which a finished run or an imported prefix is chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.pages.prefixes.library import PrefixLibrary
from app.qt.boxes import combo_box, vbox

_CHARS = 24
_NONE, _NOTHING = "Choose a prefix or run…", "No prefix or finished run yet"


class WriterBox(QWidget):
    """What can write: all finished runs, and the prefixes that were imported.

    Signals:
        chosen: the folder of one, as text.
    """

    chosen = Signal(str)

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._shown = ""
        self.box = combo_box("Prefix or run that writes", chars=_CHARS)
        self.box.activated.connect(self._choose)
        vbox(self.box, parent=self)
        self._library = PrefixLibrary(context, self)
        self._library.changed.connect(self._fill)
        context.runs.changed.connect(lambda *_: self._fill_if_new())
        context.runs.removed.connect(lambda _run: self._fill())
        context.project.opened.connect(self._fill)
        self._fill()

    def systems(self) -> list[tuple[str, str]]:
        """(name, folder) of all."""
        runs = [
            (run.meta.name, str(run.folder.path)) for run in reversed(self._context.runs.finished())
        ]
        rows = [row for row in self._library.rows if not row.run_id and row.info is not None]
        return runs + [(f"{row.name} (imported)", str(row.path)) for row in rows]

    def show_system(self, path: str) -> None:
        """Show this one."""
        self._shown = path
        self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for prefixes that were imported meanwhile."""
        super().showEvent(event)
        self._library.refresh()

    def _fill_if_new(self) -> None:
        if len(self.systems()) != self.box.count() - (self.box.itemData(0) == ""):
            self._fill()

    def _fill(self) -> None:
        systems = self.systems()
        if self._shown and not any(_is_same(self._shown, path) for _, path in systems):
            systems.append((Path(self._shown).name, self._shown))
        if not self._shown:
            systems.insert(0, (_NONE if systems else _NOTHING, ""))
        with QSignalBlocker(self.box):
            self.box.clear()
            for name, path in systems:
                self.box.addItem(name, path)
            at = [index for index, (_, path) in enumerate(systems) if _is_same(path, self._shown)]
            self.box.setCurrentIndex(at[0] if at else 0)

    def _choose(self, index: int) -> None:
        path = self.box.itemData(index)
        if path:
            self.chosen.emit(path)


def _is_same(first: str, second: str) -> bool:
    return first == second or (
        bool(first) and bool(second) and Path(first).resolve() == Path(second).resolve()
    )
