"""Embedding-only tuning (paper, section 7.2): virtual tokens that the backbone itself reads."""

from pathlib import Path

import pytest
import torch

from engine.contract.methods.cost import cost
from engine.contract.methods.prefix import Depth, Init, Parametrisation, PrefixMethod
from engine.methods.base import count
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.tasks.generation.batches import collate_for, token_row
from tests.engine.tiny import gradients, tiny
from tests.helpers.errors import refused

FAMILIES = ("gpt2", "llama", "gemma", "opt")
ROWS = [token_row([5, 6, 7], [8, 9, 0]), token_row([10, 11], [12, 0])]


def method(length: int = 5, **changes: object) -> PrefixMethod:
    settings = {"mid_dim": 16, "init": Init.RANDOM, "depth": Depth.EMBEDDING_ONLY, **changes}
    return PrefixMethod(prefix_length=length, **settings)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", list(Parametrisation))
def test_logits_are_those_behind_the_embeddings_themselves(
    family: str, form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(parametrisation=form), seed=1)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        virtual = tuned.prefix()[None]
        real = backbone.model.get_input_embeddings()(ids)
        together = torch.cat([virtual, real], dim=1)
        expected = backbone.model(inputs_embeds=together).logits[:, 5:]
        positions = torch.arange(5, 9).unsqueeze(0)
        with tuned.active():
            ours = backbone.model(input_ids=ids, position_ids=positions).logits
        with SavedPrefix(backbone, tuned.folded()).active():
            stored = backbone.model(input_ids=ids, position_ids=positions).logits
    scale = max(1.0, expected.abs().max().item())
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5 * scale)
    torch.testing.assert_close(stored, expected, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("form", list(Parametrisation))
def test_gradient_checkpointing_gives_the_same_gradients(
    form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, "llama")
    tuned = PrefixTuning(backbone, method(parametrisation=form), seed=1)
    batch = collate_for(backbone, ROWS)

    plain = gradients(tuned, batch)
    assert set(plain) == set(tuned.trainable())
    enable_checkpointing(backbone.model)
    tuned.set_training(True)
    again = gradients(tuned, batch)
    for name, gradient in plain.items():
        torch.testing.assert_close(again[name], gradient, rtol=1e-4, atol=1e-6)
    assert all(weight.grad is None for weight in backbone.model.parameters())


@pytest.mark.parametrize("form", list(Parametrisation))
def test_words_start_it_as_the_words_themselves(form: Parametrisation, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "gpt2")
    words = backbone.tokenizer("Blue Spice serves", add_special_tokens=False)["input_ids"]
    spec = method(len(words), init=Init.WORDS, init_text="Blue Spice serves", parametrisation=form)
    tuned = PrefixTuning(backbone, spec, seed=1)
    text = torch.tensor([[*words, 9, 10, 11]])
    positions = torch.arange(len(words), len(words) + 3).unsqueeze(0)
    with torch.no_grad():
        expected = backbone.model(input_ids=text).logits[:, len(words) :]
        with tuned.active():
            ours = backbone.model(input_ids=text[:, len(words) :], position_ids=positions).logits
    torch.testing.assert_close(ours, expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("form", list(Parametrisation))
def test_the_cost_is_what_is_trained(form: Parametrisation, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    spec = method(parametrisation=form)
    tuned = PrefixTuning(backbone, spec, seed=0)
    told = cost(backbone.shape, spec)
    assert told.trainable == count(tuned.trainable())
    assert told.stored == sum(entries.numel() for entries in tuned.folded().values())


def test_an_encoder_decoder_is_refused(tmp_path: Path) -> None:
    with refused("embedding-only-needs-decoder", backbone="bart"):
        PrefixTuning(tiny(tmp_path, "bart"), method(), seed=0)
