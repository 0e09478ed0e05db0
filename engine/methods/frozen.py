"""Head alone: a frozen backbone, upon which only the head of a task is trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn

from engine.backbones.loading import Backbone
from engine.contract.methods.frozen import FrozenMethod
from engine.methods.delta import Delta


class Frozen(Delta):
    """A backbone as it is; no gradient passes through it."""

    def __init__(self, backbone: Backbone, method: FrozenMethod, *, seed: int = 0) -> None:
        super().__init__(backbone, dropout=False)

    def trainable(self) -> dict[str, nn.Parameter]:
        """None."""
        return {}

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Nothing to prepare."""
        yield
