"""From a method's spec to the thing that is trained, or decoded with."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.methods.others import (
    AdapterMethod,
    BiasMethod,
    DeltaSpec,
    LoraMethod,
    PromptMethod,
    PTuningMethod,
    TopLayersMethod,
)
from engine.contract.methods.prefix import FinetuneMethod, MethodSpec, PrefixMethod
from engine.methods.adapter import Adapters
from engine.methods.base import Method, System
from engine.methods.bitfit import BitFit
from engine.methods.delta import Delta, Tensors
from engine.methods.embedded import SavedPrompt
from engine.methods.finetune import FullFinetuning
from engine.methods.lora import Lora
from engine.methods.p_tuning import PTuning
from engine.methods.prefix import PrefixTuning
from engine.methods.prompt import PromptTuning
from engine.methods.top_layers import TopLayers


def make_method(backbone: Backbone, method: MethodSpec, *, seed: int) -> Method:
    """Put what the spec describes on the backbone, freshly initialised."""
    if isinstance(method, FinetuneMethod):
        return FullFinetuning(backbone, method)
    if isinstance(method, PrefixMethod):
        return PrefixTuning(backbone, method, seed=seed)
    if isinstance(method, PromptMethod):
        return PromptTuning(backbone, method, seed=seed)
    if isinstance(method, PTuningMethod):
        return PTuning(backbone, method, seed=seed)
    return _make_delta(backbone, method, seed=seed)


def saved_system(backbone: Backbone, method: DeltaSpec, tensors: Tensors) -> System:
    """What another method has trained, for decoding.

    Raises:
        UserError: the tensors are not those of this method on this backbone.
    """
    if isinstance(method, PromptMethod | PTuningMethod):
        return SavedPrompt(backbone, method, tensors)
    system = _make_delta(backbone, method, seed=0)
    system.load(tensors)
    return system


def _make_delta(
    backbone: Backbone,
    method: TopLayersMethod | BiasMethod | AdapterMethod | LoraMethod,
    *,
    seed: int,
) -> Delta:
    match method:
        case TopLayersMethod():
            return TopLayers(backbone, method)
        case BiasMethod():
            return BitFit(backbone, method)
        case AdapterMethod():
            return Adapters(backbone, method, seed=seed)
        case LoraMethod():
            return Lora(backbone, method, seed=seed)
