"""BitFit: every bias of the backbone is trained (Ben Zaken et al. 2022, section 3)."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.bitfit import BiasMethod
from engine.methods.weights import ChosenWeights


class BitFit(ChosenWeights):
    """A backbone whose biases are trained, those of norms included.

    The weights of norms are no biases, and are not trained in their stead.

    Raises:
        UserError: the backbone has no bias, as most of the Llama kin.
    """

    def __init__(self, backbone: Backbone, method: BiasMethod, *, seed: int = 0) -> None:
        names = [name for name in backbone.weights() if _is_bias(name)]
        if not names:
            raise UserError(
                "backbone-without-biases",
                "{backbone} has no biases, so BitFit has nothing to train. Choose another "
                "method, such as norms, adapters or LoRA, or a backbone with biases, such as "
                "GPT-2, OPT, Qwen2 or BART.",
                backbone=backbone.name,
            )
        super().__init__(backbone, names, dropout=method.backbone_dropout)


def _is_bias(name: str) -> bool:
    """By the parameter's own name: T5's relative_attention_bias.weight is an embedding."""
    own = name.rpartition(".")[2]
    return own == "bias" or own.endswith("_bias")
