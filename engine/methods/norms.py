"""Norms: every normalisation layer's own parameters are trained."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.norms import NormsMethod
from engine.methods.weights import ChosenWeights


class Norms(ChosenWeights):
    """A backbone whose normalisation layers are trained, their biases included.

    Raises:
        UserError: the backbone's norms have no parameters.
    """

    def __init__(self, backbone: Backbone, method: NormsMethod, *, seed: int = 0) -> None:
        names = [
            f"{path}.{name}" if path else name
            for path, module in backbone.model.named_modules()
            if "norm" in type(module).__name__.lower()
            for name, parameter in module.named_parameters(recurse=False)
            if parameter.dim() == 1
        ]
        if not names:
            raise UserError(
                "backbone-without-norms",
                "The normalisation layers of {backbone} have no parameters, so there is nothing "
                "to train. Choose another method, such as adapters or LoRA.",
                backbone=backbone.name,
            )
        own = backbone.weights()  # those that are used; one with two places once
        super().__init__(
            backbone, [name for name in names if name in own], dropout=method.backbone_dropout
        )
