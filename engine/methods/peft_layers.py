"""PEFT's layers, which stand in for modules of the backbone only while they are active."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from engine.backbones.loading import Backbone
from engine.methods.delta import Delta
from engine.methods.structure import is_linear

_ADAPTER = ".default"
"""How PEFT marks the parameters of an adapter that has no name of its own."""


class PeftLayers(Delta):
    """A frozen backbone with PEFT's layers around some of its matrices.

    PEFT puts its layers into the backbone for good; here they are taken out again at once, and
    put back for the time in which they are active.

    Args:
        backbone: frozen.
        config: PEFT's; its modules and the direction of their matrices are filled in.
        places: names of the matrices.
        dropout: whether the backbone's own dropout is on in training.
        seed: of what starts at random.
    """

    packages = ("peft",)

    def __init__(
        self, backbone: Backbone, config: Any, places: Sequence[str], *, dropout: bool, seed: int
    ) -> None:
        super().__init__(backbone, dropout=dropout)
        model = backbone.model
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._layers = _injected(model, config, places)
        self._hosts = {name: _parent(model, name) for name in places}
        self._parameters = {
            f"{module}.{name.replace(_ADAPTER, '')}": parameter
            for module, layer in self._layers.items()
            for name, parameter in _own(layer)
        }

    def trainable(self) -> dict[str, nn.Parameter]:
        """What PEFT's layers add, by the name of the matrix that each stands around."""
        return self._parameters

    def set_training(self, training: bool) -> None:
        """Switch the layers' dropout, and the backbone's own if the method wants it."""
        super().set_training(training)
        for layer in self._layers.values():
            layer.train(training)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Put the layers in the place of the matrices that they hold."""
        before = {name: getattr(*host) for name, host in self._hosts.items()}
        try:
            for name, (parent, key) in self._hosts.items():
                setattr(parent, key, self._layers[name])
            yield
        finally:
            for name, (parent, key) in self._hosts.items():
                setattr(parent, key, before[name])


def matrices_ending(model: nn.Module, ends: Sequence[str]) -> list[str]:
    """Names of a backbone's matrices that end in one of these."""
    dotted = tuple(f".{end}" for end in ends)
    return [
        name
        for name, module in model.named_modules()
        if is_linear(module) and name.endswith(dotted)
    ]


def peft_names(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors by the names that PEFT's file has for them."""
    return {f"base_model.model.{name}": tensor for name, tensor in tensors.items()}


def _own(layer: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The parameters that PEFT has added."""
    return [(name, own) for name, own in layer.named_parameters() if _ADAPTER in name]


def _injected(model: nn.Module, config: Any, places: Sequence[str]) -> dict[str, nn.Module]:
    """PEFT's layers for these modules; the model is left as it was."""
    from peft import inject_adapter_in_model

    hosts = {name: (_parent(model, name), model.get_submodule(name)) for name in places}
    config.target_modules = set(places)
    config.fan_in_fan_out = any(isinstance(own, Conv1D) for _, own in hosts.values())
    inject_adapter_in_model(config, model)
    layers = {name: model.get_submodule(name) for name in places}
    for name, ((parent, key), own) in hosts.items():
        setattr(parent, key, own)
        layers[name].eval()
        for _, parameter in _own(layers[name]):
            parameter.data = parameter.data.float()  # PEFT gives it the backbone's precision
    del model.peft_config
    return layers


def _parent(model: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The module that holds this one, and under which name."""
    parent, _, key = name.rpartition(".")
    return model.get_submodule(parent), key
