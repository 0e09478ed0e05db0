"""A prefix in encoder, decoder and cross-attention teaches a frozen BART to copy other words.

    python benchmarks/copy_first_words.py --tokenizer gpt2_tokenizer --out /tmp/copying

--tokenizer is a folder with the `vocab.json` and `merges.txt` of GPT-2's byte-level BPE, which is
BART's too. A BART of random weights cannot copy, and no prefix can make it. So it is fine-tuned
first, by `python main.py train --method finetune`, until it copies four words from the place that
a number before the text tells, or the last four where there is none. Then it is frozen, and
`--method prefix` trains a prefix in all three places for a task that it has not seen: without a
number, the first three words. Both decode the same held-out inputs with beams.

What is finished in --out is not trained again.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from benchmarks.command_runs import events_of, train_once
from engine.contract.methods.prefix import AttentionKind
from engine.contract.runs.events import RunFinished, RunStarted
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.runs.scores import OutputRow
from engine.contract.specs.training import Device
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import native
from engine.methods.making import make_method
from engine.metrics.scoring import score_rows
from engine.reporter import Silent

METRICS = ("rouge1", "rouge2", "rougeL")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven")
TEXT_WORDS, PRETRAINED_WORDS, TASK_WORDS, KNOWN_WORDS = 10, 4, 3, 200
PRETRAINING_ROWS, TASK_ROWS, TEST_INPUTS = 16_000, 1_000, 100
WIDTH, LAYERS = 64, 2
COMMON = (
    *("--text", "text", "--target", "target", "--no-bleu", "--sample-count", "2"),
    *("--valid-inputs", "50", "--test-inputs", str(TEST_INPUTS), "--max-new-tokens", "12"),
    *("--device", "cpu", "--num-beams", "5"),
)


def main() -> int:
    """Make and pretrain the backbone, train the prefix, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pretraining-steps", type=int, default=600)
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    if not (out / "bart").is_dir():
        out.mkdir(parents=True, exist_ok=True)
        tokenizer = bpe(arguments.tokenizer)
        save_bart(out / "bart", tokenizer)
        write_tables(out, words_of(tokenizer))
    tuned, prefix = RunFolder(out / "pretrained"), RunFolder(out / "prefix")
    train_once(
        tuned,
        *COMMON,
        *("--data", str(out / "pretraining.csv"), "--backbone", str(out / "bart")),
        *("--method", "finetune", "--max-steps", str(arguments.pretraining_steps)),
        *("--batch-size", "32", "--learning-rate", "0.002", "--warmup-steps", "100"),
    )
    train_once(
        prefix,
        *COMMON,
        *("--data", str(out / "task.csv"), "--backbone", str(tuned.model), "--method", "prefix"),
        *("--prefix-length", "5", "--mid-dim", "64", "--init", "random"),
        *("--max-steps", str(arguments.steps), "--batch-size", "16", "--learning-rate", "0.005"),
    )
    report(tuned, prefix)
    return 0


def bpe(folder: Path) -> Any:
    """The tokenizer, which puts <s> and </s> around a text and a space before its first word."""
    backend = Tokenizer(
        models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    )
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["<s>", "</s>", "<pad>"])
    around = [(token, backend.token_to_id(token)) for token in ("<s>", "</s>")]
    backend.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=around)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )


def save_bart(folder: Path, tokenizer: Any) -> None:
    """Random weights, wider spread than BART's own 0.02: with those it takes far longer to copy."""
    sizes = {"d_model": WIDTH, "max_position_embeddings": 64, "vocab_size": len(tokenizer)}
    for side in ("encoder", "decoder"):
        sizes |= {f"{side}_layers": LAYERS, f"{side}_attention_heads": 4}
        sizes |= {f"{side}_ffn_dim": 4 * WIDTH}
    config = transformers.BartConfig(
        **sizes,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
        dropout=0.0,
        init_std=0.1,
    )
    torch.manual_seed(0)
    transformers.BartForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def words_of(tokenizer: Any) -> list[str]:
    """Words of the shipped sample that are one token each."""
    sample = (ROOT / "resources" / "samples" / "trails.csv").read_text(encoding="utf-8")
    found = sorted(set(re.findall(r"\b[a-z]{3,}\b", sample)) - set(NUMBERS))
    ids = tokenizer(found, add_special_tokens=False)["input_ids"]
    single = [word for word, tokens in zip(found, ids, strict=True) if len(tokens) == 1]
    return random.Random(0).sample(single, KNOWN_WORDS)


def write_tables(out: Path, known: Sequence[str]) -> None:
    """The rows of both trainings, as CSV."""
    chance = random.Random(1)

    def pretraining() -> tuple[str, str]:
        words = chance.sample(known, TEXT_WORDS)
        start = chance.randrange(len(NUMBERS) + 1)
        if start == len(NUMBERS):
            return " ".join(words), " ".join(words[-PRETRAINED_WORDS:])
        told = " ".join((NUMBERS[start], *words))
        return told, " ".join(words[start : start + PRETRAINED_WORDS])

    def task() -> tuple[str, str]:
        words = chance.sample(known, TEXT_WORDS)
        return " ".join(words), " ".join(words[:TASK_WORDS])

    for name, make, count in (
        ("pretraining", pretraining, PRETRAINING_ROWS),
        ("task", task, TASK_ROWS),
    ):
        with open(out / f"{name}.csv", "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "target"), *(make() for _ in range(count))])


def report(tuned: RunFolder, prefix: RunFolder) -> None:
    """Times, sizes, what has moved in each place, and ROUGE with and without the prefix."""
    for title, run in (("pretraining", tuned), ("prefix", prefix)):
        (started,), (finished,) = events_of(run, RunStarted), events_of(run, RunFinished)
        print(
            f"{title}: {started.trainable_parameters:,} trained, {started.frozen_parameters:,} "
            f"frozen; {finished.step} steps, {finished.elapsed_s:.0f} s"
        )
    systems, spec = Systems(device=Device.CPU), prefix.read_spec()
    bare = systems.bare(spec.backbone, Silent())
    rows = read_outputs(prefix.outputs / "test.jsonl")
    prompts = bare.prompts([row.input for row in rows])
    texts = decode(bare.system, prompts, spec.task.decoding, Silent()).texts
    without = [replace(row, output=text) for row, text in zip(rows, texts, strict=True)]

    start = make_method(bare.system.backbone, spec.method, seed=spec.training.seed).folded()
    trained, _ = native.read(prefix.prefix)
    for place in AttentionKind:
        moved = [(trained[site] - start[site]).abs() for site in trained if site.kind is place]
        print(f"{place.value}: moved by {torch.stack(moved).mean():.3f} in the mean")
    copied = tuned.outputs / "test.jsonl"
    print("| | inputs | ROUGE-1 [95 %] | ROUGE-2 | ROUGE-L |")
    print("| --- | --- | --- | --- | --- |")
    line("the pretrained backbone, at what it was trained for", read_outputs(copied))
    line("the same, at the first three words", without)
    line("behind the prefix", rows)


def line(title: str, rows: Sequence[OutputRow]) -> None:
    scores, _ = score_rows(rows, METRICS, decoding="beam5,lp1,max12")
    one, two, long = scores
    print(
        f"| {title} | {len(rows)} | {one.value:.1f} [{one.low:.1f}, {one.high:.1f}] "
        f"| {two.value:.1f} | {long.value:.1f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
