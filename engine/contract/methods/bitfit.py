"""BitFit: the biases of a backbone, trained (Ben Zaken et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Drawing, MethodInfo, counted_by_engine, draw_beside
from engine.contract.specs.starting import backbone_dropout_setting


@dataclass(frozen=True)
class BiasMethod:
    """BitFit: every bias of the backbone and nothing else (Ben Zaken et al. 2022, section 3)."""

    backbone_dropout: bool = backbone_dropout_setting()


def _draw(shape: BackboneShape, _method: BiasMethod) -> Drawing:
    layers = shape.total_layers
    words = f"In each of the {layers} layers the biases are trained, the matrices frozen."
    return draw_beside(shape, words=words, trained="biases, trained")


BITFIT = MethodInfo(
    BiasMethod,
    "bitfit",
    "BitFit",
    "Train every bias of the backbone (Ben Zaken et al. 2022)",
    describe=lambda method: "BitFit",
    counts=counted_by_engine,
    draw=_draw,
    # The largest that Ben Zaken et al. 2022 search; not measured here.
    learning_rate=lambda method: 1e-3,
    reading_rate=lambda method: 1e-3,
    own_weights=True,
)
