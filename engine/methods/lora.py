"""LoRA (Hu et al. 2021): PEFT's layers."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.lora import LoraMethod
from engine.methods.attention import attention_of
from engine.methods.base import Tensors
from engine.methods.delta import PeftForm
from engine.methods.peft_layers import PeftLayers, matrices_ending, peft_names
from engine.methods.structure import is_linear


class Lora(PeftLayers):
    """A frozen backbone with thin matrices beside some of its own.

    Raises:
        UserError: no matrix was found that LoRA can stand at.
    """

    def __init__(self, backbone: Backbone, method: LoraMethod, *, seed: int) -> None:
        from peft import LoraConfig

        places, ends, chosen_by = _places(backbone)
        if not places:
            raise UserError(
                "lora-modules-missing",
                "{backbone} cannot take LoRA: it has no module named {modules}. Choose "
                "another method or backbone.",
                backbone=backbone.name,
                modules=" or ".join(ends),
            )
        config = LoraConfig(
            r=method.rank, lora_alpha=method.alpha, lora_dropout=method.lora_dropout
        )
        super().__init__(backbone, config, places, dropout=method.backbone_dropout, seed=seed)
        self._notes = (
            f"LoRA of rank {method.rank} at {len(places)} matrices of {backbone.name}, "
            f"{', '.join(ends)}: {chosen_by}.",
        )

    @staticmethod
    def fits(method: LoraMethod, tensors: Tensors) -> bool:
        """Every matrix has the rank on one side."""
        return all(method.rank in tensor.shape for tensor in tensors.values())

    @staticmethod
    def peft_form(method: LoraMethod, tensors: Tensors) -> PeftForm:
        """The matrices by the names that PEFT has for them."""
        places = sorted({name.partition(".lora_")[0] for name in tensors})
        config = {
            "peft_type": "LORA",
            "r": method.rank,
            "lora_alpha": method.alpha,
            "lora_dropout": method.lora_dropout,
            "target_modules": places,
            # GPT-2's matrices stand the other way round; PEFT's choice there is this one.
            "fan_in_fan_out": places[0].endswith(".c_attn"),
            "bias": "none",
        }
        return config, peft_names(tensors)


def _places(backbone: Backbone) -> tuple[list[str], list[str], str]:
    """The matrices by name, the ends that their names have, and who chose them."""
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as DEFAULTS

    model = backbone.model
    family = model.config.model_type
    default = DEFAULTS.get(family)
    if isinstance(default, list):
        return matrices_ending(model, default), default, f"PEFT's choice for {family}"
    inside = {
        part for attention in attention_of(model).modules.values() for part in attention.modules()
    }
    places = [
        name for name, module in model.named_modules() if is_linear(module) and module in inside
    ]
    ends = sorted({name.rpartition(".")[2] for name in places})
    return places, ends, f"all of attention, as PEFT makes no choice for {family}"
