"""What every method offers to training and decoding: the interface that rivals share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import torch

from engine.backbones.loading import Backbone

Offset = int | torch.Tensor


class System(Protocol):
    """Something that can be decoded with: a backbone and what was put on it.

    Attributes:
        backbone: the model and its tokenizer.
        position_offset: where the positions of real tokens start (P behind a prefix).
    """

    backbone: Backbone
    position_offset: int

    def active(self) -> AbstractContextManager[None]:
        """Inside, forward and backward passes of the backbone see what was put on it.

        What does not depend on the input (an MLP's output) is computed once, on entry.
        """

    def batch(self, rows: Sequence[int]) -> AbstractContextManager[Offset]:
        """Inside `active`, around the passes over these rows of the whole input.

        Args:
            rows: places in the list of prompts or rows that is worked on, one a batch row.

        Returns:
            On entry, where the positions of real tokens start, for all or for each row [B, 1].
        """


class Method(System, Protocol):
    """A system that can be trained."""

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """The parameters that are trained, by names that stay the same between program runs."""

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off, as the method wants it."""

    def notes(self) -> tuple[str, ...]:
        """Sentences that the user should read before training, such as a text that was cut."""


class SameForAllRows:
    """The part of a system that does not ask which rows it works on."""

    position_offset: int

    @contextlib.contextmanager
    def batch(self, rows: Sequence[int]) -> Iterator[Offset]:
        """Nothing to do."""
        yield self.position_offset


def count(parameters: dict[str, torch.nn.Parameter]) -> int:
    """How many numbers these parameters hold."""
    return sum(parameter.numel() for parameter in parameters.values())


def max_positions(backbone: Backbone) -> int | None:
    """How many positions the backbone knows, or None where there is no limit."""
    limit = getattr(backbone.model.config.get_text_config(), "max_position_embeddings", None)
    return limit if isinstance(limit, int) else None
