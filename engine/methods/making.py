"""From a method's spec to the class that trains it, or decodes with what it has trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.backbones.loading import Backbone
from engine.contract.methods.adapter import AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.ia3 import Ia3Method
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.norms import NormsMethod
from engine.contract.methods.p_tuning import PTuningMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.methods.adapter import Adapters
from engine.methods.base import Method, System, Tensors
from engine.methods.bitfit import BitFit
from engine.methods.delta import SavedAsDelta
from engine.methods.finetune import FullFinetuning
from engine.methods.frozen import Frozen
from engine.methods.ia3 import Ia3
from engine.methods.lora import Lora
from engine.methods.norms import Norms
from engine.methods.p_tuning import PTuning
from engine.methods.prefix import PrefixTuning
from engine.methods.prompt import PromptTuning
from engine.methods.top_layers import TopLayers

_DELTAS: Mapping[type[MethodSpec], type[SavedAsDelta]] = {
    TopLayersMethod: TopLayers,
    BiasMethod: BitFit,
    NormsMethod: Norms,
    AdapterMethod: Adapters,
    LoraMethod: Lora,
    Ia3Method: Ia3,
    PromptMethod: PromptTuning,
    PTuningMethod: PTuning,
    FrozenMethod: Frozen,
}

_CLASSES: Mapping[type[MethodSpec], Callable[..., Method]] = {
    PrefixMethod: PrefixTuning,
    FinetuneMethod: FullFinetuning,
    **_DELTAS,  # type: ignore[dict-item]  # each of them is a whole method
}


def delta_class(method: MethodSpec) -> type[SavedAsDelta]:
    """The class of a method that is saved as a delta."""
    return _DELTAS[type(method)]


def make_method(backbone: Backbone, method: MethodSpec, *, seed: int) -> Method:
    """Put what the spec describes on the backbone, freshly initialised."""
    return _CLASSES[type(method)](backbone, method, seed=seed)


def saved_system(backbone: Backbone, method: MethodSpec, tensors: Tensors) -> System:
    """What a method has trained, for decoding.

    Raises:
        UserError: the tensors are not those of this method on this backbone.
    """
    return delta_class(method).restored(backbone, method, tensors)
