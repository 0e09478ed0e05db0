"""What runs training, as the window knows it: the local runner, or another in its stead."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import SignalInstance


class Runner(Protocol):
    """Runs what stands in run folders, and reports what becomes of it.

    Every method returns at once; what follows from it comes as signals in the window's thread.
    A runner writes a run's journal and status into its folder, as the engine does; so following
    a live run, re-attaching to one and replaying a finished one look the same. A run's id is its
    handle, as it is the same in the next window.

    Signals:
        entries_arrived: run id, tuple of `JournalEntry`, in the journal's order.
        status_changed: run id, `RunStatus`; that a run has ended comes after its last entry.
    """

    entries_arrived: SignalInstance
    status_changed: SignalInstance

    def submit(self, path: Path) -> None:
        """Queue the run in this folder, to be started or resumed in its turn; also follows it."""

    def follow(self, path: Path) -> None:
        """Report the run in this folder, from the first line of its journal; starts nothing."""

    def detach(self, run_id: str) -> None:
        """Report it no more; a run at work goes on, a queued one stays so and is not started."""

    def stop(self, run_id: str, *, save: bool) -> None:
        """End the run, with a checkpoint first if `save`; a queued one is CANCELLED at once."""

    def pause(self, run_id: str) -> None:
        """Have the run wait after its present step."""

    def proceed(self, run_id: str) -> None:
        """Have a paused run go on."""

    def close(self) -> None:
        """Detach from all runs, within milliseconds; the last call of all."""
