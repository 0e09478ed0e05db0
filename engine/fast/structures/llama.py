"""Llama, SmolLM2, Mistral without a window, Qwen 2 and Qwen 3.

RMS norms before attention and MLP, rotary positions, a gated MLP, grouped queries.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.fast.structures.modules import (
    activation_of,
    check_model,
    demand,
    joined,
    names,
    rms_norm,
    take_over,
)
from engine.fast.weights import Activation, DecoderWeights, Layer

ROPE_TYPES = ("default", "linear", "llama3", "yarn")
"""Those whose rotations do not depend on how long the text is."""


def read_llama(model: Any) -> DecoderWeights:
    """As `engine.fast.structures.reading.read_weights`.

    Query, key and value matrices of a layer, and gate and up, become one matrix each, in
    oneDNN's favoured order; the model's own parameters become views of these.
    """
    check_llama(model)
    body: Any = model.model
    take_over(model, body.layers)
    first = body.layers[0].self_attn
    width = first.head_dim
    return DecoderWeights(
        embed=body.embed_tokens,
        positions=None,
        rotate=body.rotary_emb,
        layers=[_layer(layer) for layer in body.layers],
        activation=Activation.GATED_SILU,
        norm=rms_norm(body.norm),
        head=model.get_output_embeddings().weight,
        heads=first.q_proj.out_features // width,
        kv_heads=first.k_proj.out_features // width,
        head_width=width,
        scale=first.scaling,
    )


def check_llama(model: Any) -> None:
    """Raise `OtherStructureError` unless a model of transformers is built so."""
    check_model(model, "model")
    body: Any = model.model
    demand(
        names(body) == {"embed_tokens", "layers", "norm", "rotary_emb"}, "its body has other parts"
    )
    rope = getattr(body.rotary_emb, "rope_type", None)
    demand(rope in ROPE_TYPES, f"its rotary positions are of the type {rope!r}")
    rms_norm(body.norm)
    for layer in body.layers:
        _check_layer(layer)


def _check_layer(layer: Any) -> None:
    parts = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
    demand(names(layer) == parts, "its layers have other parts")
    attention, mlp = layer.self_attn, layer.mlp
    projections = {"q_proj", "k_proj", "v_proj", "o_proj"}
    demand(
        names(attention) in (projections, projections | {"q_norm", "k_norm"}),
        "its attention has other parts",
    )
    demand(names(mlp) == {"gate_proj", "up_proj", "down_proj", "act_fn"}, "its MLP is not gated")
    linears = [getattr(attention, name) for name in projections]
    linears += [mlp.gate_proj, mlp.up_proj, mlp.down_proj]
    demand(all(type(linear) is nn.Linear for linear in linears), "its matrices are wrapped")
    demand(getattr(attention, "sliding_window", None) is None, "its attention has a window")
    activation_of(mlp.act_fn, Activation.GATED_SILU)
    own = [getattr(attention, name) for name in ("q_norm", "k_norm") if hasattr(attention, name)]
    for norm in (layer.input_layernorm, layer.post_attention_layernorm, *own):
        rms_norm(norm)


def _layer(layer: Any) -> Layer:
    attention, mlp = layer.self_attn, layer.mlp
    return Layer(
        attention_norm=rms_norm(layer.input_layernorm),
        qkv=joined(attention.q_proj, attention.k_proj, attention.v_proj),
        q_norm=rms_norm(attention.q_norm) if hasattr(attention, "q_norm") else None,
        k_norm=rms_norm(attention.k_norm) if hasattr(attention, "k_norm") else None,
        out=joined(attention.o_proj),
        mlp_norm=rms_norm(layer.post_attention_layernorm),
        up=joined(mlp.gate_proj, mlp.up_proj),
        down=joined(mlp.down_proj),
    )
