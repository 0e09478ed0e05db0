"""From a method's spec to the thing that is trained."""

from __future__ import annotations

from engine.backbones.loading import Backbone
from engine.contract.method_spec import FinetuneMethod, MethodSpec
from engine.methods.base import Method
from engine.methods.finetune import FullFinetuning
from engine.methods.prefix import PrefixTuning


def make_method(backbone: Backbone, method: MethodSpec, *, seed: int) -> Method:
    """Put what the spec describes on the backbone, freshly initialised."""
    if isinstance(method, FinetuneMethod):
        return FullFinetuning(backbone, method)
    return PrefixTuning(backbone, method, seed=seed)
