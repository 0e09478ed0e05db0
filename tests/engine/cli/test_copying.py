"""A prefix teaches a small encoder–decoder a variant of what it was trained for.

A random backbone cannot copy, whatever stands before it. So it first learns, all of it, to copy
words from a place that a number tells, or the last ones without a number; then it is frozen, and a
prefix in encoder, decoder and cross-attention makes it copy the first ones, without a number.
"""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from engine.cli.main import run
from engine.contract.methods.prefix import AttentionKind
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.runs.scores import OutputRow
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import native
from engine.methods.making import make_method
from engine.metrics.scoring import score_rows
from engine.reporter import Silent

WORDS = tuple(f"{first}{second}" for first in "bdfgk" for second in "aeiou")
NUMBERS = ("one", "two", "three", "four")
LENGTH, COPIED, POSITIONS = 6, 3, len(NUMBERS)
USUAL = (
    *("--text", "text", "--target", "target", "--device", "cpu", "--no-bleu"),
    *("--sample-count", "0", "--valid-inputs", "20", "--max-new-tokens", "8"),
)


def save_backbone(folder: Path) -> Path:
    """A random BART of one layer a side that reads whole words."""
    special = ("<s>", "</s>", "<pad>", "<unk>")
    vocabulary = {word: number for number, word in enumerate((*special, *NUMBERS, *WORDS))}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    sizes = {"d_model": 32, "max_position_embeddings": 24, "vocab_size": len(vocabulary)}
    for side in ("encoder", "decoder"):
        sizes |= {f"{side}_layers": 1, f"{side}_attention_heads": 4, f"{side}_ffn_dim": 64}
    ids = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2, "decoder_start_token_id": 1}
    config = transformers.BartConfig(
        **sizes, **ids, forced_eos_token_id=None, init_std=0.15, dropout=0.0
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.BartForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write(path: Path, rows: list[tuple[str, str]]) -> str:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "target"), *rows])
    return str(path)


def rouge_1(rows: tuple[OutputRow, ...]) -> float:
    (score,), _ = score_rows(rows, ("rouge1",), decoding="")
    return score.value


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copying")


def test_a_prefix_in_three_places_makes_a_backbone_copy_other_words(place: Path) -> None:
    chance = random.Random(0)

    def pretraining() -> tuple[str, str]:
        words = chance.sample(WORDS, LENGTH)
        start = chance.randrange(POSITIONS + 1)
        if start == POSITIONS:
            return " ".join(words), " ".join(words[-COPIED:])
        return " ".join((NUMBERS[start], *words)), " ".join(words[start : start + COPIED])

    def task() -> tuple[str, str]:
        words = chance.sample(WORDS, LENGTH)
        return " ".join(words), " ".join(words[:COPIED])

    full = write(place / "full.csv", [pretraining() for _ in range(4000)])
    few = write(place / "few.csv", [task() for _ in range(400)])
    backbone, tuned = save_backbone(place / "bart"), RunFolder(place / "tuned")
    words = ["train", "--data", full, "--backbone", str(backbone), "--method", "finetune", *USUAL]
    words += ["--max-steps", "400", "--batch-size", "32", "--learning-rate", "0.005"]
    words += ["--warmup-steps", "40", "--test-inputs", "20", "--strategy", "greedy"]
    assert run([*words, "--out", str(tuned.path)]) == 0
    assert rouge_1(read_outputs(tuned.outputs / "test.jsonl")) > 80, "it has not learned to copy"

    before = {file.name: file.read_bytes() for file in tuned.model.iterdir()}
    folder = RunFolder(place / "prefix")
    words = ["train", "--data", few, "--backbone", str(tuned.model), "--method", "prefix", *USUAL]
    words += ["--prefix-length", "8", "--mid-dim", "64", "--init", "random", "--max-steps", "400"]
    words += ["--batch-size", "16", "--learning-rate", "0.005", "--test-inputs", "40"]
    assert run([*words, "--num-beams", "3", "--out", str(folder.path)]) == 0
    assert before == {file.name: file.read_bytes() for file in tuned.model.iterdir()}

    spec, rows = folder.read_spec(), read_outputs(folder.outputs / "test.jsonl")
    loaded = Systems().bare(spec.backbone, Silent())
    prompts = loaded.prompts([row.input for row in rows])
    bare = decode(loaded.system, prompts, spec.task.decoding, Silent()).texts
    without = tuple(replace(row, output=text) for row, text in zip(rows, bare, strict=True))
    assert rouge_1(rows) > 80
    assert rouge_1(without) < 20

    start = make_method(loaded.system.backbone, spec.method, seed=spec.training.seed).folded()
    trained, _ = native.read(folder.prefix)
    assert {site.kind for site in trained} == set(AttentionKind)
    for site, entries in trained.items():
        assert (entries - start[site]).abs().mean() > 0.01, site.key
