"""The texts of a table: as the model wrote them, with what was changed in their place."""

from __future__ import annotations

import enum
import logging
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.writing.changes import Change, Changes
from engine.contract.writing.folder import WritingFolder
from engine.contract.writing.progress import WrittenRow, WrittenRows
from engine.contract.writing.work import ChosenRows

log = logging.getLogger(__name__)

_READ_ROWS = 200
_SAVED_ROWS = 2000


class Show(enum.Enum):
    """Which rows a table shows."""

    ALL = "All rows"
    DOUBTFUL = "To look at"
    CHANGED = "Changed"
    UNWRITTEN = "Without a text"


@dataclass(frozen=True)
class TextOfRow:
    """A row's text, and what there is to say of it.

    Attributes:
        is_written: whether it has one.
        change: what stands in the place of what the model wrote first.
    """

    number: int
    written: WrittenRow | None
    change: Change | None

    @property
    def is_written(self) -> bool:
        """Whether it has a text."""
        return self.current is not None

    @property
    def current(self) -> WrittenRow | None:
        """The text that counts, with what was checked."""
        return self.written if self.change is None else self.change.written

    @property
    def text(self) -> str:
        """The text that counts; "" where there is none."""
        return self.current.text if self.current is not None else ""

    @property
    def doubts(self) -> int:
        """How much there is to look at; nothing in a text by hand."""
        if self.current is None or (self.change is not None and self.change.is_by_hand):
            return 0
        return self.current.doubts


class Texts:
    """Reads texts when they are shown, whatever their number.

    Raises:
        UserError: the changes cannot be read.
    """

    def __init__(self, folder: WritingFolder, store: DatasetStore) -> None:
        self.row_count = store.meta.row_count
        self.written = WrittenRows(folder.progress, self.row_count)
        self.changes = Changes(folder.changes, self.row_count)
        self._saved: dict[int, TextOfRow] = {}

    def read_new(self) -> bool:
        """Read some of what is new; whether there may be more."""
        before = self.written.position_bytes
        for row in self.written.read_new(_READ_ROWS):
            self._saved.pop(row, None)
        return self.written.position_bytes > before

    def read_steps(self) -> Generator[None, None, None]:
        """Read all, yielding after each part."""
        while self.read_new():
            yield

    def row(self, number: int) -> TextOfRow:
        """The text of a row, by number from 1."""
        row = self._saved.get(number)
        if row is None:
            if len(self._saved) >= _SAVED_ROWS:
                self._saved.clear()
            try:
                written = self.written.row(number)
            except UserError as error:  # changed by another program; the engine will say so
                log.warning("%s", error)
                written = None
            row = TextOfRow(number, written, self.changes.get(number))
            self._saved[number] = row
        return row

    def edited(self, number: int, text: str) -> Change:
        """The change that puts this text in the place of a row's."""
        return Change(WrittenRow(number, text))

    def set_changes(self, changes: Mapping[int, Change | None]) -> None:
        """Put texts in the place of others, or take that back.

        Raises:
            UserError: the disk does not take them.
        """
        for number in changes:
            self._saved.pop(number, None)
        self.changes.set(changes)

    def count_written(self, chosen: ChosenRows) -> int:
        """How many of these rows the model has written."""
        if chosen.rows:
            return sum(row in self.written for row in chosen.rows)
        return int(np.count_nonzero(self._is_written()[: chosen.limit]))

    def _is_written(self) -> np.ndarray:
        return np.frombuffer(self.written.offsets, dtype=np.int64) >= 0

    def doubts(self) -> np.ndarray:
        """[rows]: how much there is to look at in each."""
        doubts = np.array(self.written.doubts, dtype=np.int32)
        for number in self.changes.rows():
            doubts[number - 1] = self.row(number).doubts
        return doubts

    def order(self, show: Show, *, doubtful_first: bool) -> np.ndarray:
        """Numbers of the rows to show, in order."""
        doubts = self.doubts()
        changed = np.zeros(self.row_count, dtype=bool)
        changed[[number - 1 for number in self.changes.rows()]] = True
        match show:
            case Show.ALL:
                chosen = np.ones(self.row_count, dtype=bool)
            case Show.DOUBTFUL:
                chosen = doubts > 0
            case Show.CHANGED:
                chosen = changed
            case Show.UNWRITTEN:
                chosen = ~(self._is_written() | changed)
        indices = np.flatnonzero(chosen)
        if doubtful_first:
            indices = indices[np.argsort(-doubts[indices], kind="stable")]
        return indices + 1
