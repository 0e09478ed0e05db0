"""The operations between a decoder's products, each with its way back where training needs it.

Letters as in `engine.fast.decoder`.
"""

from __future__ import annotations

import torch
from torch.nn.functional import gelu, silu

from engine.fast.kernels import product
from engine.fast.weights import Activation, Norm, Projection

_GELU = {Activation.GELU: "none", Activation.GELU_TANH: "tanh"}

Normalised = tuple[torch.Tensor, ...]
"""What the way back through a norm needs. Of an RMS norm, x without the weight [.., n] and its
divisor's inverse [.., 1]; of a layer norm, x, its mean and its divisor's inverse."""


def projected(x: torch.Tensor, projection: Projection) -> torch.Tensor:
    """[N, in] → [N, out]."""
    return product(x, projection.matrix, projection.bias)


def normalised(x: torch.Tensor, norm: Norm) -> tuple[torch.Tensor, Normalised]:
    """The norm of x [.., n], and what its way back needs."""
    if norm.bias is not None:
        size = x.shape[-1:]
        made, mean, inverse = torch.native_layer_norm(x, size, norm.weight, norm.bias, norm.eps)
        return made, (x, mean, inverse)
    inverse = x.square().mean(-1, keepdim=True).add_(norm.eps).rsqrt_()
    plain = x * inverse
    return plain * norm.weight, (plain, inverse)


def norm_backward(d: torch.Tensor, given: Normalised, norm: Norm) -> torch.Tensor:
    """The gradient by x of a norm, from that by its output."""
    if norm.bias is not None:
        made: torch.Tensor = torch.ops.aten.native_layer_norm_backward(
            d, given[0], d.shape[-1:], *given[1:], norm.weight, norm.bias, [True, False, False]
        )[0]
        return made
    plain, inverse = given
    d = d * norm.weight
    mean = torch.linalg.vecdot(d, plain).div_(-d.shape[-1])[..., None]
    return torch.addcmul(d, plain, mean).mul_(inverse)


def activated(h: torch.Tensor, activation: Activation) -> torch.Tensor:
    """[N, F], or gated [N, 2F] → [N, F]."""
    if activation is Activation.GATED_SILU:
        gate, up = h.chunk(2, dim=1)
        return silu(gate).mul_(up)
    if activation is Activation.RELU:
        return h.relu()
    return gelu(h, approximate=_GELU[activation])


def activation_backward(d: torch.Tensor, h: torch.Tensor, activation: Activation) -> torch.Tensor:
    """The gradient by h from that by `activated`'s output [N, F], which it reuses."""
    if activation is Activation.GATED_SILU:
        gate, up = h.chunk(2, dim=1)
        made = torch.empty_like(h)
        d_gate, d_up = made.chunk(2, dim=1)
        torch.mul(d, silu(gate), out=d_up)
        torch.ops.aten.silu_backward.grad_input(d.mul_(up), gate, grad_input=d_gate)
        return made
    if activation is Activation.RELU:
        return d.mul_(h > 0)
    plain: torch.Tensor = torch.ops.aten.gelu_backward(d, h, approximate=_GELU[activation])
    return plain


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
