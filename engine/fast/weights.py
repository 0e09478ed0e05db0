"""The weights of a frozen decoder, in the form in which `engine.fast.decoder` computes with them.

Shape letters, here and in all of `engine.fast`: d width, H heads, K key/value heads, R = H / K,
D head width, F width of the MLP, V vocabulary.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn


@dataclass(frozen=True, eq=False)
class Projection:
    """Several linear layers with one input as one.

    Attributes:
        matrix: [out, in], with the inputs as rows in memory.
        bias: [out].
    """

    matrix: torch.Tensor
    bias: torch.Tensor | None


@dataclass(frozen=True, eq=False)
class Norm:
    """A layer norm, or without a bias an RMS norm: x / sqrt(mean(x²) + eps) * weight."""

    weight: torch.Tensor
    eps: float
    bias: torch.Tensor | None = None


class Activation(enum.Enum):
    """What is between the two matrices of an MLP."""

    GATED_SILU = "gated SiLU"
    """SiLU of the first half of its input, times the second half."""
    GELU = "GELU"
    GELU_TANH = "GELU by tanh"
    RELU = "ReLU"


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Matrices: qkv [(H + 2K)·D, d], out [d, H·D], up [F, d] (gate and up [2F, d] where the
    activation is gated), down [d, F].

    Attributes:
        q_norm, k_norm: over the D numbers of a head, before the rotation (Qwen 3); else None.
    """

    attention_norm: Norm
    qkv: Projection
    out: Projection
    mlp_norm: Norm
    up: Projection
    down: Projection
    q_norm: Norm | None = None
    k_norm: Norm | None = None

    @property
    def matrices(self) -> list[torch.Tensor]:
        """All that are multiplied with."""
        return [p.matrix for p in (self.qkv, self.out, self.up, self.down)]

    def mapped(self, change: Callable[[Projection], Projection]) -> Layer:
        """With other projections."""
        return replace(
            self,
            qkv=change(self.qkv),
            out=change(self.out),
            up=change(self.up),
            down=change(self.down),
        )


@dataclass(frozen=True, eq=False)
class DecoderWeights:
    """All that a forward pass needs.

    Matrices may be of bfloat16; all else is float32.

    Attributes:
        embed: token ids → [.., d].
        positions: [most positions, d], added to embeddings; None where queries and keys are
            rotated instead.
        rotate: (x, position ids [1, N]) → cosines and sines, each [1, N, D]; or None.
        head: [V, d].
        scale: of the products of queries and keys.
    """

    embed: nn.Module
    positions: torch.Tensor | None
    rotate: nn.Module | None
    layers: Sequence[Layer]
    activation: Activation
    norm: Norm
    head: torch.Tensor
    heads: int
    kv_heads: int
    head_width: int
    scale: float
