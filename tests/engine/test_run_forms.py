"""Whole runs of every form, on encoder–decoders too: trained, kept, loaded again, decoded."""

from dataclasses import replace

import pytest
from safetensors import safe_open

from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Depth, Parametrisation, Placement
from engine.contract.methods.prefix import PrefixMethod as Prefix
from engine.contract.methods.prompt import PromptMethod
from engine.contract.runs.cards import PositionScheme
from engine.contract.runs.events import RunFailed, RunFinished, RunStarted, RunState
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.data import PromptForm
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import ENCODER_PROMPT
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import native, peft
from engine.reporter import Silent
from engine.run import run_folder
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import Workshop, events

PREFIX = Prefix(prefix_length=4, mid_dim=16, init_text="A hut:")
CASES = {
    "bart-mlp": ("bart", PREFIX),
    "t5-deep": (
        "t5",
        Prefix(prefix_length=4, mid_dim=16, parametrisation=Parametrisation.DEEP_MLP),
    ),
    "pegasus-cross": (
        "pegasus",
        Prefix(prefix_length=4, mid_dim=16, encoder_self=False, decoder_self=False),
    ),
    "marian": ("marian", PREFIX),
    "bart-finetune": ("bart", FinetuneMethod()),
    "llama-infix": ("llama", replace(PREFIX, position=Placement.INFIX)),
    "gpt2-infix": ("gpt2", replace(PREFIX, position=Placement.INFIX)),
    "llama-embedding-only": ("llama", replace(PREFIX, depth=Depth.EMBEDDING_ONLY)),
    "llama-layers": ("llama", replace(PREFIX, layers="0:2,2")),
    "gpt2-layers-direct": (
        "gpt2",
        Prefix(prefix_length=4, parametrisation=Parametrisation.DIRECT, layers="0,1:1"),
    ),
    "bart-layers": ("bart", replace(PREFIX, layers="1", decoder_self=False)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_ends_in_a_system_that_writes_its_outputs_again(
    case: str, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind, method = CASES[case]
    spec = workshop.spec(method, kind=kind)
    folder = workshop.run(tmp_path_factory.mktemp("sides") / case, spec)
    assert run_folder(folder.path) == 0
    assert folder.read_status().state is RunState.FINISHED
    (started,) = events(folder, RunStarted)
    assert isinstance(started, RunStarted)
    assert (started.frozen_parameters == 0) == isinstance(method, FinetuneMethod)
    assert events(folder, RunFinished)

    loaded = Systems().load(folder.path, Silent())
    rows = read_outputs(folder.outputs / "test.jsonl")
    prompts = loaded.prompts([row.input for row in rows])
    again = decode(loaded.system, prompts, spec.task.decoding, Silent())
    assert again.texts == tuple(row.output for row in rows)


@pytest.mark.parametrize("method", [PREFIX, FinetuneMethod(), PromptMethod(prompt_length=3)])
def test_the_papers_prompt_form_is_trained_with_and_decoded_with(
    method: MethodSpec, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = workshop.spec(method, kind="gpt2")
    spec = replace(spec, data=replace(spec.data, prompt=PromptForm.BOS))
    folder = workshop.run(tmp_path_factory.mktemp("bos") / "run", spec)
    assert run_folder(folder.path) == 0
    systems = Systems()
    loaded = systems.load(folder.path, Silent())
    assert loaded.prompt == "bos"
    rows = read_outputs(folder.outputs / "test.jsonl")
    prompts = loaded.prompts([row.input for row in rows])
    tokenizer = loaded.system.backbone.tokenizer
    assert {prompt[-1] for prompt in prompts} == {tokenizer.bos_token_id}
    again = decode(loaded.system, prompts, spec.task.decoding, Silent())
    assert again.texts == tuple(row.output for row in rows)
    bare = systems.bare(spec.backbone, Silent(), form=PromptForm.BOS)
    assert bare.prompts([rows[0].input]) == [prompts[0]]


def test_the_card_says_how_it_stands_and_peft_has_no_place_for_it(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = workshop.spec(PREFIX, kind="bart")
    folder = workshop.run(tmp_path_factory.mktemp("card") / "run", spec)
    assert run_folder(folder.path) == 0
    key_values, card = native.read(folder.prefix)
    assert card.as_prefix()[1].positions is PositionScheme.UNSHIFTED
    assert card.prompt == ENCODER_PROMPT
    assert card.as_prefix()[1].layers == len(key_values) == 2 + 3 + 3
    with refused("peft-lacks-encoder-decoders", name=card.name):
        peft.write(folder.path / "peft", key_values, card)


def test_a_file_holds_only_the_layers_that_have_a_prefix(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = workshop.spec(replace(PREFIX, layers="0:2,2"), kind="llama")
    folder = workshop.run(tmp_path_factory.mktemp("layers") / "run", spec)
    assert run_folder(folder.path) == 0
    (started,) = events(folder, RunStarted)
    assert isinstance(started, RunStarted)
    # By hand: d = 32, mid 16, two of the three layers with 2 key/value heads of width 8.
    assert started.trainable_parameters == 4 * 32 + 33 * 16 + 17 * (2 * 2 * 2 * 8)
    with safe_open(folder.prefix / "prefix.safetensors", framework="pt") as file:
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    assert shapes == {"decoder_self.0": [2, 2, 2, 8], "decoder_self.2": [2, 2, 4, 8]}
    key_values, card = native.read(folder.prefix)
    assert (card.as_prefix()[1].layers, card.method) == (2, spec.method)
    text = (folder.prefix / "README.md").read_text(encoding="utf-8")
    assert "| layers | 0:2,2 (from 0; after a colon: their length) |" in text
    assert "| tensors | 2 attentions × [2, 2, up to 4, 8] in float32, " in text
    with refused("peft-lacks-layers", name="tiny", layers="0:2,2"):
        peft.write(folder.path / "peft", key_values, card)
    assert not (folder.path / "peft").exists()


def test_a_layer_that_is_not_there_ends_a_run_before_it_trains(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = workshop.spec(replace(PREFIX, layers="3"), kind="llama")
    folder = workshop.run(tmp_path_factory.mktemp("beyond") / "run", spec)
    assert run_folder(folder.path) == 2
    (failed,) = events(folder, RunFailed)
    assert isinstance(failed, RunFailed)
    assert failed.code == "no-such-layer"


def test_a_side_that_does_not_fit_is_told(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = workshop.spec(PREFIX, kind="bart")
    spec = replace(spec, task=GenerationTask(replace(spec.task.decoding, max_new_tokens=500)))
    folder = workshop.run(tmp_path_factory.mktemp("long") / "run", spec)
    assert run_folder(folder.path) == 2
    (failed,) = events(folder, RunFailed)
    assert isinstance(failed, RunFailed)
    assert not events(folder, RunStarted)
    assert "outputs up to 500, but the backbone has 128 positions for each" in failed.message
