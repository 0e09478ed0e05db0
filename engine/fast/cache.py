"""Keys and values of inputs that are decoded, shared by their beams.

Letters as in `engine.fast.decoder`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from engine.fast.packing import HIDDEN

ROOM = 16
"""Steps for which a cache is enlarged at once."""


@dataclass(eq=False)
class Cache:
    """Keys and values of G inputs, whose beams share them.

    Attributes:
        keys, values: for each layer [G, K, S, D]; columns from `used` on are free.
        mask: [G, B, S], 0 where a beam sees a column, else `HIDDEN`.
        positions: [G], of the next token.
        prefix: columns at the beginning, P of the longest layer.
        starts: for each layer the first column, where its prefix is shorter than the longest.
        used: columns that are in use.
    """

    keys: list[torch.Tensor]
    values: list[torch.Tensor]
    mask: torch.Tensor
    positions: torch.Tensor
    prefix: int
    starts: list[int]
    used: int

    def choose(self, inputs: torch.Tensor) -> None:
        """Hold these inputs only."""
        self.keys = [keys[inputs] for keys in self.keys]
        self.values = [values[inputs] for values in self.values]
        self.mask, self.positions = self.mask[inputs], self.positions[inputs]

    def follow(self, parents: torch.Tensor) -> None:
        """Let beam b of an input go on from its beam parents[g, b]; only the mask moves."""
        self.mask = self.mask.gather(1, parents[..., None].expand(-1, -1, self.mask.shape[2]))

    def make_room(self, columns: int) -> None:
        """Have so many free columns, and drop those that no beam sees any more."""
        if self.used + columns <= self.mask.shape[2]:
            return
        size = self.used
        is_seen = (self.mask[:, :, :size] == 0).any(dim=1)  # [G, used]
        is_seen[:, : self.prefix] = True  # so that layers with a shorter prefix stay in line
        count = int(is_seen.sum(dim=1).max())
        order = torch.sort(is_seen.int(), dim=1, descending=True, stable=True)[1][:, :count]
        free = ROOM * columns

        def moved(held: torch.Tensor) -> torch.Tensor:
            _, heads, _, width = held.shape
            index = order[:, None, :, None].expand(-1, heads, -1, width)
            return pad(held[:, :, :size].gather(2, index), (0, 0, 0, free))

        for layer in range(len(self.keys)):
            self.keys[layer] = moved(self.keys[layer])
            self.values[layer] = moved(self.values[layer])
        beams = self.mask.shape[1]
        mask = self.mask[:, :, :size].gather(2, order[:, None].expand(-1, beams, -1))
        self.mask = pad(mask, (0, free), value=HIDDEN)
        self.used = count

    def join(self, other: Cache) -> None:
        """Take the other's inputs in, behind these; both have as many beams and prefix columns."""
        size = max(self.mask.shape[2], other.mask.shape[2])

        def joined(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
            # What is free holds any numbers; between the two ends it is read, and must be some.
            parts = ((self, ours), (other, theirs))
            filled = [(held[:, :, : cache.used], size - cache.used) for cache, held in parts]
            return torch.cat([pad(held, (0, 0, 0, free)) for held, free in filled])

        self.keys = [joined(a, b) for a, b in zip(self.keys, other.keys, strict=True)]
        self.values = [joined(a, b) for a, b in zip(self.values, other.values, strict=True)]
        masks = [
            pad(cache.mask, (0, size - cache.mask.shape[2]), value=HIDDEN)
            for cache in (self, other)
        ]
        self.mask = torch.cat(masks)
        self.positions = torch.cat([self.positions, other.positions])
        self.used = max(self.used, other.used)
