"""The frozen description of a training run, shared by form, command line and `run.json`."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace

from engine.contract.data_spec import DataSpec
from engine.contract.method_spec import (
    Depth,
    FinetuneMethod,
    MethodSpec,
    Parametrisation,
    PrefixMethod,
)
from engine.contract.training_spec import DecodingSpec, TrainingSpec

RUN_VERSION = 1


@dataclass(frozen=True)
class RunSpec:
    """One run, whole: the same spec on the same machine gives the same numbers.

    Attributes:
        run_id: unique name of the run and of its folder.
        backbone: a name of the catalog, or the path of a folder in transformers' format.
    """

    run_id: str
    backbone: str
    method: MethodSpec
    data: DataSpec
    training: TrainingSpec = field(default_factory=TrainingSpec)
    decoding: DecodingSpec = field(default_factory=DecodingSpec)
    version: int = RUN_VERSION


def new_run_id() -> str:
    """A new run id: the local time and four random hexadecimal digits, sortable by age."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def default_training(method: MethodSpec) -> TrainingSpec:
    """Chosen defaults for a few hundred rows on a small backbone; measured in benchmarks/."""
    if isinstance(method, FinetuneMethod):
        return TrainingSpec(learning_rate=2e-5)
    if isinstance(method, PrefixMethod) and method.parametrisation is Parametrisation.DIRECT:
        return TrainingSpec(learning_rate=5e-3)
    return TrainingSpec(learning_rate=5e-4)


def finetuned_twin(spec: RunSpec) -> RunSpec:
    """The full fine-tuning run to compare with: same backbone, data, split, seed, decoding."""
    method = FinetuneMethod()
    defaults = default_training(method)
    training = replace(
        spec.training, learning_rate=defaults.learning_rate, objective=defaults.objective
    )
    return replace(spec, run_id=new_run_id(), method=method, training=training)


def describe_method(method: MethodSpec) -> str:
    """A few words for a list: "prefix 10, MLP 512" or "full fine-tuning"."""
    if not isinstance(method, PrefixMethod):
        return "full fine-tuning"
    forms = {
        Parametrisation.MLP: f"MLP {method.mid_dim}",
        Parametrisation.DEEP_MLP: f"deep MLP {method.mid_dim}",
        Parametrisation.DIRECT: "direct",
    }
    name = "embedding-only" if method.depth is Depth.EMBEDDING_ONLY else method.position.value
    where = f" in layers {method.layers}" if method.layers else ""
    return f"{name} {method.prefix_length}{where}, {forms[method.parametrisation]}"
