"""(IA)³ (Liu et al. 2022): PEFT's layers."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.ia3 import Ia3Method
from engine.methods.base import Tensors
from engine.methods.delta import PeftForm
from engine.methods.peft_layers import PeftLayers, matrices_ending, peft_names


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
            f"(IA)³ at {len(places)} matrices of {backbone.name}, {', '.join(ends)}: PEFT's choice "
            f"for {family}.",
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
