"""Whether a backbone is computed by `FastDecoder`, or by transformers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from engine.fast.decoder import FastDecoder
from engine.fast.packing import PackedBatch, pack_rows
from engine.fast.structures.llama import check_llama
from engine.fast.structures.modules import OtherStructureError
from engine.fast.structures.reading import read_weights
from engine.fast.trained import TrainedDecoder

log = logging.getLogger(__name__)

_PATH = "fast_path"
_DEVICES = ("cpu", "cuda")
_TOLERANCES = {torch.float32: 1e-4, torch.bfloat16: 0.1}
"""Largest difference of two logits, as a part of the largest logit, by the matrices' format."""


@dataclass(frozen=True, eq=False)
class Path:
    """How a backbone is computed.

    Attributes:
        decoder: None where transformers computes.
        reason: why it does, or "".
        saves_memory: transformers computes where a gradient is needed, and does not keep what
            it computes again on the way back.
    """

    decoder: FastDecoder | None
    reason: str = ""
    saves_memory: bool = False

    def __str__(self) -> str:
        if self.decoder is None:
            return f"transformers ({self.reason})"
        if self.saves_memory:
            return "transformers in training (to save memory), else fast path"
        return "fast path"

    def now(self) -> FastDecoder | None:
        """The decoder, unless memory is saved or torch is to choose number formats itself."""
        if self.decoder is None or (self.saves_memory and torch.is_grad_enabled()):
            return None
        is_cast = torch.is_autocast_enabled(self.decoder.device.type)
        return None if is_cast else self.decoder


def path_of(model: Any) -> Path:
    """The path of a loaded model.

    Decided at the first call, when nothing has been put on the model yet: its logits are compared
    with the fast decoder's.
    """
    made = getattr(model, _PATH, None)
    if made is None:
        made = _decide(model)
        setattr(model, _PATH, made)
        if made.reason:
            log.info("%s is computed by transformers: %s", type(model).__name__, made.reason)
    assert isinstance(made, Path)
    return made


def save_memory(model: Any) -> None:
    """Leave training steps to transformers, whose layers save memory."""
    made = getattr(model, _PATH, None)
    if made is not None:
        setattr(model, _PATH, replace(made, saves_memory=True))


def compute_by_transformers(model: Any) -> None:
    """Leave this model to transformers, before anything is put on it: to compare the two."""
    setattr(model, _PATH, Path(None, "it was asked for"))


def trained_decoder_of(model: Any) -> TrainedDecoder | None:
    """What computes the loss of a model whose weights are trained; None: transformers does."""
    if model.device.type != "cpu" or model.dtype != torch.float32:
        return None
    try:
        check_llama(model)
    except OtherStructureError:
        return None
    if getattr(model.config, "attention_dropout", 0.0):
        return None
    decoder = TrainedDecoder(model)
    return decoder if _difference(model, decoder.logits) <= _TOLERANCES[model.dtype] else None


def _decide(model: Any) -> Path:
    if model.device.type not in _DEVICES or model.dtype not in _TOLERANCES:
        return Path(None, f"it is {model.dtype} on {model.device.type}")
    try:
        decoder = FastDecoder(read_weights(model))
    except OtherStructureError as reason:
        return Path(None, str(reason))
    nothing = decoder.no_prefix()
    difference = _difference(model, lambda batch: decoder.logits(nothing, batch))
    if not difference <= _TOLERANCES[model.dtype]:
        return Path(None, f"its logits differ by {difference:.1e}")
    return Path(decoder)


@torch.no_grad()
def _difference(model: Any, logits_of: Callable[[PackedBatch], torch.Tensor]) -> float:
    """Of the logits of two texts, one of them padded, as a part of the largest."""
    known = model.get_input_embeddings().weight.shape[0]
    ids = torch.arange(1, 13).mul(7919).remainder(known)
    texts = [ids.tolist(), ids.flip(0)[:5].tolist()]
    batch = pack_rows([text[:1] for text in texts], [[*text[1:], 0] for text in texts], share=False)
    batch = batch.to(model.device)
    ours = torch.split(logits_of(batch), [len(text) for text in texts])
    largest = difference = 0.0
    for text, logits in zip(texts, ours, strict=True):
        input_ids = torch.tensor([text], device=model.device)
        theirs = model(input_ids=input_ids, use_cache=False).logits[0]
        largest = max(largest, float(theirs.abs().max()))
        difference = max(difference, float((theirs - logits).abs().max()))
    return difference / largest
