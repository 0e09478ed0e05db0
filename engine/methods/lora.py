"""LoRA (Hu et al. 2021): PEFT's layers, which stand in for matrices only while they are active."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.lora import LoraMethod
from engine.methods.attention import attention_of
from engine.methods.base import Tensors
from engine.methods.delta import Delta, PeftForm
from engine.methods.structure import is_linear


class Lora(Delta):
    """A frozen backbone with thin matrices beside some of its own.

    PEFT puts its layers into the backbone for good; here they are taken out again at once, and
    put back for the time in which they are active.

    Raises:
        UserError: no matrix was found that LoRA can stand at.
    """

    packages = ("peft",)

    def __init__(self, backbone: Backbone, method: LoraMethod, *, seed: int) -> None:
        super().__init__(backbone, dropout=method.backbone_dropout)
        model = backbone.model
        places, ends, chosen_by = _places(backbone)
        if not places:
            raise UserError(
                "lora-modules-missing",
                "{backbone} cannot take LoRA: it has no module named {modules}. Choose "
                "another method or backbone.",
                backbone=backbone.name,
                modules=" or ".join(ends),
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._layers = _injected(model, method, places)
        self._hosts = {name: _parent(model, name) for name in places}
        self._parameters = {
            f"{name}.{matrix}.weight": getattr(layer, matrix)["default"].weight
            for name, layer in self._layers.items()
            for matrix in ("lora_A", "lora_B")
        }
        self._notes = (
            f"LoRA of rank {method.rank} at {len(places)} matrices of {backbone.name}, "
            f"{', '.join(ends)}: {chosen_by}.",
        )

    def trainable(self) -> dict[str, nn.Parameter]:
        """Both thin matrices, by the name of the one that they stand beside."""
        return self._parameters

    def set_training(self, training: bool) -> None:
        """Switch LoRA's dropout, and the backbone's own if the method wants it."""
        super().set_training(training)
        for layer in self._layers.values():
            layer.train(training)

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
        return config, {f"base_model.model.{name}": one for name, one in tensors.items()}

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Put LoRA's layers in the place of the matrices that they hold."""
        before = {name: getattr(*host) for name, host in self._hosts.items()}
        try:
            for name, (parent, key) in self._hosts.items():
                setattr(parent, key, self._layers[name])
            yield
        finally:
            for name, (parent, key) in self._hosts.items():
                setattr(parent, key, before[name])


def _places(backbone: Backbone) -> tuple[list[str], list[str], str]:
    """The matrices by name, the ends that their names have, and who chose them."""
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as USUAL

    model = backbone.model
    family = model.config.model_type
    matrices = {name: module for name, module in model.named_modules() if is_linear(module)}
    usual = USUAL.get(family)
    if isinstance(usual, list):
        ends = tuple(f".{end}" for end in usual)
        return (
            [name for name in matrices if name.endswith(ends)],
            usual,
            f"PEFT's choice for {family}",
        )
    inside = {part for one in attention_of(model).modules.values() for part in one.modules()}
    places = [name for name, module in matrices.items() if module in inside]
    found = sorted({name.rpartition(".")[2] for name in places})
    return places, found, f"all of attention, as PEFT makes no choice for {family}"


def _injected(model: nn.Module, method: LoraMethod, places: list[str]) -> dict[str, nn.Module]:
    """PEFT's layers for these modules; the model is left as it was."""
    from peft import LoraConfig, inject_adapter_in_model

    hosts = {name: (_parent(model, name), model.get_submodule(name)) for name in places}
    config = LoraConfig(
        r=method.rank,
        lora_alpha=method.alpha,
        lora_dropout=method.lora_dropout,
        target_modules=places,
        fan_in_fan_out=any(isinstance(own, Conv1D) for _, own in hosts.values()),
    )
    inject_adapter_in_model(config, model)
    layers = {name: model.get_submodule(name) for name in places}
    for name, ((parent, key), own) in hosts.items():
        setattr(parent, key, own)
        layers[name].eval()
        for matrix in ("lora_A", "lora_B"):
            getattr(layers[name], matrix).float()  # PEFT gives them the backbone's precision
    del model.peft_config
    return layers


def _parent(model: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The module that holds this one, and under which name."""
    parent, _, key = name.rpartition(".")
    return model.get_submodule(parent), key
