"""A Llama-like decoder whose own weights are trained: packed tokens, through autograd.

As in `engine.fast.decoder` only attention sees padding, and the last layer behind its attention
and the head are computed where a token is predicted. The modules are transformers' own, so that
gradients arrive at its parameters. Letters are those of `engine.fast.decoder`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from engine.fast.packing import PackedBatch


class TrainedDecoder:
    """The computations with a model's modules.

    Args:
        model: of a structure that `engine.fast.structures.llama.check_llama` accepts.
    """

    def __init__(self, model: Any) -> None:
        self._body, self._head = model.model, model.get_output_embeddings()

    def loss(self, batch: PackedBatch) -> torch.Tensor:
        """The summed loss of a batch's predictions, in nats."""
        return cross_entropy(self.logits(batch), batch.labels, reduction="sum")

    def logits(self, batch: PackedBatch) -> torch.Tensor:
        """[M, V]."""
        body = self._body
        x = body.embed_tokens(batch.ids)
        cos, sin = body.rotary_emb(x[None], batch.positions[None])
        turn = cos[0, :, None], sin[0, :, None]  # [N, 1, D] each
        for number, layer in enumerate(body.layers):
            o = _attention(layer.self_attn, layer.input_layernorm(x), turn, batch)
            if number == len(body.layers) - 1:
                o, x = o[batch.predicting], x[batch.predicting]
            x = x + layer.self_attn.o_proj(o)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        logits: torch.Tensor = self._head(body.norm(x))
        return logits


def _attention(
    attention: Any,
    h: torch.Tensor,
    turn: tuple[torch.Tensor, torch.Tensor],
    batch: PackedBatch,
) -> torch.Tensor:
    """[N, d] → [N, H·D]."""
    shape = (len(h), -1, attention.head_dim)
    q, k, v = (
        linear(h).view(shape) for linear in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    if hasattr(attention, "q_norm"):
        q, k = attention.q_norm(q), attention.k_norm(k)
    q, k = _turned(q, *turn), _turned(k, *turn)
    o = scaled_dot_product_attention(
        _in_grid(q, batch),
        _in_grid(k, batch),
        _in_grid(v, batch),
        attn_mask=batch.bias[:, None].to(q.dtype),
        scale=attention.scaling,
        enable_gqa=True,
    )
    return o.transpose(1, 2).flatten(0, 1).flatten(1)[batch.cells]


def _in_grid(part: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
    """[N, n, D] → [G, n, T, D]."""
    grid = part.new_zeros(batch.size * batch.length, *part.shape[1:])
    grid = grid.index_copy(0, batch.cells, part)
    return grid.view(batch.size, batch.length, *part.shape[1:]).transpose(1, 2)


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """[N, n, D], each half rotated with the other (`apply_rotary_pos_emb` of transformers)."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin
