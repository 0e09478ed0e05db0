"""A delta folder (LoRA, adapters, prompts …) from a stranger: one sentence, nothing large.

Promised: only regular files are read, and sizes on the card are held against the tensors before
room is made for them. Not promised: that a delta which loads does something useful.
"""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
import torch

from engine.backbones.loading import load_backbone
from engine.cli.main import EXIT_USER, run
from engine.contract.data_spec import Linearisation
from engine.contract.delta_card import DeltaCard
from engine.contract.rivals import AdapterMethod, DeltaSpec, LoraMethod, PromptMethod
from engine.contract.training_spec import DecodingSpec
from engine.exchange import delta
from engine.methods.base import Foldable
from engine.methods.making import make_method
from engine.reporter import Silent
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import write_table
from tests.hostile.backbones import NESTED, Change, edited, linked, piped, sparse, written

GROWTH_MB = 500
CARD, TENSORS = "delta.json", "delta.safetensors"
METHODS: dict[str, DeltaSpec] = {
    "lora": LoraMethod(rank=4),
    "adapter": AdapterMethod(bottleneck=8),
    "prompt": PromptMethod(6),
}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("backbones") / "tiny", "gpt2")


def made(folder: Path, backbone: Path, method: DeltaSpec) -> Path:
    """A good delta, untrained."""
    cpu = torch.device("cpu")
    loaded = load_backbone(str(backbone), device=cpu, dtype=torch.float32, reporter=Silent())
    system = make_method(loaded, method, seed=0)
    assert isinstance(system, Foldable)
    card = DeltaCard(
        "theirs", method, str(backbone), loaded.fingerprint, Linearisation(), "newline",
        DecodingSpec(max_new_tokens=2), "t.csv", "ab", 10, 10, 1.0,
    )  # fmt: skip
    delta.write(folder, system.folded(), card)
    return folder


def decode(system: Path, out: Path) -> int:
    table = write_table(out.parent / "t.csv")
    rows = ["--data", str(table), "--text", "name", "--limit", "1", "--device", "cpu"]
    return run(["decode", str(system), *rows, "--out", str(out)])


def sized(**entries: int) -> Change:
    """Sizes on the card's method set anew."""

    def change(folder: Path) -> None:
        plain = json.loads((folder / CARD).read_text(encoding="utf-8"))
        plain["method"] |= entries
        (folder / CARD).write_text(json.dumps(plain), encoding="utf-8")

    return change


@pytest.mark.parametrize("name", METHODS)
def test_a_good_one_decodes(name: str, backbone: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "delta", backbone, METHODS[name])
    assert decode(folder, tmp_path / "out.jsonl") == 0


WRONG: dict[str, tuple[str, Change]] = {
    "10**9 ranks": ("lora", sized(rank=10**9)),
    "another rank": ("lora", sized(rank=5)),
    "10**9 wide": ("adapter", sized(bottleneck=10**9)),
    "10**9 tokens": ("prompt", sized(prompt_length=10**9)),
    "another method": ("prompt", edited(CARD, method={"type": "BiasMethod"})),
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
    name: str, backbone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    method, change = WRONG[name]
    folder = made(tmp_path / "delta", backbone, METHODS[method])
    change(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert decode(folder, tmp_path / "out.jsonl") == EXIT_USER
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1000 * GROWTH_MB
