"""A decoder behind a prefix, by hand: a training step, and decoding step by step.

What makes it fast on a CPU, where transformers and autograd are general:

- Tokens are packed, [N, d] without padding; only attention sees the padded grid [G, T].
- The backbone is frozen, so the backward pass, written out below, needs no input of a matrix and
  makes no gradient but that of the prefix and of the states between the layers.
- The last layer behind its attention, and the head, are computed where a token is predicted.
- Query, key and value are one product, gate and up another, each by the fastest kernel. While
  decoding there is a second copy of the matrices, in the kernel's own order.
- While decoding, all beams of an input share one cache: which beam sees which token is a mask.

Letters: N tokens in all, G sequences (inputs) of at most T tokens, M predictions, B beams, P prefix
length, S columns of a cache, and those of `engine.fast.weights`: d, H, K, R, D, F, V.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch.nn.functional import pad

from engine.backbones.device import free_memory_bytes
from engine.fast.cache import ROOM, Cache
from engine.fast.heads import Heads
from engine.fast.kernels import packed, product
from engine.fast.operations import (
    Normalised,
    activated,
    activation_backward,
    cross_entropy_,
    norm_backward,
    normalised,
    projected,
)
from engine.fast.packing import HIDDEN, PackedBatch
from engine.fast.prefix import Prefix
from engine.fast.weights import DecoderWeights, Projection

DECODING_ROWS = 32
"""For which matrices are packed."""
FREE_PART = 0.25
"""Of the free memory, which their copies may take."""
SAVED_ENTRIES = 4 * 2**20
"""Attention probabilities of a layer that are saved for the way back; more are computed again."""
MOST_ENTRIES = 128 * 2**20
"""Attention probabilities of a layer that there may be at once (512 MB)."""


@dataclass(frozen=True, eq=False)
class _Saved:
    """What the backward pass of a layer needs of its forward pass."""

    attention_in: Normalised
    q_in: Normalised | None
    k_in: Normalised | None
    queries: torch.Tensor
    keys: torch.Tensor
    values: torch.Tensor
    probabilities: torch.Tensor | None
    mlp_in: Normalised
    up: torch.Tensor


class FastDecoder:
    """The computations on the weights of one frozen backbone; all but products in float32."""

    def __init__(self, weights: DecoderWeights) -> None:
        self._w = weights
        self._heads = Heads(weights)
        self._ratio = weights.heads // weights.kv_heads

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._w.head.device

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self._w.layers)

    def no_prefix(self) -> Prefix:
        """Nothing before the tokens."""
        empty = self._w.norm.weight.new_empty(2, self._w.kv_heads, 0, self._w.head_width)
        return Prefix([empty] * self.layers, 0)

    def has_room_for(self, prefix: Prefix, batch: PackedBatch) -> bool:
        """Whether the texts are short enough for attention that is written out."""
        rows = batch.size * self._w.heads * batch.length
        return rows * (prefix.length + batch.length) <= MOST_ENTRIES

    # Training ------------------------------------------------------------------------------

    def loss(self, prefix: Prefix, batch: PackedBatch) -> torch.Tensor:
        """The summed loss of a batch's predictions, in nats, with its gradient by the prefix."""
        if torch.is_grad_enabled() and any(layer.requires_grad for layer in prefix.layers):
            loss: torch.Tensor = _Loss.apply(self, prefix, batch, *prefix.layers)  # type: ignore[no-untyped-call]
            return loss
        with torch.no_grad():
            return cross_entropy_(self.logits(prefix, batch), batch.labels)

    @torch.no_grad()
    def loss_and_gradients(
        self, prefix: Prefix, batch: PackedBatch
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The summed loss, and its gradient by each layer of a prefix that all sequences share."""
        vars(self).pop("_for_few_rows", None)
        saved: list[_Saved] = []
        x = self._forward(prefix, batch, saved=saved)
        x, final_in = normalised(x, self._w.norm)
        logits = product(x, self._w.head)
        loss = cross_entropy_(logits, batch.labels)  # logits are their gradient now
        dx = norm_backward(product(logits, self._w.head.T), final_in, self._w.norm)
        del logits
        return loss, self._backward(dx, prefix, batch, saved)

    @torch.no_grad()
    def logits(self, prefix: Prefix, batch: PackedBatch) -> torch.Tensor:
        """[M, V]."""
        x, _ = normalised(self._forward(prefix, batch), self._w.norm)
        return product(x, self._w.head)

    def _forward(
        self,
        prefix: Prefix,
        batch: PackedBatch,
        *,
        saved: list[_Saved] | None = None,
        cache: Cache | None = None,
    ) -> torch.Tensor:
        """The last layer's states at the predicting tokens, [M, d]."""
        w, size, length = self._w, batch.size, batch.length
        heads, ratio, width = w.kv_heads, self._ratio, w.head_width
        offsets = prefix.offsets
        if isinstance(offsets, torch.Tensor):
            offsets = offsets[batch.sequence]
        positions = batch.positions + offsets
        x = self._embedded(batch.ids, positions)
        turn = self._heads.rotation(x, positions)
        bias = self._training_bias(prefix, batch)
        grid = x.new_zeros(size * length, self._heads.size)
        for number, layer in enumerate(w.layers):
            h, attention_in = normalised(x, layer.attention_norm)
            qkv, q_in, k_in = self._heads.project(layer, h, turn)
            if batch.is_dense:
                grid = qkv
            else:
                grid[batch.cells] = qkv
            q, k, v = self._heads.parts(grid.view(size, length, -1))
            own = prefix.layers[number]
            before = own.shape[-2]
            own = own if own.dim() == 5 else own.expand(size, -1, -1, -1, -1)
            # [G, T, K, R, D] -> [G·K, R·T, D]
            q = q.view(size, length, heads, ratio, width).permute(0, 2, 3, 1, 4)
            q = q.reshape(size * heads, ratio * length, width)
            k = torch.cat([own[:, 0], k.view(size, length, heads, width).transpose(1, 2)], dim=2)
            v = torch.cat([own[:, 1], v.view(size, length, heads, width).transpose(1, 2)], dim=2)
            if cache is not None:
                start, end = cache.starts[number], prefix.length + length
                cache.keys[number][:, :, start:end] = k
                cache.values[number][:, :, start:end] = v
            k, v = k.flatten(0, 1), v.flatten(0, 1)  # [G·K, P + T, D]
            p = self._attention(bias[..., prefix.length - before :], q, k)
            o = torch.bmm(p, v).view(size, heads, ratio, length, width)
            o = o.permute(0, 3, 1, 2, 4).reshape(size * length, self._heads.q_size)
            if not batch.is_dense:
                o = o[batch.cells]
            if number == len(w.layers) - 1:
                o, x = o[batch.predicting], x[batch.predicting]
            x = projected(o, layer.out).add_(x)
            h, mlp_in = normalised(x, layer.mlp_norm)
            up = projected(h, layer.up)
            x = projected(activated(up, w.activation), layer.down).add_(x)
            if saved is not None:
                few = p if p.numel() <= SAVED_ENTRIES else None
                saved.append(_Saved(attention_in, q_in, k_in, q, k, v, few, mlp_in, up))
        return x

    def _backward(
        self, dx: torch.Tensor, prefix: Prefix, batch: PackedBatch, saved: list[_Saved]
    ) -> list[torch.Tensor]:
        """The gradients by each layer of the prefix, from that by the last states, [M, d]."""
        w, size, length = self._w, batch.size, batch.length
        heads, ratio, width = w.kv_heads, self._ratio, w.head_width
        turn = self._heads.rotation(dx, batch.positions + prefix.offsets)
        is_complete = all(s.probabilities is not None for s in saved)
        bias = None if is_complete else self._training_bias(prefix, batch)
        grid = dx.new_zeros(size * length, self._heads.q_size)
        gradients: list[torch.Tensor] = []
        for number in range(len(w.layers) - 1, -1, -1):
            layer, s = w.layers[number], saved.pop()
            du = product(dx, layer.down.matrix.T)
            du = activation_backward(du, s.up, w.activation)
            dh = product(du, layer.up.matrix.T)
            dx = norm_backward(dh, s.mlp_in, layer.mlp_norm).add_(dx)
            do = product(dx, layer.out.matrix.T)
            if number == len(w.layers) - 1:
                # A token may predict several: their gradients add up.
                do = do.new_zeros(len(batch.ids), self._heads.q_size).index_add_(
                    0, batch.predicting, do
                )
                dx = dx.new_zeros(len(batch.ids), dx.shape[1]).index_add_(0, batch.predicting, dx)
            if not batch.is_dense:
                grid[batch.cells] = do
                do = grid
            do = do.view(size, length, heads, ratio, width).permute(0, 2, 3, 1, 4)
            do = do.reshape(size * heads, ratio * length, width)
            p = s.probabilities
            if p is None:
                assert bias is not None
                own_bias = bias[..., bias.shape[-1] - s.keys.shape[1] :]
                p = self._attention(own_bias, s.queries, s.keys)
            dv = torch.bmm(p.transpose(1, 2), do).view(size, heads, -1, width)
            dp = torch.bmm(do, s.values.transpose(1, 2))
            ds = torch.ops.aten._softmax_backward_data(dp, p, -1, dp.dtype)
            ds.mul_(w.scale)
            dk = torch.bmm(ds.transpose(1, 2), s.queries).view(size, heads, -1, width)
            before = dk.shape[2] - length
            gradients.append(torch.stack([dk[:, :, :before].sum(0), dv[:, :, :before].sum(0)]))
            if number == 0:
                break  # embeddings are constants
            dq = torch.bmm(ds, s.keys).view(size, heads, ratio, length, width)
            dqkv = dq.new_empty(size, length, self._heads.size)
            for part, own in zip(
                self._heads.parts(dqkv),
                (dq.permute(0, 3, 1, 2, 4), *(d[:, :, before:].transpose(1, 2) for d in (dk, dv))),
                strict=True,
            ):
                part.view(own.shape).copy_(own)
            dqkv = dqkv.view(size * length, -1)
            if not batch.is_dense:
                dqkv = dqkv[batch.cells]
            self._heads.project_backward(dqkv, turn, layer, s.q_in, s.k_in)
            dh = product(dqkv, layer.qkv.matrix.T)
            dx = norm_backward(dh, s.attention_in, layer.attention_norm).add_(dx)
        return gradients[::-1]

    def _attention(self, bias: torch.Tensor, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        """The probabilities of queries [n, a, D] over keys [n, b, D], [n, a, b]."""
        scores: torch.Tensor = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=self._w.scale)
        return scores.softmax(-1)

    def _training_bias(self, prefix: Prefix, batch: PackedBatch) -> torch.Tensor:
        """[G·K, R·T, P + T]: what a query's products are added to."""
        size, length, before = batch.size, batch.length, prefix.length
        bias = pad(batch.bias, (before, 0))
        if prefix.visible is not None:
            hidden = ~prefix.visible[:, None].expand(-1, length, -1)
            bias[:, :, :before].masked_fill_(hidden, HIDDEN)
        bias = bias[:, None, None].expand(-1, self._w.kv_heads, self._ratio, -1, -1)
        return bias.reshape(size * self._w.kv_heads, self._ratio * length, before + length)

    def _embedded(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """[N, d]."""
        x: torch.Tensor = self._w.embed(ids).to(self._w.norm.weight.dtype)
        return x if self._w.positions is None else x + self._w.positions[positions]

    # Decoding ------------------------------------------------------------------------------

    @torch.no_grad()
    def prefill(
        self, prefix: Prefix, batch: PackedBatch, *, beams: int
    ) -> tuple[torch.Tensor, Cache]:
        """Read G prompts once each; logits of the next tokens [G, V], and their cache."""
        w, before, end = self._w, prefix.length, prefix.length + batch.length
        shape = (batch.size, w.kv_heads, end + ROOM * beams, w.head_width)
        mask = torch.full((batch.size, beams, shape[2]), HIDDEN, device=w.head.device)
        mask[:, :, :before] = 0
        if prefix.visible is not None:
            mask[:, :, :before].masked_fill_(~prefix.visible[:, None], HIDDEN)
        # A prompt's last token sees what its continuation sees.
        last = batch.cells[batch.predicting] % batch.length
        seen = batch.bias[torch.arange(batch.size, device=last.device), last]
        mask[:, :, before:end] = seen[:, None]
        cache = Cache(
            keys=[w.norm.weight.new_empty(shape) for _ in w.layers],
            values=[w.norm.weight.new_empty(shape) for _ in w.layers],
            mask=mask,
            positions=batch.positions[batch.predicting] + prefix.offsets + 1,
            prefix=before,
            starts=[before - layer.shape[-2] for layer in prefix.layers],
            used=end,
        )
        x, _ = normalised(self._forward(prefix, batch, cache=cache), w.norm)
        return product(x, self._for_few_rows.head), cache

    @cached_property
    def _for_few_rows(self) -> DecoderWeights:
        """The matrices as they are the fastest in a decoding step, until something is trained.

        Only the head, a third of a greedy step, where copies of all would need much of the memory.
        """
        w = replace(self._w, head=packed(self._w.head, DECODING_ROWS))
        copied = sum(matrix.nbytes for layer in w.layers for matrix in layer.matrices)
        if copied > FREE_PART * free_memory_bytes(self.device)["of memory"]:
            return w
        return replace(w, layers=[layer.mapped(_for_few_rows) for layer in w.layers])

    @torch.no_grad()
    def step(self, cache: Cache, ids: torch.Tensor) -> torch.Tensor:
        """Read one token more for each beam.

        Args:
            ids: [G, B].

        Returns:
            Logits of the next tokens, [G·B, V].
        """
        w, (size, beams) = self._for_few_rows, ids.shape
        heads, ratio, width = w.kv_heads, self._ratio, w.head_width
        cache.make_room(beams)
        start, end = cache.used, cache.used + beams
        own = torch.arange(beams, device=ids.device)
        cache.mask[:, own, start + own] = 0
        bias = cache.mask[:, None, :, None, :end].expand(-1, heads, -1, ratio, -1)
        bias = bias.reshape(size * heads, beams * ratio, end)
        positions = cache.positions.repeat_interleave(beams)
        x = self._embedded(ids.flatten(), positions)
        turn = self._heads.rotation(x, positions)
        for number, layer in enumerate(w.layers):
            h, _ = normalised(x, layer.attention_norm)
            qkv, _, _ = self._heads.project(layer, h, turn)
            q, k, v = self._heads.parts(qkv.view(size, beams, -1))
            keys, values = cache.keys[number], cache.values[number]
            keys[:, :, start:end] = k.view(size, beams, heads, width).transpose(1, 2)
            values[:, :, start:end] = v.view(size, beams, heads, width).transpose(1, 2)
            first = cache.starts[number]
            # [G, B, K, R, D] -> [G·K, B·R, D]
            q = q.view(size, beams, heads, ratio, width).transpose(1, 2)
            q = q.reshape(size * heads, beams * ratio, width)
            p = self._attention(bias[..., first:], q, keys.flatten(0, 1)[:, first:end])
            o = torch.bmm(p, values.flatten(0, 1)[:, first:end])
            o = o.view(size, heads, beams, ratio, width).transpose(1, 2)
            x = projected(o.reshape(size * beams, -1), layer.out).add_(x)
            h, _ = normalised(x, layer.mlp_norm)
            x = projected(activated(projected(h, layer.up), w.activation), layer.down).add_(x)
        cache.used = end
        cache.positions = cache.positions + 1
        x, _ = normalised(x, w.norm)
        return product(x, w.head)


def _for_few_rows(projection: Projection) -> Projection:
    return replace(projection, matrix=packed(projection.matrix, DECODING_ROWS))


class _Loss(torch.autograd.Function):
    """The loss whose gradient is computed with it."""

    @staticmethod
    def forward(
        ctx: Any, decoder: FastDecoder, prefix: Prefix, batch: PackedBatch, *layers: torch.Tensor
    ) -> torch.Tensor:
        detached = Prefix([layer.detach() for layer in layers], prefix.offsets)
        loss, ctx.gradients = decoder.loss_and_gradients(detached, batch)
        return loss

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> Any:
        return None, None, None, *(outer[0] * gradient for gradient in ctx.gradients)
