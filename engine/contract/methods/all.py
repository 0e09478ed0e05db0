"""All methods: a new one is named here, and in `engine/methods/making.py`."""

from __future__ import annotations

from typing import Any

from engine.contract.methods.adapter import ADAPTER, AdapterMethod
from engine.contract.methods.bitfit import BITFIT, BiasMethod
from engine.contract.methods.finetune import FINETUNE, FinetuneMethod
from engine.contract.methods.frozen import FROZEN, FrozenMethod
from engine.contract.methods.ia3 import IA3, Ia3Method
from engine.contract.methods.info import MethodInfo
from engine.contract.methods.lora import LORA, LoraMethod
from engine.contract.methods.norms import NORMS, NormsMethod
from engine.contract.methods.p_tuning import P_TUNING, PTuningMethod
from engine.contract.methods.prefix import PREFIX, PrefixMethod
from engine.contract.methods.prompt import PROMPT, PromptMethod
from engine.contract.methods.top_layers import TOP_LAYERS, TopLayersMethod

MethodSpec = (
    PrefixMethod
    | FinetuneMethod
    | TopLayersMethod
    | BiasMethod
    | NormsMethod
    | AdapterMethod
    | LoraMethod
    | Ia3Method
    | PromptMethod
    | PTuningMethod
    | FrozenMethod
)

METHODS: tuple[MethodInfo[Any], ...] = (
    PREFIX,
    FINETUNE,
    TOP_LAYERS,
    BITFIT,
    NORMS,
    ADAPTER,
    LORA,
    IA3,
    PROMPT,
    P_TUNING,
    FROZEN,
)
METHODS_BY_NAME = {info.name: info for info in METHODS}
"""By the values of `--method`."""
BASELINE = next(info for info in METHODS if info.is_baseline)

_BY_SPEC = {info.spec: info for info in METHODS}


def info_of(method: MethodSpec) -> MethodInfo[Any]:
    """What there is to say of a spec's method."""
    return _BY_SPEC[type(method)]


def describe_method(method: MethodSpec) -> str:
    """A few words for a list: "prefix 10, MLP 512" or "full fine-tuning"."""
    return info_of(method).describe(method)
