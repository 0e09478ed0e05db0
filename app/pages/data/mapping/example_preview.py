"""The chosen row as source and target text, as the engine writes it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.pages.data.current import CurrentDataset
from app.ports import Client
from app.qt.latest_request import LatestRequest
from engine.contract.protocol.commands import Failure, Preview, PreviewExamples
from engine.contract.reading.reading import PreviewExample

WAIT_MS = 40
"""So that a held arrow key asks for where it stops and not for every row on the way."""


class ExamplePreview(QObject):
    """Keeps the preview in step with dataset, mapping, linearisation and row.

    Attributes:
        example: the answer, or None.
        fault: a sentence where there can be no example, else "".

    Signals:
        changed: one of them is new.
    """

    changed = Signal()

    def __init__(
        self, current: CurrentDataset, client: Client, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._current = current
        self.example: PreviewExample | None = None
        self.fault = ""
        self._ask = LatestRequest(client, self, wait_ms=WAIT_MS)
        self._ask.answered.connect(self._on_answered)
        self._ask.failed.connect(self._on_failed)
        current.shown.connect(self._follow)
        current.entry_changed.connect(self._follow)
        current.row_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        command = self._wanted()
        if command is not None:
            self._ask.ask_if_new(command)
        elif self._ask.command is not None:
            self._ask.drop()
            self._set(None, self._current.fault)

    def _wanted(self) -> PreviewExamples | None:
        entry, store = self._current.entry, self._current.store
        if entry is None or store is None or not store.meta.row_count:
            return None
        mapping, row = self._current.mapping, self._current.row_number
        return PreviewExamples(str(store.path), mapping, entry.linearisation, row, 1)

    def _on_answered(self, reply: Preview) -> None:
        if reply.examples:
            self._set(reply.examples[0], "")
        else:
            self._set(None, f"Row {self._current.row_number} holds no example.")

    def _on_failed(self, failure: Failure) -> None:
        self._set(None, failure.message)

    def _set(self, example: PreviewExample | None, fault: str) -> None:
        self.example, self.fault = example, fault
        self.changed.emit()
