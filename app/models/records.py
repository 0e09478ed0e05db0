"""Journal entries by the thousand, stored so that garbage collections need not look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Records(Sequence[T], Generic[T]):
    """A growing list of frozen dataclasses that are made anew whenever they are asked for.

    A project of 500 short runs has 100,000 steps: as objects each full garbage collection looks
    at all of them, and the window waits meanwhile.

    Args:
        pack: makes of an item something that collections leave alone: bytes, or a tuple of plain
            values.
        unpack: makes an equal item of it.
    """

    def __init__(
        self,
        pack: Callable[[T], object],
        unpack: Callable[..., T],
        items: Iterable[T] = (),
    ) -> None:
        self._pack, self._unpack = pack, unpack
        self._packed = [pack(item) for item in items]

    def append(self, item: T) -> None:
        """Add an item at the end."""
        self._packed.append(self._pack(item))

    def only(self, keep: Callable[[T], bool]) -> Records[T]:
        """New records with those items that `keep` is true of; these stay as they are."""
        return Records(self._pack, self._unpack, filter(keep, self))

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._unpack(packed) for packed in self._packed[index]]
        return self._unpack(self._packed[index])

    def __setitem__(self, index: int, item: T) -> None:
        self._packed[index] = self._pack(item)
