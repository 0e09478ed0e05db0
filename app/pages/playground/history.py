"""The questions of before: read once, added to, and listed."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.pages.playground.systems import PlaygroundSystem, PlaygroundSystems
from app.qt.boxes import stack, vbox
from app.qt.idle_task import IdleTask
from app.qt.plain_text import visible
from app.qt.shortcuts import add_key
from app.qt.table_model import TableColumn, TableModel
from app.widgets.empty_state import EmptyState
from app.widgets.table_view import TableView
from app.words import date
from engine.contract.errors import UserError
from engine.contract.projects.playground import HistoryEntry, PlaygroundFiles
from engine.contract.protocol.playground import AskedSystem

CELL_CHARACTERS = 300
"""Shown of a longer text in a cell."""


class History(QObject):
    """The history of the open project, saved with it.

    Attributes:
        entries: the newest first.

    Signals:
        changed: `entries` are new.
        failed: a sentence.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._project = context.project
        self.entries: list[HistoryEntry] = []
        self._reading: IdleTask[list[HistoryEntry]] | None = None
        context.project.opened.connect(self.read)
        context.project.closed.connect(self.read)
        self.read()

    @property
    def files(self) -> PlaygroundFiles | None:
        """The files of the open project."""
        folder = self._project.folder
        return None if folder is None else PlaygroundFiles(folder.path)

    def read(self) -> None:
        """Read the file of the project that is open now, in slices."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self.entries = []
        self.changed.emit()
        if (files := self.files) is not None:
            work = _read(files)
            self._reading = IdleTask(work, self, done=self._take, failed=self._on_failed)

    def _take(self, entries: list[HistoryEntry]) -> None:
        self._reading = None
        self.entries += entries  # behind those that were added meanwhile
        self.changed.emit()

    def _on_failed(self, error: UserError) -> None:
        self._reading = None
        self.failed.emit(error.message)

    def add(self, entry: HistoryEntry) -> None:
        """Save an entry."""
        files = self.files
        if files is None:
            return
        try:
            files.add_to_history(entry)
        except (UserError, OSError) as error:
            self.failed.emit(str(error))
        if self._reading is not None:  # it may have read the file before, or not
            self.read()
            return
        self.entries.insert(0, entry)
        self.changed.emit()


class HistoryPane(QWidget):
    """The entries as a table; Enter or a click shows one again.

    Signals:
        chosen: `HistoryEntry`.
    """

    chosen = Signal(object)

    def __init__(self, history: History, context: AppContext) -> None:
        super().__init__()
        self._history = history
        columns = (
            TableColumn[HistoryEntry]("Asked", lambda entry: date(entry.asked_s), width_chars=26),
            TableColumn[HistoryEntry]("Input", _input, tip=_input, width_chars=40),
            TableColumn[HistoryEntry](
                "Systems",
                lambda entry: _cut(", ".join(dict.fromkeys(a.name for a in entry.answers))),
                width_chars=24,
            ),
            TableColumn[HistoryEntry]("First answer", _first, tip=_first, width_chars=40),
        )
        self.model = TableModel(columns, parent=self)
        self.table = TableView("Questions of before; Enter shows one again")
        self.table.setModel(self.model)
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.table.set_widths(columns)
        empty = EmptyState(
            context.theme,
            "Nothing asked yet",
            "What you ask is saved with the project, and can be shown again.",
            icon="playground",
        )
        self.pages = stack(empty, self.table)
        vbox(self.pages, parent=self)
        self.table.clicked.connect(lambda _index: self._choose())
        for key in ("Return", "Enter", "Space"):
            add_key(self.table, key, self._choose)
        history.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.model.set_rows(list(self._history.entries))
        self.pages.setCurrentIndex(1 if self._history.entries else 0)

    def _choose(self) -> None:
        rows = self.table.selected_rows()
        if rows:
            self.chosen.emit(self.model.rows[rows[0]])


def _read(files: PlaygroundFiles) -> Generator[None, None, list[HistoryEntry]]:
    """The entries, the newest first."""
    entries = []
    for entry in files.history_newest_first():
        if entry is not None:
            entries.append(entry)
        yield
    return entries


def systems_of(entry: HistoryEntry, systems: PlaygroundSystems) -> list[PlaygroundSystem]:
    """The systems of an entry's answers; of one that is gone, its name alone."""
    return [
        systems.get(answer.key)
        or PlaygroundSystem(answer.key, answer.name, "no longer here", AskedSystem(""))
        for answer in entry.answers
    ]


def _input(entry: HistoryEntry) -> str:
    if entry.text is not None:
        return _cut(entry.text)
    values = (f"{value.key or value.column}: {value.value}" for value in entry.values)
    return _cut(" · ".join(text for text in values if not text.endswith(": ")))


def _first(entry: HistoryEntry) -> str:
    return _cut(next((answer.text for answer in entry.answers if answer.text), ""))


def _cut(text: str) -> str:
    return visible(" ".join(text[: 2 * CELL_CHARACTERS].split()))[:CELL_CHARACTERS]
