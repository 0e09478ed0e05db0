"""What a split makes of the dataset, in numbers, as the engine counts them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.pages.data.current import CurrentDataset
from app.pages.data.latest import LatestAsk
from app.ports import Desk
from engine.contract.commands import Failure, ReportSplit
from engine.contract.reading import SplitReport

WAIT_MS = 200


class SplitCounts(QObject):
    """Keeps a `SplitReport` in step with dataset, mapping and split.

    Attributes:
        report: the latest answer for the dataset shown; while `is_busy`, for an older split.
        categories: (category, rows) as last reported, kept where a later question failed.
        fault: a sentence where the split cannot be, else "".
        is_busy: whether newer numbers are on their way.

    Signals:
        changed: any of these is new.
    """

    changed = Signal()

    def __init__(self, current: CurrentDataset, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current = current
        self._command: ReportSplit | None = None
        self._clear()
        self._ask = LatestAsk(desk, self, wait_ms=WAIT_MS)
        self._ask.answered.connect(self._on_answered)
        self._ask.failed.connect(self._on_failed)
        self._ask.busy_changed.connect(self.changed)
        current.shown.connect(self._start_anew)
        current.entry_changed.connect(self._follow)
        self._follow()

    @property
    def is_busy(self) -> bool:
        """Whether newer numbers are on their way."""
        return self._ask.is_busy

    def _start_anew(self) -> None:
        self._ask.drop()
        self._command = None
        self._clear()
        self.changed.emit()
        self._follow()

    def _clear(self) -> None:
        self.report: SplitReport | None = None
        self.categories: tuple[tuple[str, int], ...] = ()
        self.fault = ""

    def _follow(self) -> None:
        entry, store = self._current.entry, self._current.store
        if entry is None or store is None:
            return
        command = ReportSplit(str(store.path), self._current.mapping, entry.split)
        if command != self._command:
            self._command = command
            self._ask.ask(command)

    def _on_answered(self, reply: SplitReport) -> None:
        self.report, self.categories, self.fault = reply, reply.categories, ""
        self.changed.emit()

    def _on_failed(self, failure: Failure) -> None:
        self.report, self.fault = None, failure.message
        self.changed.emit()
