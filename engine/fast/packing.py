"""Sequences without padding: all their tokens in one list, and where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

HIDDEN = -1e30
"""Added to a product of query and key that must not count."""


@dataclass(frozen=True, eq=False)
class PackedBatch:
    """N tokens of G sequences, at most T in each, and M predictions.

    Attributes:
        ids: [N].
        positions: [N], from 0 at a sequence's first token.
        sequence: [N], to which a token belongs.
        cells: [N], its index in the padded grid [G * T].
        bias: [G, T, T], 0 where the first sees the second, else `HIDDEN`.
        predicting: [M], tokens whose next token is predicted; several may be the same one.
        labels: [M], the tokens that come next; empty where they are not known.
        length: T.
        size: G.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    sequence: torch.Tensor
    cells: torch.Tensor
    bias: torch.Tensor
    predicting: torch.Tensor
    labels: torch.Tensor
    length: int
    size: int

    @property
    def is_dense(self) -> bool:
        """Whether the grid has no padding."""
        return len(self.ids) == self.size * self.length

    def to(self, device: torch.device) -> PackedBatch:
        """The same on a device."""
        if self.ids.device == device:
            return self
        held: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, part in held.items():
            held[name] = part.to(device) if isinstance(part, torch.Tensor) else part
        return PackedBatch(**held)


def pack_prompts(prompts: Sequence[Sequence[int]]) -> PackedBatch:
    """Texts whose next token is predicted behind their last."""
    return _pack([list(prompt) for prompt in prompts], [[(len(p) - 1, -1)] for p in prompts])


def pack_rows(
    sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], *, share: bool
) -> PackedBatch:
    """Rows of source and target; a target's last token is predicted and not read.

    With `share`, equal sources are read once: a tree with a branch for each target.
    """
    groups: dict[tuple[int, ...], list[Sequence[int]]] = {}
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        groups.setdefault(tuple(source) if share else (row,), []).append(target)
    stems = groups if share else sources
    texts, predictions, branches = [], [], []
    for source, group in zip(stems, groups.values(), strict=True):
        text, predicted, starts = list(source), [], []
        for target in group:
            start = len(text)
            starts.append((start, len(target) - 1))
            text += target[:-1]
            predicted.append((len(source) - 1, target[0]))
            predicted += [(start + at, token) for at, token in enumerate(target[1:])]
        texts.append(text)
        predictions.append(predicted)
        branches.append((len(source), starts))
    return _pack(texts, predictions, branches)


def _pack(
    texts: Sequence[Sequence[int]],
    predictions: Sequence[Sequence[tuple[int, int]]],
    branches: Sequence[tuple[int, Sequence[tuple[int, int]]]] = (),
) -> PackedBatch:
    """Pack texts.

    Args:
        predictions: for each text (index of a token, the token after it).
        branches: for each text the length of its stem, and (start, length) of its branches.
    """
    lengths = [len(text) for text in texts]
    size, longest = len(texts), max(lengths)
    visible = np.zeros((size, longest, longest), dtype=bool)
    positions, predicting, starts = [], [], np.cumsum([0, *lengths])
    for row, length in enumerate(lengths):
        own = np.arange(length)
        visible[row, :length, :length] = np.tri(length, dtype=bool)
        if branches:
            stem, parts = branches[row]
            for start, count in parts:  # a branch sees the stem and itself
                visible[row, start : start + count, stem:start] = False
                own[start : start + count] = stem + np.arange(count)
        positions.append(own)
        predicting += [int(starts[row]) + at for at, _ in predictions[row]]
    bias = torch.zeros(size, longest, longest)
    bias.masked_fill_(torch.from_numpy(~visible), HIDDEN)
    sequence = np.repeat(np.arange(size), lengths)
    offsets = np.concatenate([np.arange(length) for length in lengths])
    return PackedBatch(
        ids=torch.tensor([token for text in texts for token in text]),
        positions=torch.from_numpy(np.concatenate(positions)),
        sequence=torch.from_numpy(sequence),
        cells=torch.from_numpy(sequence * longest + offsets),
        bias=bias,
        predicting=torch.tensor(predicting),
        labels=torch.tensor([label for row in predictions for _, label in row]),
        length=longest,
        size=size,
    )
