"""Training and decoding by `python main.py`, against PEFT in a bare loop: what a user meets.

    python benchmarks/command_line_against_peft.py --data e2e/trainset.csv

Ours: `train` with 32 steps less `train` with 2, without held-out inputs; `decode` of 16 and 48
inputs less `decode` of one input and token: so loading is left out. PEFT: steps on the same rows
in the order of the file, batch 8, prefix 5, MLP 512; `generate` behind the exported folder of a
prefix that was trained for `--steps` steps. The sides take turns; medians; the outputs of both are
compared.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch
from peft import PeftModel

from benchmarks import speed_against_peft as shared
from engine.backbones.loading import Backbone
from engine.data.prompt import prompt_named
from engine.decoding.stepper import padded

STEPS = 30
SETTINGS = {
    "greedy": (["--strategy", "greedy"], {"num_beams": 1}),
    "5 beams": (["--strategy", "beam", "--num-beams", "5"], {"num_beams": 5}),
}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def command(*words: object) -> None:
    """`python main.py` with these words."""
    line = [sys.executable, "main.py", *map(str, words)]
    subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def training(given: argparse.Namespace, folder: Path) -> None:
    """30 steps on the first rows of the file."""
    data = folder / "rows.csv"
    with open(given.data, encoding="utf-8", newline="") as stream:
        records = list(itertools.islice(csv.reader(stream), 1 + 8 * (2 + STEPS)))
    with open(data, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(records)
    words = ["--data", data, "--backbone", given.backbone, "--batch-size", 8]
    words += ["--prefix-length", 5, "--mid-dim", 512, "--valid-fraction", 0, "--test-fraction", 0]
    model = shared.peft_model(shared.backbone(given.backbone).model, 5, projection=True)
    tokenizer = shared.backbone(given.backbone).tokenizer
    rows = shared.rows(given.data, tokenizer, 8 * STEPS)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    step = shared.peft_step(
        model, tokenizer.pad_token_id, torch.optim.AdamW(trained, lr=0.0, fused=True)
    )
    step(rows[:8])
    ours, theirs = [], []
    for number in range(given.rounds):
        theirs.append(seconds(lambda: [step(rows[at : at + 8]) for at in range(0, 8 * STEPS, 8)]))
        runs = [folder / f"run-{number}-{steps}" for steps in (2, 2 + STEPS)]
        short, long = (
            seconds(lambda r=run, s=steps: command("train", *words, "--max-steps", s, "--out", r))
            for run, steps in zip(runs, (2, 2 + STEPS), strict=True)
        )
        ours.append(long - short)
    report(f"{STEPS} steps", theirs, ours)


def decoding(given: argparse.Namespace, folder: Path) -> None:
    """Inputs to the end token, at most 60, behind a trained prefix."""
    run, exported = folder / "trained", folder / "peft"
    words = ["--data", given.data, "--backbone", given.backbone, "--valid-fraction", 0]
    words += ["--test-fraction", 0, "--max-steps", given.steps, "--out", run]
    command("train", *words)
    command("export", run, "--format", "peft", "--out", exported)
    backbone = shared.backbone(given.backbone)
    model = PeftModel.from_pretrained(backbone.model, exported)
    for name, (ours_words, theirs_words) in SETTINGS.items():
        for count in (16, 48):
            out, ours, theirs = folder / f"{name}-{count}.jsonl", [], []
            base = ["decode", run, "--data", given.data, *ours_words, "--decode-batch-size", 16]
            for _ in range(given.rounds):
                tail = ["--out", folder / "one.jsonl", "--limit", 1, "--max-new-tokens", 1]
                loading = seconds(lambda b=base, t=tail: command(*b, *t))
                tail = ["--out", out, "--limit", count, "--max-new-tokens", 60]
                ours.append(seconds(lambda b=base, t=tail: command(*b, *t)) - loading)
                rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
                made: list[str] = []
                theirs.append(
                    seconds(
                        lambda m=made, r=rows, w=theirs_words: m.extend(
                            generated(model, backbone, [row["input"] for row in r], w)
                        )
                    )
                )
                out.unlink()
                (folder / "one.jsonl").unlink()
            equal = sum(row["output"] == text for row, text in zip(rows, made, strict=True))
            report(f"{name}, {count} inputs, {equal} outputs equal", theirs, ours)


def generated(
    model: Any, backbone: Backbone, inputs: list[str], settings: dict[str, Any]
) -> list[str]:
    """Outputs of `generate`, 16 inputs in a batch."""
    tokenizer, prompt = backbone.tokenizer, prompt_named()
    texts = []
    for at in range(0, len(inputs), 16):
        rows = [prompt.encode_source(tokenizer, text, 512) for text in inputs[at : at + 16]]
        ids, mask = padded(backbone, rows)
        with torch.no_grad():
            output = model.generate(
                input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=60,
                pad_token_id=tokenizer.pad_token_id, **settings,
            )  # fmt: skip
        new = [row[ids.shape[1] :].tolist() for row in output]
        texts += [tokenizer.decode(tokens, skip_special_tokens=True) for tokens in new]
    return [text.strip() for text in texts]


def report(what: str, theirs: list[float], ours: list[float]) -> None:
    """Medians and their ratio."""
    a, b = statistics.median(theirs), statistics.median(ours)
    print(f"{what}: PEFT {a:.1f} s, ours {b:.1f} s, PEFT / ours {a / b:.2f}", flush=True)


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="smollm2-135m-instruct")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60, help="of the prefix that is decoded with")
    parser.add_argument("parts", nargs="*", choices=["training", "decoding", []], default=[])
    given = parser.parse_args()
    given.data = given.data.resolve()
    with tempfile.TemporaryDirectory() as folder:
        for part in given.parts or ("training", "decoding"):
            {"training": training, "decoding": decoding}[part](given, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
