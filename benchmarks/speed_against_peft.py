"""Training steps and decoding of a prefix, ours against PEFT's, on the same rows in one run.

    python benchmarks/speed_against_peft.py --data e2e/trainset.csv

Both sides take turns, step by step, so that a machine whose speed drifts does not favour one;
the ratio of medians is what to quote. PEFT runs as its documentation has it: prefix_projection
with the same width, labels -100 on the prompt, right padding, rows in the same order.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch
from peft import PrefixTuningConfig, TaskType, get_peft_model

from engine.backbones.loading import Backbone, load_backbone
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.data.linearising import linearise
from engine.data.meaning import parse_meaning
from engine.data.prompt import prompt_named
from engine.decoding.decoder import decode
from engine.methods.prefix import PrefixTuning
from engine.reporter import Silent
from engine.tasks.generation.batches import TokenRow, collate, token_row
from engine.tasks.generation.loss import loss_sum
from engine.training.epochs import Epochs

CPU = torch.device("cpu")


def backbone(name: str) -> Backbone:
    return load_backbone(name, device=CPU, dtype=torch.float32, reporter=Silent())


def rows(path: Path, tokenizer: object, count: int) -> list[TokenRow]:
    """The first rows of an E2E file, as tokens."""
    prompt = prompt_named()
    found = []
    with open(path, encoding="utf-8", newline="") as stream:
        for record in csv.DictReader(stream):
            source = linearise(parse_meaning(record["mr"]), (), Linearisation())
            found.append(
                token_row(
                    prompt.encode_source(tokenizer, source, 512),
                    prompt.encode_target(tokenizer, record["ref"], 256)[0],
                )
            )
            if len(found) == count:
                break
    return found


def our_step(
    method: PrefixTuning, optimiser: torch.optim.Optimizer
) -> Callable[[list[TokenRow]], None]:
    def step(batch_rows: list[TokenRow]) -> None:
        batch = collate(batch_rows, pad_id=method.backbone.tokenizer.pad_token_id, device=CPU)
        with method.active():
            (loss_sum(method, batch) / batch.targets).backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def peft_step(
    model: torch.nn.Module, pad: int, optimiser: torch.optim.Optimizer
) -> Callable[[list[TokenRow]], None]:
    def step(batch_rows: list[TokenRow]) -> None:
        width = max(map(len, batch_rows))
        ids = torch.full((len(batch_rows), width), pad)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, -100)
        for index, row in enumerate(batch_rows):
            ids[index, : len(row)] = torch.tensor([*row.source, *row.target])
            mask[index, : len(row)] = 1
            labels[index, len(row.source) : len(row)] = torch.tensor(row.target)
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="smollm2-135m-instruct")
    parser.add_argument("--prefix-length", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12)
    arguments = parser.parse_args()

    ours_on = backbone(arguments.backbone)
    method = PrefixTuning(ours_on, PrefixMethod(prefix_length=arguments.prefix_length), seed=0)
    theirs_on = backbone(arguments.backbone)
    theirs_on.model.set_attn_implementation("sdpa")
    model = get_peft_model(
        theirs_on.model,
        PrefixTuningConfig(
            task_type=TaskType.CAUSAL_LM,
            num_virtual_tokens=arguments.prefix_length,
            prefix_projection=True,
            encoder_hidden_size=512,
        ),
    )
    data = rows(arguments.data, ours_on.tokenizer, 400)
    bucketed = Epochs(data, arguments.batch_size, accumulation_steps=1, seed=0)
    plain = [
        data[at : at + arguments.batch_size] for at in range(0, len(data), arguments.batch_size)
    ]
    step_ours = our_step(method, torch.optim.AdamW(method.trainable().values(), lr=1e-3))
    trainable = [p for p in model.parameters() if p.requires_grad]
    step_theirs = peft_step(
        model, ours_on.tokenizer.pad_token_id, torch.optim.AdamW(trainable, lr=1e-3)
    )
    sides = {
        "ours": lambda at: step_ours(bucketed.step_batches(at)[0]),
        "ours, batches not grouped by length": lambda at: step_ours(plain[at]),
        "PEFT": lambda at: step_theirs(plain[at]),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    for at in range(arguments.steps):
        for name, side in sides.items():
            start = time.perf_counter()
            side(at)
            if at:  # the first step warms up
                times[name].append(time.perf_counter() - start)
    report("training step", times)

    prompts = [list(row.source) for row in data[::25]][:16]
    beam = DecodingSpec(strategy=Strategy.BEAM, num_beams=5, max_new_tokens=40, min_new_tokens=40)
    model.eval()

    def peft_decode() -> None:
        width = max(map(len, prompts))
        ids = torch.full((len(prompts), width), ours_on.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for index, prompt in enumerate(prompts):
            ids[index, width - len(prompt) :] = torch.tensor(prompt)
            mask[index, width - len(prompt) :] = 1
        with torch.no_grad():
            model.generate(
                input_ids=ids,
                attention_mask=mask,
                num_beams=5,
                do_sample=False,
                max_new_tokens=40,
                min_new_tokens=40,
            )

    decoding = {"ours": lambda: decode(method, prompts, beam, Silent()), "PEFT": peft_decode}
    times = {name: [] for name in decoding}
    for _ in range(3):
        for name, decode_once in decoding.items():
            start = time.perf_counter()
            decode_once()
            times[name].append(time.perf_counter() - start)
    report("decoding 16 inputs, beam 5, 40 tokens", times)
    return 0


def report(what: str, times: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{what} (prefix, medians of {len(next(iter(times.values())))})")
    for name, median in medians.items():
        print(f"  {name:36s} {median:6.2f} s   PEFT / this: {medians['PEFT'] / median:.2f}")


if __name__ == "__main__":
    sys.exit(main())
