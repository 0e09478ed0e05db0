"""What is demanded of transformers' modules, and how their weights are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from engine.fast.weights import Activation, Norm, Projection

_ACTIVATIONS: Mapping[str, Activation] = {
    "SiLU": Activation.GATED_SILU,
    "SiLUActivation": Activation.GATED_SILU,
    "GELUActivation": Activation.GELU,
    "GELUTanh": Activation.GELU_TANH,
    "NewGELUActivation": Activation.GELU_TANH,
    "ReLU": Activation.RELU,
}


class OtherStructureError(Exception):
    """A backbone that is built in another way; the message says what differs."""


def demand(holds: bool, otherwise: str) -> None:
    """Raise `OtherStructureError` unless it holds."""
    if not holds:
        raise OtherStructureError(otherwise)


def names(module: Any) -> set[str]:
    """Of a module's parts."""
    return {name for name, _ in module.named_children()} if module is not None else set()


def check_model(model: Any, body: str) -> None:
    """Demand a frozen body of this name with a plain head, and nothing hooked into it."""
    head: Any = model.get_output_embeddings()
    demand(not model.config.is_encoder_decoder, "it has an encoder")
    demand(names(model) == {body, "lm_head"} and type(head) is nn.Linear, "its head differs")
    demand(head.bias is None, "its head has a bias")
    hooked = any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    demand(not hooked, "something is hooked into it")


def take_over(model: Any, layers: nn.Module) -> None:
    """Demand that no weight is trained, and copy those that are not joined into own memory.

    No tensor may stay in the mapped file: the whole of it would stay in memory.

    Args:
        layers: whose linear layers are joined, and copied thereby.
    """
    demand(not any(p.requires_grad for p in model.parameters()), "its weights are trained")
    linears = {linear.weight for linear in layers.modules() if type(linear) is nn.Linear}
    for parameter in {*model.parameters()} - linears:
        parameter.data = parameter.data.clone()


def activation_of(module: Any, *allowed: Activation) -> Activation:
    """By the name of its class, which must be one of those allowed."""
    name = type(module).__name__
    activation = _ACTIVATIONS.get(name)
    if activation is None or activation not in allowed:
        raise OtherStructureError(f"its activation is {name}")
    return activation


def rms_norm(module: Any) -> Norm:
    """An RMS norm's weights."""
    weight: Any = getattr(module, "weight", None)
    eps: Any = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    is_rms = isinstance(weight, torch.Tensor) and isinstance(eps, float)
    demand(is_rms and not list(module.children()), "its norms differ")
    demand("RMS" in type(module).__name__, "its norms are not RMS norms")
    return Norm(weight.detach().float(), eps)


def layer_norm(module: Any) -> Norm:
    """A layer norm's weights."""
    demand(type(module) is nn.LayerNorm, "its norms are not layer norms")
    demand(module.weight is not None and module.bias is not None, "its norms have no weights")
    return Norm(module.weight.detach().float(), module.eps, module.bias.detach().float())


@torch.no_grad()
def joined(*linears: nn.Linear) -> Projection:
    """One matrix out of several with the same input; theirs become views of it."""
    sizes = [linear.out_features for linear in linears]
    whole = torch.empty(
        linears[0].in_features, sum(sizes), dtype=linears[0].weight.dtype,
        device=linears[0].weight.device,
    )  # fmt: skip
    for linear, part in zip(linears, torch.split(whole, sizes, dim=1), strict=True):
        part.copy_(linear.weight.T)
        linear.weight.data = part.T
    biases = [linear.bias for linear in linears]
    if all(bias is None for bias in biases):
        return Projection(whole.T, None)
    zeros = [
        whole.new_zeros(size) if bias is None else bias.detach()
        for bias, size in zip(biases, sizes, strict=True)
    ]
    return Projection(whole.T, torch.cat([bias.float() for bias in zeros]))
