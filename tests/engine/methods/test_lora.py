"""LoRA: the same as PEFT's own model, at PEFT's own places, and the backbone left bare."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from engine.contract.methods.lora import LoraMethod
from engine.methods.lora import Lora
from tests.engine.other_methods import logits, peft_logits, scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

IDS = torch.tensor([[5, 9, 17, 33, 2, 41, 8]])
ATTENTION_KINDS = {
    "gpt2": ["c_attn"],
    "llama": ["q_proj", "v_proj"],
    "gpt_neox": ["query_key_value"],
    "bart": ["q_proj", "v_proj"],
    "t5": ["q", "v"],
    "phi3": ["o_proj", "qkv_proj"],
    "olmo2": ["k_proj", "o_proj", "q_proj", "v_proj"],
    "marian": ["k_proj", "out_proj", "q_proj", "v_proj"],
}
CHOSEN = ("gpt2", "llama", "gpt_neox", "bart", "t5")
"""Families for which PEFT has targets of its own; for the others all of attention is taken."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lora")


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("family", ATTENTION_KINDS)
def test_it_says_what_pefts_own_model_says(family: str, folder: Path) -> None:
    method = LoraMethod(rank=4, alpha=6)
    lora = Lora(tiny(folder, family), method, seed=0)
    scatter(lora.trainable())
    ours = logits(lora, IDS)

    other = tiny(folder, family)
    config = LoraConfig(
        r=4, lora_alpha=6, target_modules=ATTENTION_KINDS[family], fan_in_fan_out=family == "gpt2"
    )
    theirs = get_peft_model(other.model, config)
    expected = peft_logits(theirs, lora, IDS, marker="lora_")
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    (note,) = lora.notes()
    places = ", ".join(ATTENTION_KINDS[family])
    who = "PEFT's choice for" if family in CHOSEN else "all of attention, as PEFT makes no"
    assert f" of {family}, {places}: {who}" in note


def test_the_layers_are_gone_outside(folder: Path) -> None:
    backbone = tiny(folder, "llama")
    modules = dict(backbone.model.named_modules())
    lora = Lora(backbone, LoraMethod(), seed=0)
    assert dict(backbone.model.named_modules()) == modules
    with lora.active():
        inside = dict(backbone.model.named_modules())
    assert any("lora_A" in name for name in inside)
    assert dict(backbone.model.named_modules()) == modules


def test_dropout_is_active_in_training_alone(folder: Path) -> None:
    lora = Lora(tiny(folder, "llama"), LoraMethod(rank=4, lora_dropout=0.5), seed=0)
    scatter(lora.trainable())
    still = logits(lora, IDS)
    lora.set_training(True)
    assert not torch.equal(logits(lora, IDS), logits(lora, IDS))
    lora.set_training(False)
    assert torch.equal(logits(lora, IDS), still)


def test_a_backbone_without_the_usual_matrices_is_refused(folder: Path) -> None:
    backbone = tiny(folder, "phi3")
    backbone.model.config.model_type = "opt"  # as if PEFT knew it by other names
    with refused("lora-modules-missing", backbone="phi3", modules="q_proj or v_proj"):
        Lora(backbone, LoraMethod(), seed=0)
