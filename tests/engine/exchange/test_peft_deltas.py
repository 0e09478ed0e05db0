"""Deltas in PEFT's format: PEFT's own model says the same with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from engine.contract.errors import UserError
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.methods.info import ArtifactKind
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.cards import Card
from engine.contract.specs.data import Linearisation
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import ENCODER_PROMPT, PROMPT
from engine.exchange import folders, peft_delta
from engine.exchange.handlers import export_prefix
from engine.methods.base import Tensors
from engine.methods.making import make_method, saved_system
from engine.reporter import Silent
from tests.engine.other_methods import OTHER_METHODS, logits, scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

# WORKAROUND: peft 0.21 asks transformers 5.23 by a deprecated name; goes with peft's next release
# (https://github.com/huggingface/peft, peft_model.py).
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")

IDS = torch.tensor([[5, 9, 17, 33, 2, 41, 8]])
HELD = [name for name, (_, spec) in OTHER_METHODS.items() if "peft" in info_of(spec).exports]


def card_of(method: MethodSpec, *, prompt: str = PROMPT) -> Card:
    return Card(
        name="huts",
        method=method,
        backbone="tiny",
        backbone_fingerprint="ab" * 32,
        linearisation=Linearisation(),
        prompt=prompt,
        task=GenerationTask(),
        data_name="huts",
        data_fingerprint="cd" * 32,
        train_rows=7,
        trainable_parameters=1,
        created_s=1.0,
    )


@pytest.mark.parametrize("name", HELD)
def test_peft_says_what_the_delta_says(name: str, tmp_path: Path) -> None:
    family, spec = OTHER_METHODS[name]
    backbone = tiny(tmp_path, family)
    method = make_method(backbone, spec, seed=0)
    scatter(method.trainable())
    tensors: Tensors = method.folded()
    ours = logits(saved_system(backbone, spec, tensors), IDS)
    apart = backbone.is_encoder_decoder
    card = card_of(spec, prompt=ENCODER_PROMPT if apart else PROMPT)
    peft_delta.write(tmp_path / "peft", tensors, card)

    kind = AutoModelForSeq2SeqLM if apart else AutoModelForCausalLM
    model = PeftModel.from_pretrained(kind.from_pretrained(backbone.folder), tmp_path / "peft")
    sides = {"decoder_input_ids": torch.arange(7, 11)[None]} if apart else {}
    with torch.no_grad():
        said = model.eval()(input_ids=IDS, attention_mask=torch.ones_like(IDS), **sides).logits
    torch.testing.assert_close(said[:, -ours.shape[1] :], ours, rtol=1e-4, atol=1e-4)
    bare = kind.from_pretrained(backbone.folder)(input_ids=IDS, **sides).logits
    assert (bare[:, -1] - ours[:, -1]).abs().max() > 1e-3, "the delta made no difference"
    text = (tmp_path / "peft" / "README.md").read_text(encoding="utf-8")
    assert "PeftModel.from_pretrained" in text


def test_what_peft_has_no_place_for_is_refused(tmp_path: Path) -> None:
    family, spec = OTHER_METHODS["bitfit"]
    method = make_method(tiny(tmp_path, family), spec, seed=0)
    with refused("peft-lacks-method", name="huts"):
        peft_delta.write(tmp_path / "peft", method.folded(), card_of(spec))
    assert not (tmp_path / "peft").exists()


@pytest.mark.parametrize("form", ["native", "peft"])
def test_a_delta_folder_is_exported(form: str, tmp_path: Path) -> None:
    spec = OTHER_METHODS["lora"][1]
    name = "model.layers.0.self_attn.q_proj"
    tensors = {f"{name}.lora_A.weight": torch.ones(4, 8), f"{name}.lora_B.weight": torch.ones(8, 4)}
    folders.write(tmp_path / "delta", tensors, card_of(spec))
    out = tmp_path / "out"
    done = export_prefix(ExportPrefix(str(tmp_path / "delta"), form, str(out)), Silent())
    assert str(out) in done.message
    if form == "native":
        read, card = folders.read(out, ArtifactKind.DELTA)
        assert read.keys() == tensors.keys()
        assert card.method == spec
    else:
        assert {path.name for path in out.iterdir()} == {
            "adapter_config.json",
            "adapter_model.safetensors",
            "README.md",
        }
    with pytest.raises(UserError, match=re.escape(str(out))):
        export_prefix(ExportPrefix(str(tmp_path / "delta"), form, str(out)), Silent())
