"""The weights of a Llama-like decoder, read from transformers' modules by structure.

Llama, SmolLM2, Mistral without a window, Qwen 2 and Qwen 3 are made alike: RMS norms before
attention and MLP, rotary positions, a gated MLP. Whether a backbone is, is decided by its modules
and not by its name; what looks alike and is not is caught by comparing logits (`engine.fast.path`).

Shape letters, here and in all of `engine.fast`: d width, H heads, K key/value heads, R = H / K,
D head width, F width of the MLP, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

ROPE_TYPES = ("default", "linear", "llama3", "yarn")
"""Those whose rotations do not depend on how long the text is."""


class NotLlamaLikeError(Exception):
    """A backbone of another structure; the message says what differs."""


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
    """An RMS norm: x / sqrt(mean(x²) + eps) * weight."""

    weight: torch.Tensor
    eps: float


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Matrices: qkv [(H + 2K)·D, d], out [d, H·D], gate_up [2F, d], down [d, F].

    Attributes:
        q_norm, k_norm: over the D numbers of a head, before the rotation (Qwen 3); else None.
    """

    attention_norm: Norm
    qkv: Projection
    q_norm: Norm | None
    k_norm: Norm | None
    out: Projection
    mlp_norm: Norm
    gate_up: Projection
    down: Projection

    @property
    def matrices(self) -> list[torch.Tensor]:
        """All that are multiplied with."""
        return [p.matrix for p in (self.qkv, self.out, self.gate_up, self.down)]

    def mapped(self, change: Callable[[Projection], Projection]) -> Layer:
        """With other projections."""
        return replace(
            self,
            qkv=change(self.qkv),
            out=change(self.out),
            gate_up=change(self.gate_up),
            down=change(self.down),
        )


@dataclass(frozen=True, eq=False)
class DecoderWeights:
    """All that a forward pass needs.

    Matrices may be of bfloat16; all else is float32.

    Attributes:
        embed: token ids → [.., d].
        rotate: (x, position ids [1, N]) → cosines and sines, each [1, N, D].
        head: [V, d].
        scale: of the products of queries and keys.
    """

    embed: nn.Module
    rotate: nn.Module
    layers: Sequence[Layer]
    norm: Norm
    head: torch.Tensor
    heads: int
    kv_heads: int
    head_width: int
    scale: float


def read_weights(model: Any) -> DecoderWeights:
    """The weights of a frozen model, which afterwards are views of joined matrices.

    Query, key and value matrices of a layer, and gate and up, become one matrix each, in
    oneDNN's favoured order; the model's own parameters become views of these, so that no weight
    is in memory twice and transformers computes with the same numbers.

    Raises:
        NotLlamaLikeError: of another structure; nothing was changed.
    """
    check_structure(model)
    body: Any = model.model
    _demand(not any(p.requires_grad for p in model.parameters()), "its weights are trained")
    first = body.layers[0].self_attn
    width = first.head_dim
    joined = {linear.weight for linear in body.layers.modules() if type(linear) is nn.Linear}
    for parameter in {*model.parameters()} - joined:
        # No tensor may stay in the mapped file: the whole of it would stay in memory.
        parameter.data = parameter.data.clone()
    return DecoderWeights(
        embed=body.embed_tokens,
        rotate=body.rotary_emb,
        layers=[_join_layer(layer) for layer in body.layers],
        norm=_norm(body.norm),
        head=model.get_output_embeddings().weight,
        heads=first.q_proj.out_features // width,
        kv_heads=first.k_proj.out_features // width,
        head_width=width,
        scale=first.scaling,
    )


