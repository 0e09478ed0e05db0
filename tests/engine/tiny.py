"""Loaded tiny backbones and the reference route, for tests of methods, training, decoding."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import DynamicCache

from engine.backbones.loading import Backbone, load_backbone
from engine.methods.attention import KeyValues
from engine.methods.base import Method
from engine.reporter import Silent
from engine.tasks.generation.batches import TextBatch
from engine.tasks.generation.loss import loss_sum
from tests.helpers.tiny_backbones import save_tiny


def tiny(folder: Path, family: str) -> Backbone:
    """A loaded random backbone of this family."""
    return load(save_tiny(folder / family, family))


def load(folder: Path, dtype: torch.dtype = torch.float32) -> Backbone:
    """The backbone in this folder, on the CPU."""
    return load_backbone(
        str(folder),
        device=torch.device("cpu"),
        dtype=dtype,
        reporter=Silent(),
    )


def gradients(method: Method, batch: TextBatch) -> dict[str, torch.Tensor]:
    """The gradients of a batch's loss, of those parameters that get one."""
    for parameter in method.trainable().values():
        parameter.grad = None
    with method.active():
        loss_sum(method, batch).backward()
    return {name: p.grad.clone() for name, p in method.trainable().items() if p.grad is not None}


def reference_logits(
    backbone: Backbone, key_values: KeyValues, input_ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Logits of the cache route: the prefix as a filled cache, eager attention, positions at P.

    Args:
        key_values: for each site [2, H, P, D].
        input_ids, mask: [B, T].

    Returns:
        [B, T, vocabulary].
    """
    model = type(backbone.model).from_pretrained(backbone.folder, attn_implementation="eager")
    model.eval()
    batch, length = input_ids.shape[0], next(iter(key_values.values())).shape[2]
    cache = DynamicCache()
    for layer, site in enumerate(sorted(key_values)):
        key, value = key_values[site].unsqueeze(1).expand(-1, batch, -1, -1, -1)
        cache.update(key.clone(), value.clone(), layer)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0) + length
    visible = torch.cat([torch.ones(batch, length, dtype=mask.dtype), mask], dim=1)
    with torch.no_grad():
        output = model(
            input_ids=input_ids,
            attention_mask=visible,
            position_ids=positions,
            past_key_values=cache,
        )
    logits: torch.Tensor = output.logits
    return logits
