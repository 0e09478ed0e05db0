"""The masks of attention with a prefix; shape letters as in `engine.methods.attention`."""

from __future__ import annotations

from typing import Any

import torch
from transformers.masking_utils import sdpa_mask


def join_masks(
    own: torch.Tensor,  # [B, 1, T, P]
    attention_mask: torch.Tensor | None,  # [B or 1, 1, T, S]
    keys: int,
) -> torch.Tensor:
    """The mask over prefix and tokens: [B, 1, T, P + S]."""
    batch, _, queries, _ = own.shape
    if attention_mask is None:
        return torch.cat([own, own.new_ones(batch, 1, queries, keys)], dim=3)
    attention_mask = attention_mask.expand(batch, -1, -1, -1)
    if attention_mask.dtype != torch.bool:
        lowest = torch.finfo(attention_mask.dtype).min
        own = torch.zeros_like(own, dtype=attention_mask.dtype).masked_fill(~own, lowest)
    return torch.cat([own, attention_mask], dim=3)


def explicit_mask(*args: Any, **kwargs: Any) -> torch.Tensor | None:
    """The stock mask, but explicit where SDPA would be called with `is_causal`.

    With a prefix the keys outnumber the queries, and the kernel's own triangle would sit in
    the wrong corner.
    """
    q_length = kwargs.get("q_length", args[1] if len(args) > 1 else None)
    if not isinstance(q_length, int) or q_length > 1:
        kwargs["allow_is_causal_skip"] = False
    padding = kwargs.get("attention_mask")
    if padding is not None and padding.is_meta:
        kwargs["allow_is_bidirectional_skip"] = False  # to skip, it would look for padding
    mask: torch.Tensor | None = sdpa_mask(*args, **kwargs)
    return mask
