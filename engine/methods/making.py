"""From a method's spec to the class that trains it, or decodes with what it has trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
from engine.methods.base import Method
from engine.methods.bitfit import BitFit
from engine.methods.delta import SavedAsDelta
from engine.methods.finetune import FullFinetuning
from engine.methods.lora import Lora
from engine.methods.p_tuning import PTuning
from engine.methods.prefix import PrefixTuning
from engine.methods.prompt import PromptTuning
from engine.methods.top_layers import TopLayers

DELTAS: Mapping[type[DeltaSpec], type[SavedAsDelta]] = {
    TopLayersMethod: TopLayers,
    BiasMethod: BitFit,
    AdapterMethod: Adapters,
    LoraMethod: Lora,
    PromptMethod: PromptTuning,
    PTuningMethod: PTuning,
}
"""The classes of the methods that are saved as a delta."""

_CLASSES: Mapping[type[MethodSpec], Callable[..., Method]] = {
    PrefixMethod: PrefixTuning,
    FinetuneMethod: FullFinetuning,
    **DELTAS,  # type: ignore[dict-item]  # each of them is a whole method
}


def make_method(backbone: Backbone, method: MethodSpec, *, seed: int) -> Method:
    """Put what the spec describes on the backbone, freshly initialised."""
    return _CLASSES[type(method)](backbone, method, seed=seed)
