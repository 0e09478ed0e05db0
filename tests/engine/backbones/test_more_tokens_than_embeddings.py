"""Tokenizers with more tokens than their backbone has embeddings: people add a token and save."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AddedToken, PreTrainedTokenizerFast

from engine.backbones.loading import Backbone, load_backbone
from engine.cli.main import EXIT_USER, run
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.methods.making import make_method
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import ENCODER_DECODERS, save_tiny
from tests.helpers.tiny_runs import write_table

EMBEDDINGS = 400


def with_token(folder: Path, **roles: str) -> Path:
    """The backbone's tokenizer with special tokens that its model does not know."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_special_tokens(roles)
    tokenizer.save_pretrained(folder)
    return folder


def load(folder: Path) -> Backbone:
    cpu = torch.device("cpu")
    return load_backbone(str(folder), device=cpu, dtype=torch.float32, reporter=Silent())


@pytest.mark.parametrize("kind", ["gpt2", "llama", *ENCODER_DECODERS])
def test_another_token_pads(kind: str, tmp_path: Path) -> None:
    backbone = load(with_token(save_tiny(tmp_path / kind, kind), pad_token="[PAD]"))
    assert len(backbone.tokenizer) > backbone.embeddings == EMBEDDINGS
    assert backbone.tokenizer.pad_token_id < EMBEDDINGS
    method = make_method(backbone, PrefixMethod(prefix_length=2, mid_dim=4), seed=0)
    greedy = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=3, line_breaks=False)
    both = decode(method, [[5, 6, 7], [8]], greedy, Silent()).texts
    assert both[1] == decode(method, [[8]], greedy, Silent()).texts[0]


def test_a_run_with_rows_of_unequal_length_trains(tmp_path: Path) -> None:
    folder = with_token(save_tiny(tmp_path / "gpt2", "gpt2"), pad_token="[PAD]")
    table = write_table(
        tmp_path / "huts.csv", [("a", "b"), *[("x" * n, "y" * n) for n in range(1, 20)]]
    )
    words = [
        "--source",
        "a",
        "--target",
        "b",
        "--backbone",
        str(folder),
        "--out",
        str(tmp_path / "r"),
    ]
    sizes = ["--prefix-length", "3", "--mid-dim", "8", "--max-steps", "2", "--max-new-tokens", "2"]
    assert run(["train", "--data", str(table), *words, *sizes, "--device", "cpu"]) == 0


def test_texts_cannot_end_with_a_token_that_is_not_known(tmp_path: Path) -> None:
    folder = with_token(save_tiny(tmp_path / "gpt2", "gpt2"), eos_token="[END]")
    with refused("end-token-without-embedding", token="[END]", token_id=400, embeddings=400):
        load(folder)


@pytest.mark.parametrize("where", ["a", "b"])
def test_a_token_within_a_text_is_named(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_tiny(tmp_path / "gpt2", "gpt2")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_tokens([AddedToken("<price>", normalized=False)])
    tokenizer.save_pretrained(folder)
    rows = [{"a": f"hut {n}", "b": f"a hut {n}"} for n in range(12)]
    rows[5][where] += " for <price> only"
    table = write_table(tmp_path / "t.csv", [("a", "b"), *[tuple(row.values()) for row in rows]])
    words = [
        "--source",
        "a",
        "--target",
        "b",
        "--backbone",
        str(folder),
        "--out",
        str(tmp_path / "r"),
    ]
    assert run(["train", "--data", str(table), *words, "--device", "cpu"]) == EXIT_USER
    said = capsys.readouterr().err
    assert "'<price>' (id 400)" in said
    assert "Traceback" not in said


def test_words_to_start_from_are_checked_too(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(save_tiny(tmp_path / "gpt2", "gpt2"), tmp_path / "more"))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_tokens(["<price>"])
    tokenizer.save_pretrained(folder)
    with refused("token-without-embedding", token="<price>", token_id=400):
        make_method(load(folder), PrefixMethod(prefix_length=2, init_text="<price>"), seed=0)
