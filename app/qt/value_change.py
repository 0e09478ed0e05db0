"""The one step of the undo stack for "a value was changed"."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtGui import QUndoCommand

T = TypeVar("T")


class ValueChange(QUndoCommand, Generic[T]):
    """Sets a value, and sets it back.

    Args:
        text: what the undo menu calls it.
        apply: puts the second value where the first one was.
        merge: steps in a row with the same key, unless it is "", are one step.
    """

    def __init__(
        self, text: str, before: T, after: T, *, apply: Callable[[T, T], object], merge: str = ""
    ) -> None:
        super().__init__(text)
        self.before, self.after, self.merge = before, after, merge
        self._apply = apply

    def redo(self) -> None:
        """Set the value."""
        self._apply(self.before, self.after)

    def undo(self) -> None:
        """Set it back."""
        self._apply(self.after, self.before)

    def id(self) -> int:
        """Qt merges only steps of the same number; -1 is never merged."""
        return zlib.crc32(self.merge.encode("utf-8", "surrogatepass")) >> 1 if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in the next step."""
        if not isinstance(other, ValueChange) or other.merge != self.merge:
            return False
        self.after = other.after
        return True
