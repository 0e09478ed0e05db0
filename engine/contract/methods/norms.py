"""Norms: the weights and biases of a backbone's normalisation layers, trained."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Drawing, MethodInfo, counted_by_engine, draw_beside
from engine.contract.specs.starting import backbone_dropout_setting


@dataclass(frozen=True)
class NormsMethod:
    """The norms of every layer and nothing else.

    What BitFit is on backbones with biases, this is on those without: Llama-like ones, T5
    (null-prompts, nullprompt/trainers/continuous_mlm.py, has it beside BitFit as "layernorm").
    """

    backbone_dropout: bool = backbone_dropout_setting()


def _draw(shape: BackboneShape, _method: NormsMethod) -> Drawing:
    words = (
        f"In each of the {shape.total_layers} layers the norms are trained, the matrices frozen."
    )
    return draw_beside(shape, words=words, trained="norms, trained")


NORMS = MethodInfo(
    NormsMethod,
    "norms",
    "Norms",
    "Train the weights of the backbone's normalisation layers, for backbones without biases",
    describe=lambda method: "norms",
    counts=counted_by_engine,
    draw=_draw,
    # As BitFit's; not measured here.
    learning_rate=lambda method: 1e-3,
    reading_rate=lambda method: 1e-3,
    own_weights=True,
)
