"""A second, slow attention with a prefix, from the formula: what the fast one must equal."""

from __future__ import annotations

import re
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import AttentionKind
from engine.contract.runs.cards import AttentionSite
from engine.methods.attention import KeyValues

NAME = "explicit"
_PLACES = {
    r"encoder\.layers\.(\d+)\.self_attn": AttentionKind.ENCODER_SELF,
    r"decoder\.layers\.(\d+)\.self_attn": AttentionKind.DECODER_SELF,
    r"decoder\.layers\.(\d+)\.encoder_attn": AttentionKind.DECODER_CROSS,
    r"encoder\.block\.(\d+)\.layer\.0\.SelfAttention": AttentionKind.ENCODER_SELF,
    r"decoder\.block\.(\d+)\.layer\.0\.SelfAttention": AttentionKind.DECODER_SELF,
    r"decoder\.block\.(\d+)\.layer\.1\.EncDecAttention": AttentionKind.DECODER_CROSS,
    r"^model\.layers\.(\d+)\.self_attn": AttentionKind.DECODER_SELF,
    r"^transformer\.h\.(\d+)\.attn": AttentionKind.DECODER_SELF,
    r"encoder\.layer\.(\d+)\.attention\.self": AttentionKind.ENCODER_SELF,
    r"transformer\.layer\.(\d+)\.attention": AttentionKind.ENCODER_SELF,
    r"^(?:model\.)?layers\.(\d+)\.attn": AttentionKind.ENCODER_SELF,
}
"""Module names of BART and its kin, then of T5, Llama and GPT-2, BERT and its kin, DistilBERT and
ModernBERT: written by hand, so that the search for sites is tested too."""
_SHARED = r"albert_layer_groups\.(\d+)\.albert_layers\.0\.attention"


def explicit_model(backbone: Backbone, key_values: KeyValues) -> Any:
    """A fresh copy of the backbone whose attention modules hold these prefixes."""
    model = type(backbone.model).from_pretrained(backbone.folder).eval()
    model.set_attn_implementation(NAME)
    left = dict(key_values)
    for name, module in model.named_modules():
        for pattern, place in _PLACES.items():
            if found := re.search(rf"{pattern}$", name):
                module.prefixes = [left.pop(AttentionSite(place.value, int(found[1])), None)]
        if found := re.search(rf"{_SHARED}$", name):  # one module in place of several layers
            each = model.config.num_hidden_layers // model.config.num_hidden_groups
            sites = [("encoder_self", int(found[1]) * each + at) for at in range(each)]
            module.prefixes = [left.pop(AttentionSite(*site), None) for site in sites]
    assert not left, f"no module for {[site.key for site in left]}"
    return model


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    position_bias: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """One softmax a row, head and query over the prefix and the keys that it may see."""
    rows, heads, queries, width = query.shape
    out = torch.zeros(rows, queries, heads, width)
    shared = heads // key.shape[1]  # how many heads of queries look at one of keys
    module.prefixes = [*module.prefixes[1:], module.prefixes[0]]  # the next layer's comes next
    prefix = module.prefixes[-1]
    prefix = torch.zeros(2, heads, 0, width) if prefix is None else prefix
    for row in range(rows):
        for at in range(queries):
            visible = _visible(module, attention_mask, row, at, queries, key.shape[2])
            for head in range(heads):
                own = head // shared
                keys = torch.cat([prefix[0, own], key[row, own, visible]])
                values = torch.cat([prefix[1, own], value[row, own, visible]])
                scores = keys @ query[row, head, at] * scaling
                if position_bias is not None:
                    bias = position_bias[min(row, len(position_bias) - 1), head, at, visible]
                    scores = scores + torch.cat([torch.zeros(prefix.shape[2]), bias])
                out[row, at, head] = scores.softmax(0) @ values
    return out, None


def _visible(
    module: torch.nn.Module,
    mask: torch.Tensor | None,
    row: int,
    at: int,
    queries: int,
    keys: int,
) -> torch.Tensor:
    if mask is not None:
        found: torch.Tensor = mask[min(row, len(mask) - 1), 0, at]
        return found
    visible = torch.ones(keys, dtype=torch.bool)
    if module.is_causal and queries > 1:
        visible[at + 1 :] = False
    return visible


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
