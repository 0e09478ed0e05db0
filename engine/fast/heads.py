"""Queries, keys and values: one product, their norms and their rotation, with the way back.

Letters as in `engine.fast.decoder`.
"""

from __future__ import annotations

import torch

from engine.fast.operations import Normalised, norm_backward, normalised, projected
from engine.fast.weights import DecoderWeights, Layer

Turn = tuple[torch.Tensor, torch.Tensor]
"""Cosines and sines of each token, [N, 1, D / 2]: both halves turn by the same angles."""


class Heads:
    """The heads of one backbone.

    Attributes:
        q_size: H·D.
        size: (H + 2K)·D.
    """

    def __init__(self, weights: DecoderWeights) -> None:
        self._w = weights
        self.q_size = weights.heads * weights.head_width
        self._k_size = weights.kv_heads * weights.head_width
        self.size = self.q_size + 2 * self._k_size

    def rotation(self, like: torch.Tensor, positions: torch.Tensor) -> Turn | None:
        """By which the tokens at these positions [N] turn; None where none does."""
        if self._w.rotate is None:
            return None
        cos, sin = self._w.rotate(like[None], positions[None])
        half = self._w.head_width // 2
        return cos[0, :, None, :half], sin[0, :, None, :half]

    def project(
        self, layer: Layer, h: torch.Tensor, turn: Turn | None
    ) -> tuple[torch.Tensor, Normalised | None, Normalised | None]:
        """[N, (H + 2K)·D], queries and keys rotated; and what their norms need for the way back."""
        qkv = projected(h, layer.qkv)
        q_in = k_in = None
        if layer.q_norm is not None and layer.k_norm is not None:
            q, k, _ = self._by_head(qkv)
            normed, q_in = normalised(q, layer.q_norm)
            q.copy_(normed)
            normed, k_in = normalised(k, layer.k_norm)
            k.copy_(normed)
        if turn is not None:
            self._rotate(qkv, *turn)
        return qkv, q_in, k_in

    def project_backward(
        self,
        dqkv: torch.Tensor,
        turn: Turn | None,
        layer: Layer,
        q_in: Normalised | None,
        k_in: Normalised | None,
    ) -> None:
        """Back through rotation and norms, in place."""
        if turn is not None:
            cos, sin = turn
            self._rotate(dqkv, cos, -sin)
        if q_in is not None and k_in is not None:
            q, k, _ = self._by_head(dqkv)
            assert layer.q_norm is not None
            assert layer.k_norm is not None
            q.copy_(norm_backward(q, q_in, layer.q_norm))
            k.copy_(norm_backward(k, k_in, layer.k_norm))

    def parts(self, qkv: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values of [.., (H + 2K)·D]."""
        q, k, v = torch.split(qkv, [self.q_size, self._k_size, self._k_size], dim=-1)
        return q, k, v

    def _by_head(self, qkv: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Views [N, H or K, D]."""
        parts = qkv.view(len(qkv), -1, self._w.head_width)
        sizes = [self._w.heads, self._w.kv_heads, self._w.kv_heads]
        q, k, v = torch.split(parts, sizes, dim=1)
        return q, k, v

    def _rotate(self, qkv: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
        """Turn the queries and keys in place, as transformers' `apply_rotary_pos_emb`."""
        rotated = qkv.view(len(qkv), -1, self._w.head_width)[:, : self._w.heads + self._w.kv_heads]
        first, second = rotated.chunk(2, dim=-1)  # [N, H + K, D / 2]
        crossed = first * sin
        first.mul_(cos).addcmul_(second, sin, value=-1)
        second.mul_(cos).add_(crossed)
