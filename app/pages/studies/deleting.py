"""Deleting a study so that it can be undone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QUndoCommand

from engine.contract.errors import UserError
from engine.contract.files import explain_disk_errors
from engine.contract.project import ProjectFolder


class DeleteStudy(QUndoCommand):
    """Moves a study's folder to the project's trash; undo moves it back. Its runs stay.

    Args:
        moved: told after each move, so that the list is read anew.
        report: told a sentence where the disk refuses; nothing has moved then.
    """

    def __init__(
        self,
        folder: ProjectFolder,
        path: Path,
        *,
        name: str,
        moved: Callable[[], object],
        report: Callable[[str], object],
    ) -> None:
        super().__init__(f"Delete the study “{name}”")
        self._path = path
        # A study of this name may have been deleted before.
        self._trashed = folder.trash / "studies" / f"{path.name}-{time.time_ns()}"
        self._moved, self._report = moved, report

    def redo(self) -> None:
        """Delete."""
        self._move(self._path, self._trashed)

    def undo(self) -> None:
        """Bring it back."""
        self._move(self._trashed, self._path)

    def _move(self, source: Path, goal: Path) -> None:
        try:
            with explain_disk_errors(goal):
                goal.parent.mkdir(parents=True, exist_ok=True)
                os.rename(source, goal)
        except (UserError, OSError) as error:
            self._report(f"{source.name} could not be moved to {goal.parent}: {error}")
            return
        self._moved()
