"""LoRA: thin matrices beside those of a frozen backbone (Hu et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Drawing, MethodInfo, counted_by_engine, draw_beside
from engine.contract.schema import check_settings, setting
from engine.contract.specs.starting import backbone_dropout_setting


@dataclass(frozen=True)
class LoraMethod:
    """LoRA: a product of two thin matrices added to a frozen one (Hu et al. 2021, section 4).

    Raises:
        UserError: a rank or alpha below 1, or a dropout outside 0 to below 1.
    """

    rank: int = setting(8, label="Rank", help="Inner width of LoRA's products.", low=1)
    alpha: int = setting(
        16, label="Alpha", help="LoRA's products are scaled by alpha divided by the rank.", low=1
    )
    lora_dropout: float = setting(
        0.0,
        label="LoRA dropout",
        help="Chance, from 0 to below 1, that an input of LoRA's products is zeroed in a training "
        "step.",
        low=0,
        below=1,
        step=0.05,
    )
    backbone_dropout: bool = backbone_dropout_setting()

    def __post_init__(self) -> None:
        check_settings(self)


def _draw(shape: BackboneShape, method: LoraMethod) -> Drawing:
    words = (
        f"In each of the {shape.total_layers} frozen layers, the product of two trained matrices "
        f"of rank {method.rank} is added to some matrices of the attention."
    )
    return draw_beside(shape, words=words, trained=f"LoRA, rank {method.rank}")


LORA = MethodInfo(
    LoraMethod,
    "lora",
    "LoRA",
    "Train thin matrices beside those of a frozen backbone (Hu et al. 2021)",
    describe=lambda method: f"LoRA rank {method.rank}, alpha {method.alpha}",
    counts=counted_by_engine,
    draw=_draw,
    # Hu et al. 2021, table 11, on GPT-2; not measured here.
    learning_rate=lambda method: 2e-4,
    reading_rate=lambda method: 1e-3,
    exports=("native", "peft"),
)
