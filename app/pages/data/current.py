"""The dataset that the page shows: its entry in the project, its open file, the chosen row."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.models.project import ProjectModel
from app.pages.data.edits import full_mapping
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import DatasetEntry
from engine.contract.specs.data import DataSpec, Mapping


class CurrentDataset(QObject):
    """What all parts of the page show and edit; they never talk to one another.

    Attributes:
        entry: as the project holds it, or None.
        store: its open dataset file, or None where it cannot be opened (`fault` says why).
        row_number: the chosen row (from 1), which is previewed as text and tokens.

    Signals:
        shown: another dataset, or none; everything is new.
        entry_changed: its name, mapping, linearisation or split is new.
        row_changed: the chosen row's number.
        refused: why an edit could not be made; controls go back to what is.
    """

    shown = Signal()
    entry_changed = Signal()
    row_changed = Signal(int)
    refused = Signal(str)

    def __init__(self, project: ProjectModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.entry: DatasetEntry | None = None
        self.store: DatasetStore | None = None
        self.fault = ""
        self.row_number = 1
        self._path: Path | None = None
        project.changed.connect(self._follow)
        project.closed.connect(self._follow)
        self._follow()

    @property
    def row_count(self) -> int:
        """Rows of the dataset; 0 where none is open."""
        return self.store.meta.row_count if self.store is not None else 0

    @property
    def mapping(self) -> Mapping:
        """The roles of all columns of the dataset, in the order of writing."""
        if self.entry is None or self.store is None:
            return self.entry.mapping if self.entry is not None else Mapping(())
        return full_mapping(self.entry.mapping, self.store.meta.columns)

    @property
    def data_spec(self) -> DataSpec | None:
        """What decides the text of a row (so without the split), or None."""
        if self.entry is None or self.store is None:
            return None
        return DataSpec(
            dataset=str(self.store.path),
            fingerprint=self.store.meta.fingerprint,
            mapping=self.mapping,
            linearisation=self.entry.linearisation,
        )

    def choose_row(self, number: int) -> None:
        """Choose a row, within those there are."""
        number = max(1, min(number, self.row_count))
        if number != self.row_number:
            self.row_number = number
            self.row_changed.emit(number)

    def choose_line(self, line: int) -> None:
        """Choose the row that stands in this line of the file."""
        if self.store is None:
            return
        try:
            number = row_of_line(self.store, line)
        except UserError as error:
            self.refused.emit(error.message)
            return
        if number is not None:
            self.choose_row(number)

    def edit(
        self, text: str, make: Callable[[DatasetEntry], DatasetEntry], *, merge: str = ""
    ) -> bool:
        """Make an undoable edit of the entry; say whether it was accepted.

        Args:
            text: for the undo list.
            make: the new entry from the present one, with all columns in its mapping.
        """
        if self.entry is None:
            return False
        before = replace(self.entry, mapping=self.mapping)
        try:
            entry = make(before)
        except UserError as error:
            self.refused.emit(error.message)
            return False
        if entry != before:
            self.project.edit_dataset(text, entry, merge=merge)
        return True

    def edit_part(self, text: str, part: str, *, merge: str = "", **change: object) -> None:
        """The same for fields of its "linearisation" or "split"."""

        def make(entry: DatasetEntry) -> DatasetEntry:
            changes: dict[str, Any] = {part: replace(getattr(entry, part), **change)}
            return replace(entry, **changes)

        self.edit(text, make, merge=merge)

    def close(self) -> None:
        """Close the dataset file."""
        if self.store is not None:
            self.store.close()
            self.store = None

    def _follow(self) -> None:
        entry, folder = self.project.dataset, self.project.folder
        path = folder.dataset_store(entry.dataset_id) if folder and entry else None
        if path != self._path:
            self.entry, self._path, self.row_number = entry, path, 1
            self._open(path)
            self.shown.emit()
        elif entry != self.entry:
            self.entry = entry
            self.entry_changed.emit()

    def _open(self, path: Path | None) -> None:
        self.close()
        self.fault = ""
        try:
            self.store = DatasetStore(path) if path is not None else None
        except UserError as error:
            self.fault = error.message


def row_of_line(store: DatasetStore, line: int) -> int | None:
    """Number of the row that holds this line of the file, or None before the first row.

    Rows are in the order of the file, so that some twenty reads find it among a million.

    Raises:
        UserError: the file cannot be read.
    """

    def begins_after(number: int) -> bool:
        row = next(store.rows(number, 1), None)
        return row is None or row.line > line

    numbers = range(1, store.meta.row_count + 1)
    return bisect.bisect_left(numbers, True, key=begins_after) or None
