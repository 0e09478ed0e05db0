"""What the parts of a run's spec refuse, word for word, and what they offer."""

import math
import re
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from engine.contract.data_spec import Column, DataSpec, Mapping, Role, Split
from engine.contract.errors import Remedy, UserError
from engine.contract.method_spec import FinetuneMethod, Init, Parametrisation, PrefixMethod
from engine.contract.options import METHODS
from engine.contract.rivals import (
    AdapterDesign,
    AdapterMethod,
    BiasMethod,
    LoraMethod,
    PromptMethod,
    PTuningMethod,
    TopLayersMethod,
)
from engine.contract.run_spec import (
    default_training,
    describe_method,
    finetuned_twin,
    new_run_id,
)
from engine.contract.training_spec import DecodingSpec, Objective, SelectBy, Strategy, TrainingSpec
from tests.contract.objects import MAPPING, SPEC

NAN, INF = math.nan, math.inf


def columns(*roles: Role) -> tuple[Column, ...]:
    return tuple(Column(f"c{i}", role) for i, role in enumerate(roles, start=1))


def data(**changes: Any) -> DataSpec:
    return DataSpec("a.sqlite", "f", MAPPING, **changes)


@pytest.mark.parametrize(
    ("make", "values", "sentence"),
    [
        (PrefixMethod, {"prefix_length": 0}, "The prefix length is 0: it must be from 1 to 512 "),
        (PrefixMethod, {"prefix_length": 513}, "The prefix length is 513: it must be from 1 to "),
        (PrefixMethod, {"mid_dim": 0}, "The MLP width mid_dim is 0: it must be 1 or more."),
        (PrefixMethod, {"dropout": 1.0}, "The prefix dropout is 1.0: it must be at least 0 and "),
        (PrefixMethod, {"dropout": -0.1}, "The prefix dropout is -0.1: it must be at least 0 and "),
        (PrefixMethod, {"dropout": NAN}, "The prefix dropout is nan: it must be at least 0 and "),
        (PrefixMethod, {"init_text": " \n"}, "init_text is empty: give words to start from, or "),
        (
            TopLayersMethod,
            {"top_layers": 0},
            "The number of top layers is 0: it must be 1",
        ),
        (AdapterMethod, {"bottleneck": 0}, "The adapter bottleneck is 0: it must be 1 or more."),
        (AdapterMethod, {"budget_percent": 0.0}, "The adapter budget is 0.0 %: it must be above 0"),
        (AdapterMethod, {"budget_percent": 101.0}, "The adapter budget is 101.0 %: it must be "),
        (AdapterMethod, {"budget_percent": NAN}, "The adapter budget is nan %: it must be above "),
        (LoraMethod, {"rank": 0}, "The LoRA rank is 0: it must be 1 or more."),
        (LoraMethod, {"alpha": 0}, "LoRA's alpha is 0: it must be 1 or more."),
        (LoraMethod, {"lora_dropout": 1.0}, "The LoRA dropout is 1.0: it must be at least 0 and "),
        (PromptMethod, {"prompt_length": 0}, "The prompt length is 0: it must be from 1 to 512 "),
        (PromptMethod, {"init_text": ""}, "init_text is empty: give words to start from, or "),
        (PTuningMethod, {"prompt_length": 513}, "The prompt length is 513: it must be from 1 to "),
        (PTuningMethod, {"encoder_hidden": 0}, "The prompt encoder's width is 0: it must be 1 "),
        (Split, {"valid_fraction": 1.0}, "valid_fraction is 1.0: it must be at least 0 and below"),
        (Split, {"test_fraction": -0.1}, "test_fraction is -0.1: it must be at least 0 and below"),
        (Split, {"test_fraction": NAN}, "test_fraction is nan: it must be at least 0 and below"),
        (
            Split,
            {"valid_fraction": 0.5, "test_fraction": 0.5},
            "Holding out 0.5 for validation and 0.5 for testing leaves nothing to train on: ",
        ),
        (Split, {"max_train_rows": 0}, "max_train_rows is 0: it must be 1 or more."),
        (Split, {"max_valid_inputs": -1}, "max_valid_inputs is -1: it must be 1 or more."),
        (Split, {"max_test_inputs": 0}, "max_test_inputs is 0: it must be 1 or more."),
        (data, {"max_source_tokens": 0}, "max_source_tokens is 0: it must be 1 or more."),
        (data, {"max_target_tokens": 0}, "max_target_tokens is 0: it must be 1 or more."),
        (TrainingSpec, {"batch_size": 0}, "batch_size is 0: it must be 1 or more."),
        (TrainingSpec, {"accumulation_steps": 0}, "accumulation_steps is 0: it must be 1 or more"),
        (TrainingSpec, {"max_steps": 0}, "max_steps is 0: it must be 1 or more."),
        (TrainingSpec, {"evaluate_every_steps": 0}, "evaluate_every_steps is 0: it must be 1 or"),
        (TrainingSpec, {"patience_evaluations": 0}, "patience_evaluations is 0: it must be 1 or"),
        (TrainingSpec, {"checkpoint_every_steps": 0}, "checkpoint_every_steps is 0: it must be 1"),
        (TrainingSpec, {"warmup_steps": -1}, "warmup_steps is -1: it must be 0 or more."),
        (TrainingSpec, {"weight_decay": -0.1}, "weight_decay is -0.1: it must be 0 or more."),
        (TrainingSpec, {"weight_decay": NAN}, "weight_decay is nan: it must be 0 or more."),
        (
            TrainingSpec,
            {"select_by": SelectBy.BLEU, "evaluate_bleu": False},
            "select_by is bleu, but evaluate_bleu is off (--no-bleu)",
        ),
        (TrainingSpec, {"clip_norm": INF}, "clip_norm is inf: it must be 0 or more"),
        (TrainingSpec, {"sample_count": -1}, "sample_count is -1: it must be 0 or more."),
        (TrainingSpec, {"epochs": 0.0}, "epochs is 0.0: it must be above 0."),
        (TrainingSpec, {"learning_rate": 0.0}, "learning_rate is 0.0: it must be above 0."),
        (TrainingSpec, {"learning_rate": INF}, "learning_rate is inf: it must be above 0"),
        (TrainingSpec, {"learning_rate": NAN}, "learning_rate is nan: it must be above 0."),
        (DecodingSpec, {"num_beams": 0}, "num_beams is 0: it must be 1 or more."),
        (DecodingSpec, {"max_new_tokens": 0}, "max_new_tokens is 0: it must be 1 or more."),
        (DecodingSpec, {"batch_size": 0}, "batch_size is 0: it must be 1 or more."),
        (DecodingSpec, {"temperature": 0.0}, "temperature is 0.0: it must be above 0."),
        (DecodingSpec, {"repetition_penalty": NAN}, "repetition_penalty is nan: it must be above"),
        (DecodingSpec, {"length_penalty": NAN}, "length_penalty is nan: it must be a number."),
        (DecodingSpec, {"top_k": -1}, "top_k is -1: it must be 0 or more."),
        (DecodingSpec, {"no_repeat_ngram": -1}, "no_repeat_ngram is -1: it must be 0 or more."),
        (DecodingSpec, {"min_new_tokens": -1}, "min_new_tokens is -1: it must be 0 or more."),
        (DecodingSpec, {"top_p": 0.0}, "top_p is 0.0: it must be above 0 and at most 1."),
        (DecodingSpec, {"top_p": 1.1}, "top_p is 1.1: it must be above 0 and at most 1."),
        (
            DecodingSpec,
            {"min_new_tokens": 9, "max_new_tokens": 8},
            "min_new_tokens is 9, above max_new_tokens 8: lower the first or raise the second.",
        ),
        (
            Mapping,
            {"columns": columns(Role.TARGET, Role.FIELD, Role.TARGET)},
            "Columns 'c1', 'c3' are all targets: choose one target.",
        ),
        (
            Mapping,
            {"columns": columns(Role.SPLIT, Role.SPLIT)},
            "Columns 'c1', 'c2' all have the role split: choose one.",
        ),
        (
            Mapping,
            {"columns": columns(Role.CATEGORY, Role.CATEGORY)},
            "Columns 'c1', 'c2' all have the role category: choose one.",
        ),
    ],
)
def test_values_outside_their_range_are_refused(
    make: Callable[..., object], values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}"):
        make(**values)


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (PrefixMethod, {"prefix_length": 1}),
        (PrefixMethod, {"prefix_length": 512, "dropout": 0.99}),
        (PrefixMethod, {"init": Init.RANDOM, "init_text": ""}),
        (AdapterMethod, {"bottleneck": 1, "budget_percent": 100.0}),
        (PromptMethod, {"init": Init.RANDOM, "init_text": ""}),
        (Split, {"valid_fraction": 0.0, "test_fraction": 0.0}),
        (Split, {"max_train_rows": None, "max_valid_inputs": None, "max_test_inputs": None}),
        (TrainingSpec, {"clip_norm": 0.0, "sample_count": 0, "epochs": 0.01}),
        (TrainingSpec, {"max_steps": 1, "patience_evaluations": 1}),
        (DecodingSpec, {"min_new_tokens": 0, "max_new_tokens": 1, "top_p": 1.0}),
        (DecodingSpec, {"min_new_tokens": 5, "max_new_tokens": 5, "length_penalty": -1.0}),
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
    assert mapping.one(Role.TARGET) == "c2"
    assert mapping.one(Role.SPLIT) is None
    mapping.check_trainable()


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ((Role.TARGET, Role.IGNORED), r"^No column is read as input: give at least one column the"),
        ((Role.FIELD, Role.CATEGORY), r"^No column is the target: give one column the role target"),
        ((), r"^No column is read as input"),
    ],
)
def test_a_mapping_without_input_or_target_does_not_train(
    roles: tuple[Role, ...], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
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
        decoding=DecodingSpec(strategy=Strategy.BEAM),
    )
    twin = finetuned_twin(spec)
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
    for method in (kind() for kind in METHODS.values()):
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
    error = UserError("Out of memory.", (remedy,))
    assert str(error) == error.message == "Out of memory."
    assert error.remedies == (remedy,)
    assert UserError("x").remedies == ()
