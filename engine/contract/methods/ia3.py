"""(IA)³: vectors that scale what some of a frozen backbone's matrices give (Liu et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Drawing, MethodInfo, counted_by_engine, draw_beside
from engine.contract.specs.starting import backbone_dropout_setting


@dataclass(frozen=True)
class Ia3Method:
    """(IA)³: keys, values and inner activations of the feed-forward, each scaled by a vector.

    The vectors start at one (Liu et al. 2022, section 3.3). Where they stand is PEFT's choice.
    """

    backbone_dropout: bool = backbone_dropout_setting()


def _draw(shape: BackboneShape, _method: Ia3Method) -> Drawing:
    words = (
        f"In each of the {shape.total_layers} frozen layers, trained vectors scale what the "
        "attention reads and what the feed-forward has inside."
    )
    return draw_beside(shape, words=words, trained="scales, trained")


IA3 = MethodInfo(
    Ia3Method,
    "ia3",
    "(IA)³",
    "Train vectors that scale activations of a frozen backbone (Liu et al. 2022)",
    describe=lambda method: "(IA)³",
    counts=counted_by_engine,
    draw=_draw,
    # Liu et al. 2022, section 3.2, with Adafactor; not measured here.
    learning_rate=lambda method: 3e-3,
    reading_rate=lambda method: 1e-2,
    exports=("native", "peft"),
)
