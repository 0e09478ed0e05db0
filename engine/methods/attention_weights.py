"""The weights that an attention gives its keys: what the fused kernel computes and never shows."""

from __future__ import annotations

from typing import Any

import torch


def attention_weights(
    module: torch.nn.Module,
    query: torch.Tensor,  # [B, query heads, T, D]
    key: torch.Tensor,  # [B, H, P + S, D]
    attention_mask: torch.Tensor | None,  # [B or 1, 1, T, P + S], True or 0.0 where visible
    **kwargs: Any,
) -> torch.Tensor:
    """Softmax of the scaled products, as eager attention has it: [B, query heads, T, P + S].

    The arguments are those of transformers' attention functions, after a prefix was put before
    the keys. In float32.
    """
    scaling = kwargs.get("scaling")
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
    scores = query.float() @ key.float().transpose(2, 3) * scaling
    bias = kwargs.get("position_bias")
    if bias is not None:  # T5
        scores = scores + bias.float()
    if attention_mask is not None:
        visible = attention_mask[..., : key.shape[2]]
        if visible.dtype == torch.bool:
            scores = scores.masked_fill(~visible, -torch.inf)
        else:
            scores = scores + visible.float()
    elif kwargs.get("is_causal", getattr(module, "is_causal", False)) and query.shape[2] > 1:
        after = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device)
        scores = scores.masked_fill(after.triu(key.shape[2] - query.shape[2] + 1), -torch.inf)
    weights: torch.Tensor = scores.softmax(dim=-1)
    return weights
