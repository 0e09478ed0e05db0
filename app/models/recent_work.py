"""What recent projects are called, and what is at work in them, read beside the window."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from app.qt.timers import single_shot
from engine.contract.errors import WorkbenchError
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder, RunStatus

AGAIN_MS = 5_000
MOST_RUNS = 2_000
MOST_SECONDS = 2.0
"""Of a project; on a slow disk, or with more runs, what was read by then is shown."""


class RecentWork(QObject):
    """Reads the projects again every few seconds between `start` and `stop`.

    Attributes:
        words: for each project at work, such as "training, step 23 of 40".
        names: what the projects are called.

    Signals:
        changed: `words` or `names` are new.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.words: dict[Path, str] = {}
        self.names: dict[Path, str] = {}
        self._paths: tuple[Path, ...] = ()
        self._reader: _Reader | None = None
        self._timer = single_shot(self, AGAIN_MS, self._begin)

    def start(self, paths: Sequence[Path]) -> None:
        """Read these projects, now and again."""
        self._paths = tuple(paths)
        self._begin()

    def stop(self) -> None:
        """Read no more; what is being read is dropped."""
        self._timer.stop()
        if self._reader is not None:
            self._reader.requestInterruption()
            self._reader.wait()
            self._reader = None

    def _begin(self) -> None:
        if self._reader is None:
            self._reader = _Reader(self._paths, self)
            self._reader.finished.connect(self._on_finished)
            self._reader.start()

    def _on_finished(self) -> None:
        if self._reader is None or not self._reader.isFinished():
            return
        reader, self._reader = self._reader, None
        reader.deleteLater()
        if (reader.words, reader.names) != (self.words, self.names):
            self.words, self.names = reader.words, reader.names
            self.changed.emit()
        self._timer.start()


class _Reader(QThread):
    def __init__(self, paths: Sequence[Path], parent: QObject) -> None:
        super().__init__(parent)
        self._paths = paths
        self.words: dict[Path, str] = {}
        self.names: dict[Path, str] = {}

    def run(self) -> None:
        """The thread's work (called by Qt)."""
        for path in self._paths:
            if words := describe(self._statuses(path)):
                self.words[path] = words

    def _statuses(self, project: Path) -> list[RunStatus]:
        """Those of runs at work or in the queue, the newest runs first."""
        end_s = time.monotonic() + MOST_SECONDS
        statuses: list[RunStatus] = []
        try:
            folder = ProjectFolder(project)
            self.names[project] = folder.read().name
            paths = folder.run_paths()[::-1][:MOST_RUNS]
        except (OSError, WorkbenchError):
            return []
        for path in paths:
            if self.isInterruptionRequested() or time.monotonic() > end_s:
                break
            with contextlib.suppress(OSError, WorkbenchError):
                statuses.append(RunFolder(path).read_status())
        return [each for each in statuses if not each.state.is_final]


def describe(statuses: Sequence[RunStatus]) -> str:
    """Such as "training, step 23 of 40; 2 queued"; "" where nothing is at work."""
    active = [status for status in statuses if status.state.is_active]
    if not active:
        return ""
    queued = len(statuses) - len(active)
    if len(active) > 1:
        text = f"{len(active)} runs running"
    else:
        (status,) = active
        text = status.state.value
        if status.state is RunState.RUNNING and status.phase is not None:
            text = status.phase.value
        if status.total_steps > 0:
            text += f", step {status.step:,} of {status.total_steps:,}"
    return f"{text}; {queued:,} queued" if queued else text
