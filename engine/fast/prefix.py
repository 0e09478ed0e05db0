"""What stands before the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Prefix:
    """Keys and values before the tokens, one tensor a layer; they end where the tokens begin.

    Attributes:
        layers: each [2, K, P, D], or [G, 2, K, P, D] with one for each sequence; P may differ
            between layers, and may be 0.
        visible: [G, P of the longest], False where a sequence's own prefix is shorter.
        offsets: the position of a sequence's first token, [G] or the same for all.
    """

    layers: Sequence[torch.Tensor]
    offsets: torch.Tensor | int
    visible: torch.Tensor | None = None

    @property
    def is_shared(self) -> bool:
        """Whether all sequences have the same."""
        return self.visible is None

    @property
    def length(self) -> int:
        """P of the longest layer."""
        return max((layer.shape[-2] for layer in self.layers), default=0)

    def of(self, rows: torch.Tensor) -> Prefix:
        """For these sequences."""
        if self.visible is None or isinstance(self.offsets, int):
            return self
        layers = [layer[rows] for layer in self.layers]
        return Prefix(layers, self.offsets[rows], self.visible[rows])
