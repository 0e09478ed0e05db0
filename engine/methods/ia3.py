"""(IA)³ (Liu et al. 2022): PEFT's layers."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.ia3 import Ia3Method
from engine.methods.attention import attention_of
from engine.methods.base import Tensors
from engine.methods.delta import PeftForm
from engine.methods.peft_layers import PeftLayers, matrices_ending, peft_names
from engine.methods.structure import is_linear, structure_of

_KEYS_AND_VALUES = {"key", "value", "k_lin", "v_lin"}
"""What encoders of which PEFT makes no choice call them."""


class Ia3(PeftLayers):
    """A frozen backbone with vectors that scale what goes into or comes out of its matrices.

    Raises:
        UserError: PEFT makes no choice of matrices for this kind of backbone.
    """

    def __init__(self, backbone: Backbone, method: Ia3Method, *, seed: int) -> None:
        from peft import IA3Config
        from peft.utils import constants

        family = backbone.model.config.model_type
        ends = constants.TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING.get(family, [])
        inner = constants.TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.get(family, [])
        places = matrices_ending(backbone.model, ends)
        feed_forward = matrices_ending(backbone.model, inner)
        chosen_by = f"PEFT's choice for {family}"
        if not places and backbone.reads_only:
            places, feed_forward = _choice(backbone)
            ends = sorted({name.rpartition(".")[2] for name in places})
            chosen_by = "those of Liu et al. 2022, as PEFT makes no choice"
        if not places:
            raise UserError(
                "ia3-modules-missing",
                "{backbone} cannot take (IA)³: PEFT does not say where in {family} it stands. "
                "Choose another method, such as LoRA, or another backbone.",
                backbone=backbone.name,
                family=family,
            )
        config = IA3Config(target_modules=places, feedforward_modules=feed_forward)
        super().__init__(backbone, config, places, dropout=method.backbone_dropout, seed=seed)
        self._notes = (
            f"(IA)³ at {len(places)} matrices of {backbone.name}, {', '.join(ends)}: {chosen_by}.",
        )

    @staticmethod
    def peft_form(method: Ia3Method, tensors: Tensors) -> PeftForm:
        """The vectors by the names that PEFT has for them; [1, n] scales what goes in."""
        places = {name.removesuffix(".ia3_l"): tensor.shape for name, tensor in tensors.items()}
        config = {
            "peft_type": "IA3",
            "target_modules": sorted(places),
            "feedforward_modules": sorted(name for name, shape in places.items() if shape[0] == 1),
            # GPT-2's matrices stand the other way round; PEFT's choice there is this one.
            "fan_in_fan_out": min(places).endswith(".c_attn"),
        }
        return config, peft_names(tensors)


def _choice(backbone: Backbone) -> tuple[list[str], list[str]]:
    """Names of an encoder's keys, values and ends of feed-forwards, and of the last alone.

    Both are empty where keys and values are one matrix (ModernBERT).
    """
    model = backbone.model
    inside = {
        part for attention in attention_of(model).modules.values() for part in attention.modules()
    }
    scaled = [
        name
        for name, module in model.named_modules()
        if is_linear(module) and module in inside and name.rpartition(".")[2] in _KEYS_AND_VALUES
    ]
    inner = [block.feed_forward_end for block in structure_of(model, attentions=True).blocks]
    return ([*scaled, *inner], inner) if scaled else ([], [])
