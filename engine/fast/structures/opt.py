"""OPT: layer norms before attention and MLP, learned positions, a plain MLP."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.fast.structures.gpt2 import PLAIN
from engine.fast.structures.modules import (
    activation_of,
    check_model,
    demand,
    joined,
    layer_norm,
    names,
    take_over,
)
from engine.fast.weights import DecoderWeights, Layer

_LAYER = {
    "self_attn", "activation_fn", "self_attn_layer_norm", "fc1", "fc2", "final_layer_norm",
}  # fmt: skip


def read_opt(model: Any) -> DecoderWeights:
    """As `engine.fast.structures.reading.read_weights`.

    Query, key and value matrices become one; the model's own parameters become views of it.
    """
    check_opt(model)
    body: Any = model.model.decoder
    take_over(model, body.layers)
    first = body.layers[0].self_attn
    return DecoderWeights(
        embed=body.embed_tokens,
        positions=body.embed_positions.weight.detach()[body.embed_positions.offset :].float(),
        rotate=None,
        layers=[_layer(layer) for layer in body.layers],
        activation=activation_of(body.layers[0].activation_fn, *PLAIN),
        norm=layer_norm(body.final_layer_norm),
        head=model.get_output_embeddings().weight,
        heads=first.num_heads,
        kv_heads=first.num_heads,
        head_width=first.head_dim,
        scale=first.scaling,
    )


def check_opt(model: Any) -> None:
    """Raise `OtherStructureError` unless a model of transformers is built so."""
    check_model(model, "model")
    demand(names(model.model) == {"decoder"}, "its body has other parts")
    body: Any = model.model.decoder
    parts = {"embed_tokens", "embed_positions", "final_layer_norm", "layers"}
    demand(names(body) == parts, "its body has other parts")
    layer_norm(body.final_layer_norm)
    for layer in body.layers:
        demand(names(layer) == _LAYER, "its layers have other parts")
        demand(layer.do_layer_norm_before, "its norms are behind attention and MLP")
        attention = layer.self_attn
        demand(
            names(attention) == {"k_proj", "v_proj", "q_proj", "out_proj"},
            "its attention has other parts",
        )
        linears = (*attention.children(), layer.fc1, layer.fc2)
        demand(all(type(linear) is nn.Linear for linear in linears), "its matrices are wrapped")
        activation_of(layer.activation_fn, *PLAIN)
        layer_norm(layer.self_attn_layer_norm)
        layer_norm(layer.final_layer_norm)


def _layer(layer: Any) -> Layer:
    attention = layer.self_attn
    return Layer(
        attention_norm=layer_norm(layer.self_attn_layer_norm),
        qkv=joined(attention.q_proj, attention.k_proj, attention.v_proj),
        out=joined(attention.out_proj),
        mlp_norm=layer_norm(layer.final_layer_norm),
        up=joined(layer.fc1),
        down=joined(layer.fc2),
    )
