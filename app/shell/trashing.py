"""Deleting folders of the project so that it can be undone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtGui import QUndoCommand

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors


class MoveToTrash(QUndoCommand):
    """Moves folders to the trash; undo moves them back.

    Args:
        text: what the undo menu calls it.
        moves: where each folder goes, which must not be there yet.
        trashed, restored: called with each folder that was moved there, and back.
        report: called with a sentence where the disk refuses; that folder has not moved then.
    """

    def __init__(
        self,
        text: str,
        moves: Mapping[Path, Path],
        *,
        trashed: Callable[[Path], object],
        restored: Callable[[Path], object],
        report: Callable[[str], object],
    ) -> None:
        super().__init__(text)
        self._moves, self._moved = moves, list(moves)
        self._trashed, self._restored, self._report = trashed, restored, report

    def redo(self) -> None:
        """Delete."""
        self._moved = []
        for path, goal in self._moves.items():
            if self._move(path, goal):
                self._moved.append(path)
                self._trashed(path)

    def undo(self) -> None:
        """Bring it back."""
        for path in self._moved:
            if self._move(self._moves[path], path):
                self._restored(path)

    def _move(self, source: Path, goal: Path) -> bool:
        try:
            with explain_disk_errors(goal):
                goal.parent.mkdir(parents=True, exist_ok=True)
                os.rename(source, goal)
        except (UserError, OSError) as error:
            self._report(f"{source.name} could not be moved to {goal.parent}: {error}")
            return False
        return True
