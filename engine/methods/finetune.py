"""Full fine-tuning, and the bare backbone: the systems a prefix is compared with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.finetune import FinetuneMethod
from engine.fast.decoder import FastDecoder
from engine.fast.path import path_of, trained_decoder_of
from engine.fast.prefix import Prefix
from engine.fast.trained import TrainedDecoder
from engine.methods.base import SameForAllRows, count
from engine.methods.checkpointing import is_checkpointing


class FullFinetuning(SameForAllRows):
    """A backbone whose every weight is trained, in float32."""

    def __init__(self, backbone: Backbone, method: FinetuneMethod, *, seed: int = 0) -> None:
        self.backbone = backbone
        self.position_offset = 0
        self._dropout = method.backbone_dropout
        self._decoder = trained_decoder_of(backbone.model)
        backbone.model.requires_grad_(False)
        for parameter in backbone.weights().values():
            parameter.requires_grad_(True)

    @property
    def computed_by(self) -> str:
        """Its loss by passes of our own where the backbone is Llama-like."""
        return super().computed_by if self.trained() is None else "fast path"

    def trained(self) -> TrainedDecoder | None:
        """Passes of our own, unless memory is to be saved."""
        saves_memory = is_checkpointing(self.backbone.model)
        return None if saves_memory or torch.is_autocast_enabled("cpu") else self._decoder

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """All parameters that what is read depends on; tied ones once."""
        return self.backbone.weights()

    def set_training(self, training: bool) -> None:
        """Switch the backbone's own dropout, if the method wants it."""
        self.backbone.model.train(training and self._dropout)

    def notes(self) -> tuple[str, ...]:
        """Nothing to say."""
        return ()

    def frozen_parameters(self) -> int:
        """A head that is not read."""
        return int(self.backbone.model.num_parameters()) - count(self.trainable())

    def artifact(self) -> None:
        """The backbone itself is saved."""

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Nothing to prepare."""
        yield


class BareBackbone(SameForAllRows):
    """A backbone as it stands: untuned, or loaded from a fine-tuned run's folder."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone
        self.position_offset = 0
        self._path = path_of(backbone.model)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Nothing to prepare."""
        yield

    def fast(self, rows: Sequence[int]) -> tuple[FastDecoder, Prefix] | None:
        """The backbone alone."""
        decoder = self._path.now()
        return None if decoder is None else (decoder, decoder.no_prefix())
