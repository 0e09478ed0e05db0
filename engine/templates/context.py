"""The same beginning of many inputs, such as examples shown, read once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import torch

from engine.contract.backbone import BackboneKind
from engine.methods.base import SameForAllRows, System
from engine.tasks.generation.batches import collate_for, token_row

_FEWEST_TOKENS = 32
"""A shorter beginning is read again with each input."""

Pair = tuple[Sequence[int], Sequence[int]]
"""An input and a word."""


def shared_length(system: System, pairs: Sequence[Pair]) -> int:
    """How many tokens at the beginning of all inputs are to be read once; 0 where that is no gain.

    Only decoders can, without a gradient, and only where all rows are read alike.
    """
    if torch.is_grad_enabled() or not isinstance(system, SameForAllRows) or len(pairs) < 2:
        return 0
    if system.backbone.shape.kind is not BackboneKind.DECODER:
        return 0
    shortest = min(len(ids) for ids, _ in pairs) - 1  # something is left of each
    columns = zip(*(ids[:shortest] for ids, _ in pairs), strict=True)
    common = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    return common if common >= _FEWEST_TOKENS else 0


def shared_logits(system: System, pairs: Sequence[Pair], length: int) -> torch.Tensor:
    """The logits from which the words are read, [B, K, vocabulary]; inside `active()`.

    Args:
        system: whose rows are read alike.
        pairs: inputs with their words.
        length: C, of the beginning that all inputs have.
    """
    backbone = system.backbone
    model, device = backbone.model, backbone.model.device
    context = torch.tensor([list(pairs[0][0][:length])], device=device)
    seen = torch.ones_like(context)
    with system.batch((), seen, seen.bool() & False) as positions:
        read = model(
            input_ids=context,
            attention_mask=seen,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=1,
        )
    cache = read.past_key_values
    cache.batch_repeat_interleave(len(pairs))
    batch = collate_for(backbone, [token_row(ids[length:], word) for ids, word in pairs])
    mask = torch.cat([seen.expand(len(pairs), -1), batch.attention_mask], dim=1)  # [B, C + T]
    columns = batch.labels.shape[1]
    with system.batch((), mask, mask.bool() & False) as positions:
        output = model(
            input_ids=batch.input_ids,
            attention_mask=mask,
            position_ids=positions[:, length:],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=columns,
        )
    logits: torch.Tensor = output.logits[:, -columns:].float()
    return logits
