"""What a method trains, in words: the drawing for those who do not see it."""

from __future__ import annotations

from engine.contract.backbone import BackboneShape
from engine.contract.methods.others import (
    AdapterDesign,
    AdapterMethod,
    BiasMethod,
    DeltaSpec,
    LoraMethod,
    PromptMethod,
    PTuningMethod,
    TopLayersMethod,
)
from engine.contract.methods.prefix import (
    AttentionKind,
    FinetuneMethod,
    MethodSpec,
    Parametrisation,
    Placement,
    PrefixMethod,
)

_PLACES = {
    AttentionKind.ENCODER_SELF: "the encoder",
    AttentionKind.DECODER_SELF: "the decoder",
    AttentionKind.DECODER_CROSS: "the decoder to the encoder",
}


def describe(shape: BackboneShape, method: MethodSpec) -> str:
    """The drawing in words; raise `UserError` where a layer is named that is not there."""
    layers = shape.layers + shape.encoder_layers
    match method:
        case PrefixMethod():
            return _prefix(shape, method)
        case FinetuneMethod():
            return f"All {layers} layers are trained; nothing stands before the text."
        case TopLayersMethod(top_layers=wanted, embeddings=embeddings):
            top = min(wanted, shape.layers)
            also = ", the final norm and the input embeddings" if embeddings else " and the norm"
            return f"The last {top} of {layers} layers{also} are trained; the others are frozen."
        case BiasMethod():
            return f"In each of the {layers} layers the biases are trained, the matrices frozen."
        case AdapterMethod(design=AdapterDesign.LIN):
            return f"Behind each of the {layers} frozen layers stands a small trained one."
        case AdapterMethod():
            return (
                f"In each of the {layers} frozen layers, small trained ones stand behind each "
                "attention and behind the feed-forward."
            )
        case LoraMethod(rank=rank):
            return (
                f"In each of the {layers} frozen layers, the product of two trained matrices of "
                f"rank {rank} is added to some matrices of the attention."
            )
        case PromptMethod(prompt_length=length):
            return f"Before the first of {layers} frozen layers stand {length} trained embeddings."
        case PTuningMethod(prompt_length=length):
            return (
                f"Before the first of {layers} frozen layers stand {length} embeddings; a small "
                "trained network, dropped afterwards, makes them."
            )


def what_is_trained(method: DeltaSpec) -> str:
    """A few words for the drawing's label."""
    match method:
        case TopLayersMethod(top_layers=1):
            return "last layer, trained"
        case TopLayersMethod(top_layers=layers):
            return f"last {layers} layers, trained"
        case BiasMethod():
            return "biases, trained"
        case AdapterMethod():
            return "adapters, trained"
        case LoraMethod(rank=rank):
            return f"LoRA, rank {rank}"
        case PromptMethod(prompt_length=length) | PTuningMethod(prompt_length=length):
            return f"prompt, P = {length}"


def _prefix(shape: BackboneShape, method: PrefixMethod) -> str:
    deep = "deep " if method.parametrisation is Parametrisation.DEEP_MLP else ""
    way = (
        f"a {deep}MLP of width {method.mid_dim}, dropped afterwards,"
        if method.parametrisation is not Parametrisation.DIRECT
        else "no MLP: the keys and values are trained directly, and the prefix"
    )
    stand = "stand before those of the text"
    if method.position is Placement.INFIX:
        stand = "stand between those of source and target"
    sites = shape.sites(method)
    where = f"the {shape.layers} frozen layers"
    if shape.encoder_decoder:
        where = "these frozen attentions (" + ", ".join(
            f"{count} of {_PLACES[place]}" for place, count in sites.items()
        )
        where += ")"
    elif method.layers:
        where = f"{sites[AttentionKind.DECODER_SELF]} of {where}"
    where = f"{where} (layers {method.layers})" if method.layers else where
    most = "up to " if ":" in method.layers else ""
    return (
        f"In each of {where}, {most}{method.prefix_length} trained keys and "
        f"values ({shape.kv_heads} heads of width {shape.head_width}) {stand}; "
        f"{way} makes them."
    )
