"""Some of the backbone's own weights, trained as a copy that stands in for them while active."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from engine.backbones.loading import Backbone
from engine.methods.base import count
from engine.methods.delta import Delta


class ChosenWeights(Delta):
    """A backbone of which some weights are trained.

    Args:
        backbone: its own weights stay as they are.
        names: of the weights, as `named_parameters` gives them; tied ones once.
        dropout: whether the backbone's own dropout is active in training.
    """

    def __init__(self, backbone: Backbone, names: Sequence[str], *, dropout: bool) -> None:
        super().__init__(backbone, dropout=dropout)
        own = dict(backbone.model.named_parameters())
        self._dtypes = {name: own[name].dtype for name in names}
        self._weights = {
            name: nn.Parameter(own[name].detach().to(torch.float32, copy=True)) for name in names
        }
        # A tied weight has several places.
        self._places: list[tuple[nn.Module, str, str]] = [
            (module, key, name)
            for name in self._weights
            for module in backbone.model.modules()
            for key, parameter in module._parameters.items()
            if parameter is own[name]
        ]

    def trainable(self) -> dict[str, nn.Parameter]:
        """The copies, by the backbone's own names."""
        return self._weights

    def frozen_parameters(self) -> int:
        """The weights that are not trained."""
        return super().frozen_parameters() - count(self._weights)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Put the copies in the weights' places, in the backbone's precision."""
        rounded = {name: weight.to(self._dtypes[name]) for name, weight in self._weights.items()}
        before = [(module, key, module._parameters[key]) for module, key, _ in self._places]
        try:
            for module, key, name in self._places:
                # Past __setattr__, which takes leaves only: a rounded weight is none, and its
                # gradient goes on to the float32 copy.
                module._parameters[key] = rounded[name]  # type: ignore[assignment]
            yield
        finally:
            for module, key, weight in before:
                module._parameters[key] = weight
