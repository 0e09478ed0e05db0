"""The frozen description of a training run, shared by form, command line and `run.json`."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any

from engine.contract.files.names import check_name
from engine.contract.methods.others import (
    AdapterDesign,
    AdapterMethod,
    BiasMethod,
    LoraMethod,
    PromptMethod,
    PTuningMethod,
    TopLayersMethod,
)
from engine.contract.methods.prefix import (
    Depth,
    FinetuneMethod,
    MethodSpec,
    Parametrisation,
    PrefixMethod,
)
from engine.contract.specs.data import DataSpec
from engine.contract.specs.training import DecodingSpec, TrainingSpec
from engine.contract.tasks.all import TaskSpec
from engine.contract.tasks.generation import GenerationTask

RUN_VERSION = 2


@dataclass(frozen=True)
class RunSpec:
    """One run, whole: the same spec on the same machine gives the same numbers.

    Attributes:
        run_id: unique name of the run and of its folder.
        backbone: a name of the catalog, or the path of a folder in transformers' format.
        task: what is predicted, and how.
    """

    run_id: str
    backbone: str
    method: MethodSpec
    data: DataSpec
    training: TrainingSpec = field(default_factory=TrainingSpec)
    task: TaskSpec = field(default_factory=GenerationTask)
    version: int = RUN_VERSION

    def __post_init__(self) -> None:
        if self.run_id:  # a form's spec has none yet
            check_name(self.run_id, what="run_id")

    @property
    def decoding(self) -> DecodingSpec:
        """How outputs are decoded."""
        return self.task.decoding

    @staticmethod
    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        """A run of version 1 had its decoding where the task is now."""
        if "decoding" not in plain or "task" in plain:
            return plain
        others = {name: value for name, value in plain.items() if name != "decoding"}
        task = {"type": GenerationTask.__name__, "decoding": plain["decoding"]}
        return {**others, "task": task, "version": RUN_VERSION}


def new_run_id() -> str:
    """A new run id: the local time and eight random hexadecimal digits, sortable by age."""
    # A study makes 45 ids in a second: of four digits, two would be equal once in 66 studies.
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"


def default_training(method: MethodSpec) -> TrainingSpec:
    """Chosen defaults for a few hundred rows on a small backbone; measured in benchmarks/."""
    if isinstance(method, PrefixMethod) and method.parametrisation is Parametrisation.DIRECT:
        return TrainingSpec(learning_rate=1.5e-2)
    return TrainingSpec(learning_rate=_RATES[type(method)])


def finetuning_baseline(spec: RunSpec) -> RunSpec:
    """The full fine-tuning run to compare with: same backbone, data, split, seed, decoding."""
    method = FinetuneMethod()
    defaults = default_training(method)
    training = replace(
        spec.training, learning_rate=defaults.learning_rate, objective=defaults.objective
    )
    return replace(spec, run_id=new_run_id(), method=method, training=training)


def describe_method(method: MethodSpec) -> str:
    """A few words for a list: "prefix 10, MLP 512" or "full fine-tuning"."""
    match method:
        case PrefixMethod():
            return _describe_prefix(method)
        case FinetuneMethod():
            return "full fine-tuning"
        case TopLayersMethod(top_layers=layers, embeddings=embeddings):
            name = "top layer" if layers == 1 else f"top {layers} layers"
            return f"{name}, embeddings" if embeddings else name
        case BiasMethod():
            return "BitFit"
        case AdapterMethod(design=design, bottleneck=None, budget_percent=budget):
            return f"{_DESIGNS[design]} adapters, {budget:g} %"
        case AdapterMethod(design=design, bottleneck=width):
            return f"{_DESIGNS[design]} adapters, bottleneck {width}"
        case LoraMethod(rank=rank, alpha=alpha):
            return f"LoRA rank {rank}, alpha {alpha}"
        case PromptMethod(prompt_length=length):
            return f"prompt {length}"
        case PTuningMethod(prompt_length=length, prompt_encoder=encoder):
            return f"P-tuning {length}, {encoder.value.upper()}"


def _describe_prefix(method: PrefixMethod) -> str:
    forms = {
        Parametrisation.MLP: f"MLP {method.mid_dim}",
        Parametrisation.DEEP_MLP: f"deep MLP {method.mid_dim}",
        Parametrisation.DIRECT: "direct",
    }
    name = "embedding-only" if method.depth is Depth.EMBEDDING_ONLY else method.position.value
    where = f" in layers {method.layers}" if method.layers else ""
    return f"{name} {method.prefix_length}{where}, {forms[method.parametrisation]}"


_DESIGNS = {AdapterDesign.LIN: "Lin", AdapterDesign.HOULSBY: "Houlsby"}
_RATES: dict[type[MethodSpec], float] = {
    PrefixMethod: 5e-4,
    FinetuneMethod: 2e-5,
    TopLayersMethod: 5e-5,
    BiasMethod: 1e-3,
    AdapterMethod: 3e-4,
    LoraMethod: 2e-4,
    PromptMethod: 1e-2,
    PTuningMethod: 1e-3,
}
"""Peak learning rates. The first two are measured (benchmarks/). The others are from papers and
not yet measured here: Li & Liang 2021, Table 6, for the top layers; the largest that Ben Zaken
et al. 2022 search for BitFit; Houlsby et al. 2019's code for adapters; Hu et al. 2021, Table 11,
for LoRA on GPT-2; PEFT's examples for prompts and P-tuning (Lester et al. 2021 take 0.3, with
Adafactor)."""
