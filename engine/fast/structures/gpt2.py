"""GPT-2: layer norms before attention and MLP, learned positions, biases, a plain MLP."""

from __future__ import annotations

from typing import Any

from transformers.pytorch_utils import Conv1D

from engine.fast.structures.modules import (
    activation_of,
    check_model,
    demand,
    layer_norm,
    names,
    take_over,
)
from engine.fast.weights import Activation, DecoderWeights, Layer, Projection

PLAIN = (Activation.GELU, Activation.GELU_TANH, Activation.RELU)
"""Activations without a gate."""


def read_gpt2(model: Any) -> DecoderWeights:
    """As `engine.fast.structures.reading.read_weights`.

    Its matrices have their inputs as rows already, and query, key and value are one.
    """
    check_gpt2(model)
    body: Any = model.transformer
    take_over(model, body.h)
    first = body.h[0].attn
    return DecoderWeights(
        embed=body.wte,
        positions=body.wpe.weight.detach().float(),
        rotate=None,
        layers=[_layer(block) for block in body.h],
        activation=activation_of(body.h[0].mlp.act, *PLAIN),
        norm=layer_norm(body.ln_f),
        head=model.get_output_embeddings().weight,
        heads=first.num_heads,
        kv_heads=first.num_heads,
        head_width=first.head_dim,
        scale=first.scaling,
    )


def check_gpt2(model: Any) -> None:
    """Raise `OtherStructureError` unless a model of transformers is built so."""
    check_model(model, "transformer")
    body: Any = model.transformer
    demand(names(body) == {"wte", "wpe", "drop", "h", "ln_f"}, "its body has other parts")
    layer_norm(body.ln_f)
    for block in body.h:
        demand(names(block) == {"ln_1", "attn", "ln_2", "mlp"}, "its layers have other parts")
        attention, mlp = block.attn, block.mlp
        demand(
            names(attention) == {"c_attn", "c_proj", "attn_dropout", "resid_dropout"},
            "its attention has other parts",
        )
        demand(names(mlp) == {"c_fc", "c_proj", "act", "dropout"}, "its MLP has other parts")
        matrices = (attention.c_attn, attention.c_proj, mlp.c_fc, mlp.c_proj)
        demand(all(type(matrix) is Conv1D for matrix in matrices), "its matrices are wrapped")
        demand(
            attention.scaling == body.h[0].attn.scaling, "its layers scale attention differently"
        )
        activation_of(mlp.act, *PLAIN)
        layer_norm(block.ln_1)
        layer_norm(block.ln_2)


def _layer(block: Any) -> Layer:
    return Layer(
        attention_norm=layer_norm(block.ln_1),
        qkv=_projection(block.attn.c_attn),
        out=_projection(block.attn.c_proj),
        mlp_norm=layer_norm(block.ln_2),
        up=_projection(block.mlp.c_fc),
        down=_projection(block.mlp.c_proj),
    )


def _projection(linear: Any) -> Projection:
    return Projection(linear.weight.detach().T, linear.bias.detach().float())
