"""What the parts of a run's spec refuse, and what they offer."""

import math
import re
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from engine.contract.errors import Remedy, UserError, code_of
from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.all import METHODS
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.p_tuning import PTuningMethod
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.contract.specs.data import Column, DataSpec, Mapping, Role, Split
from engine.contract.specs.run import (
    default_training,
    describe_method,
    finetuning_baseline,
    new_run_id,
)
from engine.contract.specs.training import DecodingSpec, Objective, SelectBy, Strategy, TrainingSpec
from engine.contract.tasks.generation import GenerationTask
from tests.contract.objects import MAPPING, SPEC
from tests.helpers.errors import refused

NAN, INF = math.nan, math.inf


def columns(*roles: Role) -> tuple[Column, ...]:
    return tuple(Column(f"c{i}", role) for i, role in enumerate(roles, start=1))


def data(**changes: Any) -> DataSpec:
    return DataSpec("a.sqlite", "f", MAPPING, **changes)


@pytest.mark.parametrize(
    ("make", "values", "code"),
    [
        (PrefixMethod, {"init_text": " \n"}, "no-words-to-start-from"),
        (PromptMethod, {"init_text": ""}, "no-words-to-start-from"),
        (Split, {"valid_fraction": 0.5, "test_fraction": 0.5}, "nothing-left-to-train-on"),
        (
            TrainingSpec,
            {"select_by": SelectBy.SCORE, "evaluate_bleu": False},
            "select-by-bleu-without-bleu",
        ),
        (DecodingSpec, {"min_new_tokens": 9, "max_new_tokens": 8}, "min-above-max"),
        (
            PrefixMethod,
            {"encoder_self": False, "decoder_self": False, "decoder_cross": False},
            "no-attention-chosen",
        ),
        (
            PrefixMethod,
            {"position": Placement.INFIX, "depth": Depth.EMBEDDING_ONLY},
            "infix-of-embeddings",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused(
    make: Callable[..., object], values: dict[str, Any], code: str
) -> None:
    with refused(code):
        make(**values)


@pytest.mark.parametrize("role", [Role.TARGET, Role.SPLIT, Role.CATEGORY])
def test_two_columns_of_a_role_for_one_are_refused(role: Role) -> None:
    with refused("role-given-twice", columns="'c1', 'c3'", role=role.value):
        Mapping(columns(role, Role.FIELD, role))


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (PrefixMethod, {"init": Init.RANDOM, "init_text": ""}),
        (PromptMethod, {"init": Init.RANDOM, "init_text": ""}),
        (DecodingSpec, {"min_new_tokens": 5, "max_new_tokens": 5}),
    ],
)
def test_values_at_their_limits_are_taken(
    make: Callable[..., object], values: dict[str, Any]
) -> None:
    make(**values)


def test_a_mapping_names_columns_in_their_order() -> None:
    mapping = Mapping(columns(Role.SOURCE, Role.TARGET, Role.FIELD, Role.IGNORED, Role.MEANING))
    assert mapping.named(Role.FIELD, Role.SOURCE) == ("c1", "c3")
    assert [column.name for column in mapping.inputs] == ["c1", "c3", "c5"]
    assert mapping.column_of(Role.TARGET) == "c2"
    assert mapping.column_of(Role.SPLIT) is None
    mapping.check_trainable()


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ((Role.TARGET, Role.IGNORED), "no-input-column"),
        ((Role.FIELD, Role.CATEGORY), "no-target-column"),
        ((), "no-input-column"),
    ],
)
def test_a_mapping_without_input_or_target_does_not_train(
    roles: tuple[Role, ...], code: str
) -> None:
    with refused(code):
        Mapping(columns(*roles)).check_trainable()


def test_specs_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SPEC.training.seed = 3  # type: ignore[misc]


def test_run_ids_sort_by_age_and_differ() -> None:
    ids = {new_run_id() for _ in range(50)}
    assert len(ids) > 45  # four hexadecimal digits within one second
    for run_id in ids:
        assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{8}", run_id)
        time.strptime(run_id[:15], "%Y%m%d-%H%M%S")


def test_the_twin_differs_in_method_and_rate_only() -> None:
    spec = replace(
        SPEC,
        training=TrainingSpec(seed=7, epochs=2.0, learning_rate=5e-3, batch_size=3),
        task=GenerationTask(DecodingSpec(strategy=Strategy.BEAM)),
    )
    twin = finetuning_baseline(spec)
    assert twin.run_id != spec.run_id
    assert isinstance(twin.method, FinetuneMethod)
    assert twin.training.learning_rate == default_training(FinetuneMethod()).learning_rate
    back = replace(
        twin,
        run_id=spec.run_id,
        method=spec.method,
        training=replace(twin.training, learning_rate=5e-3, objective=spec.training.objective),
    )
    assert back == spec


def test_defaults_are_valid_for_every_method() -> None:
    for method in (info.spec() for info in METHODS):
        assert 0 < default_training(method).learning_rate < 1
        assert default_training(method).objective in Objective


def test_methods_in_a_few_words() -> None:
    assert describe_method(PrefixMethod(prefix_length=5, mid_dim=800)) == "prefix 5, MLP 800"
    direct = PrefixMethod(parametrisation=Parametrisation.DIRECT)
    assert describe_method(direct) == "prefix 10, direct"
    assert describe_method(FinetuneMethod()) == "full fine-tuning"
    assert describe_method(TopLayersMethod()) == "top 2 layers"
    assert describe_method(TopLayersMethod(1, embeddings=True)) == "top layer, embeddings"
    assert describe_method(BiasMethod()) == "BitFit"
    assert describe_method(AdapterMethod()) == "Lin adapters, 0.1 %"
    houlsby = AdapterMethod(AdapterDesign.HOULSBY, bottleneck=64)
    assert describe_method(houlsby) == "Houlsby adapters, bottleneck 64"
    assert describe_method(LoraMethod()) == "LoRA rank 8, alpha 16"
    assert describe_method(PromptMethod()) == "prompt 20"
    assert describe_method(PTuningMethod()) == "P-tuning 20, MLP"


def test_errors_carry_their_sentence_and_remedies() -> None:
    remedy = Remedy("Batch size 4", (("training.batch_size", "4"),))
    error = UserError("no-memory", "{size:,} bytes.", size=5000, remedies=(remedy,))
    assert str(error) == error.message == "5,000 bytes."
    assert (error.code, error.values, error.remedies) == ("no-memory", {"size": 5000}, (remedy,))
    assert UserError("x", "X.").remedies == ()
    passed_on = UserError.from_failure(error.code, "{size}", error.remedies)
    assert (passed_on.code, passed_on.message) == ("no-memory", "{size}")
    assert [code_of(one) for one in (error, ValueError("x"))] == ["no-memory", ""]
