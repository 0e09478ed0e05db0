"""FT-top2 and its kin: the last layers and the final norm are trained (Li & Liang 2021, 5.2)."""

from __future__ import annotations

import math

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.top_layers import TopLayersMethod
from engine.methods.structure import structure_of
from engine.methods.weights import ChosenWeights


class TopLayers(ChosenWeights):
    """A backbone whose last layers are trained; no gradient is needed below them.

    Raises:
        UserError: the backbone, or its decoder, has fewer layers.
    """

    def __init__(self, backbone: Backbone, method: TopLayersMethod, *, seed: int = 0) -> None:
        model, shape = backbone.model, backbone.shape
        structure = structure_of(model)
        decoder = structure.blocks[shape.encoder_layers :]
        if len(decoder) != (shape.own_layers or shape.layers):
            raise UserError(
                "top-layers-missing",
                "{backbone} cannot be trained in its top layers: it has only {count} of the "
                "expected {layers} layers. Choose another method or backbone.",
                backbone=backbone.name,
                count=len(decoder),
                layers=shape.own_layers or shape.layers,
            )
        if method.top_layers > shape.layers:
            noun = "decoder" if backbone.is_encoder_decoder else "backbone"
            raise UserError(
                "more-top-layers-than-layers",
                "The number of top layers is {top_layers}, but the {side} of {backbone} has "
                "{layers}. Train at most {layers}, or all weights with --method finetune.",
                top_layers=method.top_layers,
                side=noun,
                backbone=backbone.name,
                layers=shape.layers,
            )
        # ALBERT runs the same module in several layers.
        modules = math.ceil(method.top_layers * len(decoder) / shape.layers)
        places = [block.name for block in decoder[-modules:]] + list(structure.after)
        if method.embeddings:
            names = {module: name for name, module in model.named_modules()}
            places.append(names[model.get_input_embeddings()])
        chosen = tuple(f"{name}." for name in places)
        super().__init__(
            backbone,
            [name for name, _ in model.named_parameters() if name.startswith(chosen)],
            dropout=method.backbone_dropout,
        )
        note = f"Trained of {backbone.name}: {', '.join(places)}."
        if len(decoder) < shape.layers:
            note += f" Its {shape.layers} layers share {len(decoder)} sets of weights."
        self._notes = (note,)
