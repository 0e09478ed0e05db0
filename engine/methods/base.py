"""What every method offers to training and decoding: the interface that other methods share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch

from engine.backbones.loading import Backbone
from engine.contract.runs.cards import PrefixShape
from engine.fast.decoder import FastDecoder
from engine.fast.prefix import Prefix
from engine.fast.trained import TrainedDecoder

Tensors = dict[str, torch.Tensor]
"""What is saved of a method, by name."""


class System(Protocol):
    """Something that can be decoded with: a backbone and what was put on it.

    Attributes:
        backbone: the model and its tokenizer.
        position_offset: how many positions stand before real tokens (P behind a prefix).
    """

    backbone: Backbone
    position_offset: int

    def active(self) -> AbstractContextManager[None]:
        """Inside, forward and backward passes of the backbone see what was put on it.

        What does not depend on the input (an MLP's output) is computed once, on entry.
        """

    def batch(
        self, rows: Sequence[int], mask: torch.Tensor, behind: torch.Tensor
    ) -> AbstractContextManager[torch.Tensor]:
        """Inside `active`, around the passes over these rows of the whole input.

        Args:
            rows: places in the list of prompts or rows that is worked on, one a batch row; may
                be empty where only one system's rows are worked on.
            mask: [B, T], 1 on real tokens.
            behind: [B, T], True on the source's last token, the separator, and on the target.

        Returns:
            On entry, the positions of the tokens, [B, T], for backbones that take them.
        """

    def fast(self, rows: Sequence[int]) -> tuple[FastDecoder, Prefix] | None:
        """Inside `active`: what computes these rows without transformers, and what is before them.

        None where more than a prefix was put on the backbone, or it is not built so that the fast
        path knows it.
        """

    def trained(self) -> TrainedDecoder | None:
        """What computes the loss in place of transformers where the weights are trained."""


@dataclass(frozen=True)
class Artifact:
    """What is saved of a trained method.

    Attributes:
        tensors: float32, on the CPU.
        shape: of a prefix.
    """

    tensors: Tensors
    shape: PrefixShape | None = None


class Method(System, Protocol):
    """A system that can be trained.

    Attributes:
        packages: whose versions a run records, beside those that every run does.
    """

    packages: ClassVar[tuple[str, ...]]

    @property
    def computed_by(self) -> str:
        """What computes its passes: "fast path", or "transformers" and why."""

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """The parameters that are trained, by names that stay the same between program runs."""

    def learning_rates(self) -> dict[str, float]:
        """Peak rates of parameters that do not have the run's, by their names."""

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off, as the method wants it."""

    def notes(self) -> tuple[str, ...]:
        """Sentences that the user should read before training, such as a text that was cut."""

    def frozen_parameters(self) -> int:
        """How many of the backbone's numbers stay as they are."""

    def artifact(self) -> Artifact | None:
        """What is to be saved; None for the backbone as a whole."""


class WithoutTrainedDecoder:
    """The part of a system whose loss is computed by `fast`, or by transformers."""

    def learning_rates(self) -> dict[str, float]:
        """None: all have the run's."""
        return {}

    def trained(self) -> TrainedDecoder | None:
        """None."""
        return None


class SameForAllRows(WithoutTrainedDecoder):
    """The part of a system that does not ask which rows it works on."""

    packages: ClassVar[tuple[str, ...]] = ()
    backbone: Backbone
    position_offset: int

    @property
    def computed_by(self) -> str:
        """transformers: the backbone is changed inside."""
        return "transformers (the backbone is changed inside)"

    @contextlib.contextmanager
    def batch(
        self, rows: Sequence[int], mask: torch.Tensor, behind: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """Nothing to do."""
        yield counted_positions(mask) + self.backbone.first_position + self.position_offset

    def fast(self, rows: Sequence[int]) -> tuple[FastDecoder, Prefix] | None:
        """None: the backbone is changed inside."""
        return None

    def frozen_parameters(self) -> int:
        """The whole backbone."""
        return int(self.backbone.model.num_parameters())


def counted_positions(mask: torch.Tensor) -> torch.Tensor:
    """Positions that count real tokens: [B, T] from 0; left padding has none."""
    return (mask.cumsum(dim=1) - 1).clamp(min=0)


def count(parameters: dict[str, torch.nn.Parameter]) -> int:
    """How many numbers these parameters hold."""
    return sum(parameter.numel() for parameter in parameters.values())


def max_positions(backbone: Backbone) -> int | None:
    """How many positions the backbone knows, or None where there is no limit."""
    limit = getattr(backbone.model.config.get_text_config(), "max_position_embeddings", None)
    return limit - backbone.first_position if isinstance(limit, int) else None
