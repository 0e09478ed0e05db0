"""Prompt tuning and P-tuning: the same as real input embeddings before the source."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import PromptEncoderConfig, PromptTuningConfig, get_peft_model

from engine.contract.methods.others import PromptEncoder, PromptMethod, PTuningMethod
from engine.contract.specs.starting import Init
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.methods.base import Foldable
from engine.methods.embedded import PROMPT
from engine.methods.finetune import BareBackbone
from engine.methods.making import make_method, saved_system
from engine.reporter import Silent
from tests.engine.other_methods import logits, scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import CONFIGS, ENCODER_DECODERS

# WORKAROUND: peft 0.21 asks transformers 5.23 by a deprecated name; goes with peft's next release
# (https://github.com/huggingface/peft, peft_model.py).
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")

IDS = torch.tensor([[5, 9, 17, 33, 2, 41, 8]])
WORDS = "Describe the table:"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prompts")


def words_of(method: Foldable) -> torch.Tensor:
    """The tokens of WORDS, [1, P]."""
    found = method.backbone.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    return torch.tensor([found])


def words_method(folder: Path, family: str) -> Foldable:
    """A prompt that starts from all tokens of WORDS."""
    backbone = tiny(folder, family)
    length = len(backbone.tokenizer(WORDS, add_special_tokens=False)["input_ids"])
    method = make_method(backbone, PromptMethod(length, init_text=WORDS), seed=0)
    assert isinstance(method, Foldable)
    assert method.notes() == ()
    return method


@pytest.mark.parametrize("family", CONFIGS)
def test_a_prompt_of_words_is_the_words_before_the_text(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a decoder, and before an encoder, its scale, positions and mask included."""
    if family in ENCODER_DECODERS:
        scaled = {**CONFIGS[family], "scale_embedding": True}
        monkeypatch.setitem(CONFIGS, family, CONFIGS[family] if family.startswith("t5") else scaled)
    method = words_method(tmp_path, family)
    words = words_of(method)
    said = logits(method, IDS)
    expected = logits(BareBackbone(method.backbone), torch.cat([words, IDS], dim=1))
    torch.testing.assert_close(said, expected[:, -said.shape[1] :], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["gpt2", "llama", "opt", "gemma"])
def test_it_is_input_embeddings_in_front(family: str, folder: Path) -> None:
    backbone = tiny(folder, family)
    method = make_method(backbone, PromptMethod(6, Init.RANDOM), seed=3)
    said, model = logits(method, IDS), backbone.model
    (table,) = method.trainable().values()
    with torch.no_grad():
        embeds = torch.cat([table[None], model.get_input_embeddings()(IDS)], dim=1)
        expected = model(inputs_embeds=embeds).logits[:, 6:]
    torch.testing.assert_close(said, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("encoder", [None, *PromptEncoder])
def test_it_says_what_pefts_own_model_says(encoder: PromptEncoder | None, folder: Path) -> None:
    ours = tiny(folder, "llama")
    config = PromptTuningConfig(num_virtual_tokens=6, task_type="CAUSAL_LM")
    spec: PromptMethod | PTuningMethod = PromptMethod(6, Init.RANDOM)
    if encoder is not None:
        spec = PTuningMethod(6, encoder, 16)
        config = PromptEncoderConfig(
            num_virtual_tokens=6,
            task_type="CAUSAL_LM",
            encoder_reparameterization_type=encoder.name,
            encoder_hidden_size=16,
        )
    method = make_method(ours, spec, seed=3)
    scatter(method.trainable())
    theirs = get_peft_model(tiny(folder, "llama").model, config).eval()
    module = theirs.prompt_encoder["default"]
    assert dict(module.named_parameters()).keys() == method.trainable().keys()
    module.load_state_dict(method.trainable())
    with torch.no_grad():
        expected = theirs(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits[:, 6:]
    torch.testing.assert_close(logits(method, IDS), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("family", "strategy"),
    [("llama", Strategy.BEAM), ("t5", Strategy.BEAM)]
    + [(family, Strategy.GREEDY) for family in ENCODER_DECODERS],
)
def test_decoding_is_that_of_the_words_before_the_text(
    family: str, strategy: Strategy, folder: Path
) -> None:
    method = words_method(folder, family)
    words = words_of(method)[0].tolist()
    decoding = DecodingSpec(strategy=strategy, num_beams=3, max_new_tokens=8)
    prompts = [[5, 9, 17, 33], [2, 41, 8, 3, 7, 60]]
    ours = decode(method, prompts, decoding, Silent())
    before = decode(
        BareBackbone(method.backbone), [words + one for one in prompts], decoding, Silent()
    )
    assert ours.texts == before.texts
    alone = [decode(method, [one], decoding, Silent()).texts[0] for one in prompts]
    assert list(ours.texts) == alone


def test_what_makes_the_prompt_is_left_behind(folder: Path) -> None:
    backbone, spec = tiny(folder, "llama"), PTuningMethod(6, PromptEncoder.LSTM, 16)
    method = make_method(backbone, spec, seed=0)
    assert isinstance(method, Foldable)
    kept = method.folded()
    assert {name: tuple(one.shape) for name, one in kept.items()} == {PROMPT: (6, 32)}
    assert len(method.trainable()) > 10
    stored = saved_system(backbone, spec, kept)
    torch.testing.assert_close(logits(stored, IDS), logits(method, IDS), rtol=0, atol=0)


def test_words_that_are_too_few_or_too_many_are_told(folder: Path) -> None:
    backbone = tiny(folder, "llama")
    for length, done in ((40, "repeated"), (2, "cut")):
        method = make_method(backbone, PromptMethod(length, init_text=WORDS), seed=0)
        (note,) = method.notes()
        assert note.endswith(f"tokens; they were {done} to the prompt length {length}.")


def test_a_prompt_takes_room_in_an_encoder(folder: Path) -> None:
    from engine.contract.specs.data import DataSpec, Mapping
    from engine.data.examples import ExampleSets, TrainRow
    from engine.tasks.generation.encoding import encode

    backbone = tiny(folder, "bart")
    method = make_method(backbone, PromptMethod(100, Init.RANDOM), seed=0)
    decoding = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=8)
    with refused("input-longer-than-positions", longest=130, prompt=100, limit=128):
        decode(method, [[5] * 30], decoding, Silent())
    rows = (TrainRow("word " * 20, "one"),)
    with refused("row-longer-than-positions", prompt=100, limit=128):
        encode(
            DataSpec("", "", Mapping(())),
            ExampleSets(rows, (), ()),
            backbone,
            Silent(),
            position_offset=method.position_offset,
        )
