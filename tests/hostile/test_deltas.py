"""A delta folder (LoRA, adapters, prompts …) from a stranger: one sentence, nothing large.

Promised: only regular files are read, and sizes on the card are held against the tensors before
room is made for them. Not promised: that a delta which loads does something useful.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.loading import load_backbone
from engine.cli import main
from engine.contract.methods.adapter import AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.runs.cards import Card
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.generation import GenerationTask
from engine.exchange import folders
from engine.methods.making import make_method
from engine.reporter import Silent
from tests.hostile.backbones import (
    NESTED,
    Change,
    edited,
    edited_inside,
    linked,
    piped,
    sparse,
    written,
)
from tests.hostile.conftest import Call, bounded_memory, decode_words

GROWTH_MB = 500
CARD, TENSORS = "delta.json", "delta.safetensors"
METHODS: dict[str, MethodSpec] = {
    "lora": LoraMethod(rank=4),
    "adapter": AdapterMethod(bottleneck=8),
    "prompt": PromptMethod(6),
}


def made(folder: Path, backbone: Path, method: MethodSpec) -> Path:
    """A good delta, untrained."""
    cpu = torch.device("cpu")
    loaded = load_backbone(str(backbone), device=cpu, dtype=torch.float32, reporter=Silent())
    system = make_method(loaded, method, seed=0)
    card = Card(
        name="theirs",
        method=method,
        backbone=str(backbone),
        backbone_fingerprint=loaded.fingerprint,
        linearisation=Linearisation(),
        prompt="newline",
        task=GenerationTask(DecodingSpec(max_new_tokens=2)),
        data_name="t.csv",
        data_fingerprint="ab",
        train_rows=10,
        trainable_parameters=10,
        created_s=1.0,
    )
    folders.write(folder, system.folded(), card)
    return folder


@pytest.mark.parametrize("name", METHODS)
def test_a_good_one_decodes(name: str, backbone: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "delta", backbone, METHODS[name])
    assert main.call(decode_words(folder, tmp_path / "out.jsonl")) == 0


WRONG: dict[str, tuple[str, Change]] = {
    "10**9 ranks": ("lora", edited_inside(CARD, "method", rank=10**9)),
    "another rank": ("lora", edited_inside(CARD, "method", rank=5)),
    "10**9 wide": ("adapter", edited_inside(CARD, "method", bottleneck=10**9)),
    "10**9 tokens": ("prompt", edited_inside(CARD, "method", prompt_length=10**9)),
    "another method": ("prompt", edited(CARD, method={"type": "BiasMethod"})),
    "a method that saves the backbone": ("prompt", edited(CARD, method={"type": "FinetuneMethod"})),
    "a prefix's card": ("prompt", edited(CARD, method={"type": "PrefixMethod"})),
    "a card that is none": ("prompt", written(CARD, "[]")),
    "a card that is nested": ("prompt", written(CARD, NESTED)),
    "an endless card": ("prompt", linked(CARD, "/dev/zero")),
    "a card that is a pipe": ("prompt", piped(CARD)),
    "endless tensors": ("prompt", linked(TENSORS, "/dev/zero")),
    "tensors that are a pipe": ("prompt", piped(TENSORS)),
    "30 GB of nothing": ("prompt", sparse(TENSORS, 30 * 10**9)),
    "a pointer": ("prompt", written(TENSORS, "version https://git-lfs.github.com/spec/v1\no\n")),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_one_sentence(
    name: str, backbone: Path, tmp_path: Path, refuse: Call
) -> None:
    method, change = WRONG[name]
    folder = made(tmp_path / "delta", backbone, METHODS[method])
    change(folder)
    with bounded_memory(GROWTH_MB):
        refuse(decode_words(folder, tmp_path / "out.jsonl"))
