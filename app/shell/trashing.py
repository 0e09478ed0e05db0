"""Deleting a folder of the project so that it can be undone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QUndoCommand

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors


class MoveToTrash(QUndoCommand):
    """Moves a folder to another place; undo moves it back.

    Args:
        text: what the undo menu calls it.
        trashed: where the folder goes, which must not be there yet.
        moved: told after each move, so that what is shown is read anew.
        report: told a sentence where the disk refuses; nothing has moved then.
    """

    def __init__(
        self,
        text: str,
        path: Path,
        trashed: Path,
        *,
        moved: Callable[[], object],
        report: Callable[[str], object],
    ) -> None:
        super().__init__(text)
        self._path, self._trashed = path, trashed
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
