"""The operations between a decoder's products, each with its way back where training needs it.

Letters as in `engine.fast.decoder`.
"""

from __future__ import annotations

import torch
from torch.nn.functional import silu

from engine.fast.kernels import product
from engine.fast.weights import Norm, Projection

Normalised = tuple[torch.Tensor, torch.Tensor]
"""x without a norm's weight [.., n], and its divisor's inverse [.., 1]."""


def projected(x: torch.Tensor, projection: Projection) -> torch.Tensor:
    """[N, in] → [N, out]."""
    return product(x, projection.matrix, projection.bias)


def normalised(x: torch.Tensor, norm: Norm) -> tuple[torch.Tensor, Normalised]:
    """The norm of x [.., n]; and x without the weight, and its divisor's inverse [.., 1]."""
    inverse = x.square().mean(-1, keepdim=True).add_(norm.eps).rsqrt_()
    plain = x * inverse
    return plain * norm.weight, (plain, inverse)


def norm_backward(d: torch.Tensor, given: Normalised, norm: Norm) -> torch.Tensor:
    """The gradient by x of a norm, from that by its output."""
    plain, inverse = given
    d = d * norm.weight
    mean = torch.linalg.vecdot(d, plain).div_(-d.shape[-1])[..., None]
    return torch.addcmul(d, plain, mean).mul_(inverse)


def gated(gate_up: torch.Tensor) -> torch.Tensor:
    """[N, 2F] → [N, F]."""
    gate, up = gate_up.chunk(2, dim=1)
    return silu(gate).mul_(up)


def gated_backward(d: torch.Tensor, gate_up: torch.Tensor) -> torch.Tensor:
    """The gradient by `gate_up` [N, 2F] from that by `gated`'s output [N, F], which it reuses."""
    gate, up = gate_up.chunk(2, dim=1)
    made = torch.empty_like(gate_up)
    d_gate, d_up = made.chunk(2, dim=1)
    torch.mul(d, silu(gate), out=d_up)
    torch.ops.aten.silu_backward.grad_input(d.mul_(up), gate, grad_input=d_gate)
    return made


def cross_entropy_(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The summed cross-entropy of logits [M, V], which become its gradient by them."""
    rows = torch.arange(len(labels), device=labels.device)
    chosen = logits[rows, labels]
    largest = logits.amax(-1, keepdim=True)
    logits.sub_(largest).exp_()
    total = logits.sum(-1, keepdim=True)
    loss = (total.log() + largest).sum() - chosen.sum()
    logits.div_(total)
    logits[rows, labels] -= 1
    return loss
