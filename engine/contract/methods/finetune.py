"""Full fine-tuning: the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import ArtifactKind, Counts, Drawing, DrawnLayer, MethodInfo
from engine.contract.specs.starting import backbone_dropout_setting


@dataclass(frozen=True)
class FinetuneMethod:
    """Full fine-tuning: every weight of the backbone is trained."""

    backbone_dropout: bool = backbone_dropout_setting()


def _draw(shape: BackboneShape, _method: FinetuneMethod) -> Drawing:
    layers = shape.total_layers
    return Drawing(
        (DrawnLayer(text_trained=True),) * layers,
        f"All {layers} layers are trained; nothing stands before the text.",
        f"{layers} layers, all trained",
        "",
    )


FINETUNE = MethodInfo(
    FinetuneMethod,
    "finetune",
    "Full fine-tuning",
    "Train every weight of the backbone",
    describe=lambda method: "full fine-tuning",
    counts=lambda shape, method: Counts(shape.parameters, shape.parameters),
    draw=_draw,
    learning_rate=lambda method: 2e-5,  # measured, see benchmarks/
    reading_rate=lambda method: 5e-5,  # on MiniLM better than 2e-5 and 1e-4, with 300 rows of SST-2
    exports=(),
    own_weights=True,
    saved_as=ArtifactKind.MODEL,
    is_baseline=True,
)
