"""The form's content: there and back to a RunSpec, to text, through presets and remedies."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.runs.form.draft import (
    apply_remedy,
    change,
    default_draft,
    draft_of,
    from_text,
    to_text,
)
from app.pages.runs.form.presets import PRESETS, preset_of
from app.pages.runs.form.sections import SECTIONS
from engine.contract.errors import ProtocolError, UserError
from engine.contract.methods.all import METHODS
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.specs.data import DataSpec, PromptForm
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.specs.training import DecodingSpec, Objective, Strategy, TrainingSpec
from engine.contract.tasks.generation import GenerationTask
from tests.contract.strategies import built
from tests.helpers.errors import refused
from tests.helpers.projects import MAPPING

DATA = DataSpec("../../datasets/x.sqlite", "ab", MAPPING)

methods = st.builds(
    PrefixMethod,
    prefix_length=st.integers(1, 512),
    parametrisation=st.sampled_from(Parametrisation),
    mid_dim=st.integers(1, 2048),
    init=st.sampled_from((Init.WORDS, Init.RANDOM)),
    init_text=st.text("ab :-é", min_size=1).filter(str.strip),
    dropout=st.floats(0, 0.9),
) | st.one_of([built(info.spec) for info in METHODS if info.spec is not PrefixMethod])
trainings = st.builds(
    TrainingSpec,
    epochs=st.floats(0.1, 100),
    max_steps=st.none() | st.integers(1, 10**6),
    batch_size=st.integers(1, 64),
    learning_rate=st.floats(1e-7, 1),
    objective=st.sampled_from(Objective),
    evaluate_every_steps=st.none() | st.integers(1, 1000),
    evaluate_bleu=st.booleans(),
    patience_evaluations=st.none() | st.integers(1, 9),
    seed=st.integers(0, 10**6),
)
decodings = st.builds(
    DecodingSpec,
    strategy=st.sampled_from(Strategy),
    num_beams=st.integers(1, 20),
    top_p=st.floats(0.01, 1.0),
    max_new_tokens=st.integers(1, 500),
)
specs = st.builds(
    RunSpec,
    run_id=st.just("r"),
    backbone=st.sampled_from(["smollm2-135m-instruct", "/models/my gpt"]),
    method=methods,
    data=st.builds(
        lambda s, t: dataclasses.replace(DATA, max_source_tokens=s, max_target_tokens=t),
        st.integers(1, 2000),
        st.integers(1, 2000),
    ),
    training=trainings,
    task=st.builds(GenerationTask, decodings),
)


@given(specs)
def test_a_run_fills_the_form_and_the_form_makes_the_same_run(spec: RunSpec) -> None:
    assert draft_of(spec).to_spec("r", DATA) == spec


@given(specs)
def test_a_draft_survives_as_text(spec: RunSpec) -> None:
    draft = draft_of(spec)
    assert from_text(to_text(draft)) == draft


def test_the_default_is_the_contracts() -> None:
    spec = default_draft("b").to_spec("r", DATA)
    method = PrefixMethod()
    assert spec == RunSpec("r", "b", method, DATA, default_training(method))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("method.prefix_length", 513, "513.*512"),
        ("method.init_text", "  ", "init_text"),
        ("training.learning_rate", 0.0, "learning_rate .*0.0"),
        ("decoding.min_new_tokens", 101, "min_new_tokens .*101.*max_new_tokens 100"),
        ("data.max_source_tokens", 0, "max_source_tokens .*0"),
    ],
)
def test_a_wrong_value_can_be_held_and_is_explained(name: str, value: object, words: str) -> None:
    draft = default_draft("b").changed({name: value})
    with pytest.raises(UserError, match=words):
        draft.to_spec("r", DATA)


def test_a_backbone_must_be_chosen() -> None:
    with refused("no-backbone"):
        default_draft().to_spec("r", DATA)


def test_the_other_methods_settings_are_kept() -> None:
    draft = default_draft("b").changed({"method.prefix_length": 77})
    there = change(draft, "method.kind", "finetune")
    assert change(there, "method.kind", "prefix")["method.prefix_length"] == 77


def test_every_method_can_be_chosen() -> None:
    for info in METHODS:
        draft = change(default_draft("b"), "method.kind", info.name)
        assert draft.method() == info.spec()
        assert draft.training() == default_training(info.spec())


def test_a_method_that_there_is_not_is_refused() -> None:
    with refused("unexpected-value", ProtocolError):
        from_text('{"method.kind": "magic"}')


def test_an_untouched_learning_rate_follows_the_method_and_a_chosen_one_stays() -> None:
    draft = default_draft("b")
    finetune = change(draft, "method.kind", "finetune")
    expected = default_training(FinetuneMethod()).learning_rate
    assert finetune["training.learning_rate"] == expected
    chosen = draft.changed({"training.learning_rate": 3e-4})
    assert change(chosen, "method.kind", "finetune")["training.learning_rate"] == 3e-4


def test_a_remedy_changes_what_it_names() -> None:
    changes = (("training.batch_size", "4"), ("training.accumulation_steps", "2"))
    draft = apply_remedy(default_draft("b"), changes)
    assert draft.training().batch_size == 4
    assert draft.training().accumulation_steps == 2


@pytest.mark.parametrize("text", ["", "[1]", '{"training.batch_size": "four"}'])
def test_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        from_text(text)


def test_a_setting_that_is_not_there_is_named() -> None:
    with refused("no-such-setting", ProtocolError, name="training.batch"):
        from_text('{"training.batch": 4}')


def test_settings_of_an_older_version_get_their_defaults() -> None:
    assert from_text('{"training.seed": 5}') == default_draft().changed({"training.seed": 5})


def test_the_papers_settings() -> None:
    paper = PRESETS[1].applied(default_draft("gpt2-medium")).to_spec("r", DATA)
    assert isinstance(paper.method, PrefixMethod)
    assert (paper.backbone, paper.method.prefix_length, paper.method.mid_dim) == (
        "gpt2-medium",
        5,
        512,
    )
    training, decoding = paper.training, paper.task.decoding
    assert (training.learning_rate, training.epochs, training.batch_size) == (8e-5, 5, 10)
    assert training.objective is Objective.SENTENCE_SUM
    assert (decoding.strategy, decoding.num_beams) == (Strategy.BEAM, 5)
    low = PRESETS[2].applied(default_draft("b")).to_spec("r", DATA)
    assert isinstance(low.method, PrefixMethod)
    assert (low.method.prefix_length, low.method.init_text) == (6, "table-to-text:")
    assert (low.training.warmup_steps, low.training.learning_rate) == (100, 5e-5)
    assert low.training.max_steps == 200
    assert paper.data.prompt is low.data.prompt is PromptForm.BOS
    summaries = PRESETS[3].applied(default_draft("bart-large")).to_spec("r", DATA)
    assert isinstance(summaries.method, PrefixMethod)
    assert (summaries.method.prefix_length, summaries.method.mid_dim) == (100, 800)
    assert summaries.method.frozen_dropout
    training, decoding = summaries.training, summaries.task.decoding
    assert (training.learning_rate, training.epochs, training.batch_size) == (5e-5, 30, 14)
    assert (decoding.num_beams, decoding.length_penalty) == (6, 0.8)
    assert (summaries.data.max_source_tokens, summaries.data.max_target_tokens) == (512, 60)


def test_a_preset_is_recognised_until_something_is_changed() -> None:
    for preset in PRESETS:
        draft = preset.applied(default_draft("b"))
        assert preset_of(draft) is preset
        assert preset_of(draft.changed({"training.seed": 99})) is None


def test_every_setting_of_the_contract_has_one_editor() -> None:
    names = [name for section in SECTIONS for name in section.names]
    assert len(names) == len(set(names))
    elsewhere = {"backbone", "answer", "method.kind", "method.prefix_length"}
    elsewhere |= {"words.template", "words.label_words"}
    assert set(names) | elsewhere == set(default_draft().values)


def test_the_usual_rate_follows_the_parametrisation() -> None:
    draft = default_draft("b")
    direct = change(draft, "method.parametrisation", Parametrisation.DIRECT)
    assert direct["training.learning_rate"] == 1.5e-2
    back = change(direct, "method.parametrisation", Parametrisation.MLP)
    assert back == draft
    own = change(draft.changed({"training.learning_rate": 1e-4}), "method.parametrisation",
                 Parametrisation.DIRECT)  # fmt: skip
    assert own["training.learning_rate"] == 1e-4
    wrong = change(draft, "method.mid_dim", 0)
    assert change(wrong, "method.mid_dim", 512) == draft
