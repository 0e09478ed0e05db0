"""What recent projects are called, and what is at work in them, read beside the window."""

from __future__ import annotations

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
"""Of a project; on a slow disk, or with more runs, what was seen by then is told."""


class RecentWork(QObject):
    """Looks again every few seconds between `start` and `stop`.

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
        self._look: _Look | None = None
        self._timer = single_shot(self, AGAIN_MS, self._begin)

    def start(self, paths: Sequence[Path]) -> None:
        """Look at these projects, now and again."""
        self._paths = tuple(paths)
        self._begin()

    def stop(self) -> None:
        """Look no more; what is being read is let go."""
        self._timer.stop()
        if self._look is not None:
            self._look.requestInterruption()
            self._look.wait()
            self._look = None

    def _begin(self) -> None:
        if self._look is None:
            self._look = _Look(self._paths, self)
            self._look.finished.connect(self._take)
            self._look.start()

    def _take(self) -> None:
        if self._look is None or not self._look.isFinished():
            return
        look, self._look = self._look, None
        look.deleteLater()
        if (look.words, look.names) != (self.words, self.names):
            self.words, self.names = look.words, look.names
            self.changed.emit()
        self._timer.start()


class _Look(QThread):
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
        found: list[RunStatus] = []
        try:
            folder = ProjectFolder(project)
            self.names[project] = folder.read().name
            paths = folder.run_paths()[::-1][:MOST_RUNS]
        except (OSError, WorkbenchError):
            return []
        for path in paths:
            if self.isInterruptionRequested() or time.monotonic() > end_s:
                break
            try:
                status = RunFolder(path).read_status()
            except (OSError, WorkbenchError):
                continue
            if status.state is RunState.QUEUED or status.state.is_active:
                found.append(status)
        return found


def describe(statuses: Sequence[RunStatus]) -> str:
    """Such as "training, step 23 of 40; 2 queued"; "" where nothing is at work."""
    active = [status for status in statuses if status.state.is_active]
    if not active:
        return ""
    queued = len(statuses) - len(active)
    if len(active) > 1:
        text = f"{len(active)} runs at work"
    else:
        (status,) = active
        text = status.state.value
        if status.state is RunState.RUNNING and status.phase is not None:
            text = status.phase.value
        if status.total_steps > 0:
            text += f", step {status.step:,} of {status.total_steps:,}"
    return f"{text}; {queued:,} queued" if queued else text