def check_structure(model: Any) -> None:
    """Raise `NotLlamaLikeError` unless a model of transformers is built as we compute it."""
    body: Any = getattr(model, "model", None)
    head: Any = model.get_output_embeddings()
    _demand(not model.config.is_encoder_decoder, "it has an encoder")
    _demand(_names(model) == {"model", "lm_head"} and type(head) is nn.Linear, "its head differs")
    _demand(head.bias is None, "its head has a bias")
    _demand(
        _names(body) == {"embed_tokens", "layers", "norm", "rotary_emb"}, "its body has other parts"
    )
    rope = getattr(body.rotary_emb, "rope_type", None)
    _demand(rope in ROPE_TYPES, f"its rotary positions are of the type {rope!r}")
    hooked = any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    _demand(not hooked, "something is hooked into it")
    _norm(body.norm)
    for layer in body.layers:
        _check_layer(layer)


def _check_layer(layer: Any) -> None:
    """Raise `NotLlamaLikeError` unless it is built as we compute it."""
    parts = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
    _demand(_names(layer) == parts, "its layers have other parts")
    attention, mlp = layer.self_attn, layer.mlp
    projections = {"q_proj", "k_proj", "v_proj", "o_proj"}
    _demand(
        _names(attention) in (projections, projections | {"q_norm", "k_norm"}),
        "its attention has other parts",
    )
    _demand(_names(mlp) == {"gate_proj", "up_proj", "down_proj", "act_fn"}, "its MLP is not gated")
    linears = [getattr(attention, name) for name in projections]
    linears += [mlp.gate_proj, mlp.up_proj, mlp.down_proj]
    _demand(all(type(linear) is nn.Linear for linear in linears), "its matrices are wrapped")
    _demand(getattr(attention, "sliding_window", None) is None, "its attention has a window")
    _demand(isinstance(mlp.act_fn, nn.SiLU) or type(mlp.act_fn).__name__ == "SiLUActivation",
            "its activation is not SiLU")  # fmt: skip
    own = [getattr(attention, name) for name in ("q_norm", "k_norm") if hasattr(attention, name)]
    for norm in (layer.input_layernorm, layer.post_attention_layernorm, *own):
        _norm(norm)


def _join_layer(layer: Any) -> Layer:
    attention, mlp = layer.self_attn, layer.mlp
    return Layer(
        attention_norm=_norm(layer.input_layernorm),
        qkv=_join(attention.q_proj, attention.k_proj, attention.v_proj),
        q_norm=_norm(attention.q_norm) if hasattr(attention, "q_norm") else None,
        k_norm=_norm(attention.k_norm) if hasattr(attention, "k_norm") else None,
        out=_join(attention.o_proj),
        mlp_norm=_norm(layer.post_attention_layernorm),
        gate_up=_join(mlp.gate_proj, mlp.up_proj),
        down=_join(mlp.down_proj),
    )


@torch.no_grad()
def _join(*linears: nn.Linear) -> Projection:
    """One matrix out of several with the same input; theirs become views of it."""
    sizes = [linear.out_features for linear in linears]
    joined = torch.empty(
        linears[0].in_features, sum(sizes), dtype=linears[0].weight.dtype,
        device=linears[0].weight.device,
    )  # fmt: skip
    for linear, part in zip(linears, torch.split(joined, sizes, dim=1), strict=True):
        part.copy_(linear.weight.T)
        linear.weight.data = part.T
    biases = [linear.bias for linear in linears]
    if all(bias is None for bias in biases):
        return Projection(joined.T, None)
    zeros = [
        joined.new_zeros(size) if bias is None else bias.detach()
        for bias, size in zip(biases, sizes, strict=True)
    ]
    return Projection(joined.T, torch.cat([bias.float() for bias in zeros]))


def _norm(module: Any) -> Norm:
    weight: Any = getattr(module, "weight", None)
    eps: Any = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    is_rms = isinstance(weight, torch.Tensor) and isinstance(eps, float)
    _demand(is_rms and not list(module.children()), "its norms differ")
    _demand("RMS" in type(module).__name__, "its norms are not RMS norms")
    return Norm(weight.detach().float(), eps)


def _names(module: Any) -> set[str]:
    return {name for name, _ in module.named_children()} if module is not None else set()


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotLlamaLikeError(otherwise)
