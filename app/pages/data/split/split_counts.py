"""What a split makes of the dataset, in numbers, as the engine counts them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.pages.data.current import CurrentDataset
from app.ports import Client
from app.qt.latest_request import LatestRequest
from engine.contract.protocol.commands import Failure, ReportSplit
from engine.contract.reading.reading import SplitReport
from engine.contract.specs.data import SplitKind

WAIT_MS = 200
TICK_CATEGORY = "No category is held out: tick at least one as unseen."
NO_CATEGORIES = (
    "No column holds categories: give one column the role “category”, or choose another split."
)


class SplitCountsView(QObject):
    """Keeps a `SplitReport` in step with dataset, mapping and split, while it is watched.

    Counting a million rows takes seconds of the engine client, so nothing is counted unseen.

    Attributes:
        report: the latest answer for the dataset shown; while `is_busy`, for an older split.
        categories: (category, rows) as last reported, kept where a later question failed.
        fault: a sentence where the split cannot be, else "".
        is_busy: whether newer numbers are on their way.

    Signals:
        changed: any of these is new.
    """

    changed = Signal()

    def __init__(
        self, current: CurrentDataset, client: Client, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._current = current
        self.report: SplitReport | None = None
        self.categories: tuple[tuple[str, int], ...] = ()
        self.fault = ""
        self._answer: SplitReport | None = None
        self._refusal = ""
        self._wants_category = False
        self._watched = False
        self._ask = LatestRequest(client, self, wait_ms=WAIT_MS)
        self._ask.answered.connect(self._on_answered)
        self._ask.failed.connect(self._on_failed)
        self._ask.busy_changed.connect(self.changed)
        current.shown.connect(self._start_anew)
        current.entry_changed.connect(self._follow)

    @property
    def is_busy(self) -> bool:
        """Whether newer numbers are on their way."""
        return self._ask.is_busy

    def watch(self, on: bool) -> None:
        """Begin or cease to count."""
        self._watched = on
        if on:
            self._follow()
        elif self._ask.is_busy:
            self._ask.drop()

    def _start_anew(self) -> None:
        self._ask.drop()
        self._clear()
        self.changed.emit()
        self._follow()

    def _clear(self) -> None:
        self.report = self._answer = None
        self.categories = ()
        self.fault = self._refusal = ""

    def _follow(self) -> None:
        entry, store = self._current.entry, self._current.store
        if entry is None or store is None or not self._watched:
            return
        split = entry.split
        self._wants_category = split.kind is SplitKind.CATEGORY and not split.unseen_categories
        if self._wants_category:
            # No such split can be; another one still tells which categories there are.
            split = replace(split, kind=SplitKind.RANDOM)
        command = ReportSplit(str(store.path), self._current.mapping, split)
        if not self._ask.ask_if_new(command) and not self._ask.is_busy:
            self._tell()

    def _on_answered(self, reply: SplitReport) -> None:
        self._answer, self._refusal = reply, ""
        self.categories = reply.categories
        self._tell()

    def _on_failed(self, failure: Failure) -> None:
        self._answer, self._refusal = None, failure.message
        self._tell()

    def _tell(self) -> None:
        self.report, self.fault = self._answer, self._refusal
        if self._wants_category and self._answer is not None:
            self.report, self.fault = None, NO_CATEGORIES
            if self.categories:
                self.fault = TICK_CATEGORY
        self.changed.emit()
