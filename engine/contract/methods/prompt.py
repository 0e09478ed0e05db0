"""Prompt tuning: input embeddings before the source (Lester et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.errors import UserError
from engine.contract.methods.info import Counts, Drawing, MethodInfo, draw_prompt
from engine.contract.schema import check_settings
from engine.contract.specs.starting import (
    Init,
    PromptPlacement,
    backbone_rate_setting,
    check_start,
    init_prefix_setting,
    init_setting,
    init_text_setting,
    placement_setting,
    prompt_length_setting,
    prompt_words,
    train_backbone_setting,
    trained_with,
    trains_backbone,
)


@dataclass(frozen=True)
class PromptMethod:
    """Prompt tuning: P input embeddings before the source (Lester et al. 2021, section 2).

    Raises:
        UserError: a length outside 1 to 512, or no text to start from.
    """

    prompt_length: int = prompt_length_setting()
    init: Init = init_setting()
    init_text: str = init_text_setting()
    init_prefix: str = init_prefix_setting()

    placement: PromptPlacement = placement_setting()
    train_backbone: bool = train_backbone_setting()
    backbone_rate: float = backbone_rate_setting()

    def __post_init__(self) -> None:
        check_settings(self)
        check_start(self.init, self.init_text, self.init_prefix)
        if self.init is Init.PREFIX and trains_backbone(self):
            raise UserError(
                "start-of-a-trained-backbone",
                "A prompt that was trained before goes on before a frozen backbone. Leave the "
                "backbone frozen, or choose another start.",
            )


def _counts(shape: BackboneShape, method: PromptMethod) -> Counts:
    count = method.prompt_length * shape.read_width + trained_with(method, shape.parameters)
    return Counts(count, count)


def _draw(shape: BackboneShape, method: PromptMethod) -> Drawing:
    length = method.prompt_length
    words = (
        f"Before the first of {shape.total_layers} frozen layers stand {length} trained embeddings."
    )
    return draw_prompt(shape, length, words)


PROMPT = MethodInfo(
    PromptMethod,
    "prompt",
    "Prompt tuning",
    "Train input embeddings before the source (Lester et al. 2021)",
    describe=lambda method: f"prompt {prompt_words(method)}",
    counts=_counts,
    draw=_draw,
    # PEFT's examples; not measured here. (Lester et al. 2021 take 0.3, with Adafactor.)
    learning_rate=lambda method: 1e-2,
    reading_rate=lambda method: 1e-2,
    exports=("native", "peft"),
)
