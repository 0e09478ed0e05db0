"""The program's search against transformers' `generate`, token for token, on many inputs.

    python benchmarks/equal_to_generate.py --data e2e/trainset.csv

Inputs of all lengths, each behind one of three prefixes in the same batch: a prefix that was
trained for 60 steps, so that outputs end at many places, the same without its first tokens, and
none. `generate` has 16 inputs at once, and one where there are penalties, since it penalises
padding too. Of outputs that differ it is printed how far apart the two candidates were where the
outputs part: with greedy search and sampling the log-probabilities of the two tokens, with beams
those of the two outputs.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks.speed_against_peft import TRAINED, Sides
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.processors import penalises
from engine.methods.base import System
from engine.methods.per_row import PrefixPerRow
from tests.engine.decoding.reference import generated, searched
from tests.engine.decoding.test_search import SETTINGS

Prompt = list[int]


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="smollm2-135m-instruct")
    parser.add_argument("--inputs", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=24, help="at most, of an output")
    parser.add_argument("--settings", nargs="+", default=[*SETTINGS], choices=[*SETTINGS])
    given = parser.parse_args()
    sides = Sides(given, prefix_length=10, trained=TRAINED)
    sources = list(dict.fromkeys(tuple(row.source) for row in sides.rows))
    prompts = [list(sources[number % len(sources)]) for number in range(given.inputs)]
    trained = sides.ours.folded()
    shorter = {site: entries[:, :, 4:] for site, entries in trained.items()}
    choice = [number % 3 for number in range(len(prompts))]
    system = PrefixPerRow(sides.ours.backbone, [trained, shorter, {}], choice)
    print("| decoding | equal outputs | lengths | apart |\n| --- | ---: | ---: | --- |")
    for name in given.settings:
        decoding = replace(SETTINGS[name], max_new_tokens=given.tokens, batch_size=16)
        ours = searched(system, prompts, decoding)
        alone = replace(decoding, batch_size=1)
        theirs = generated(system, prompts, alone if penalises(decoding) else decoding)
        other = [row for row in range(len(prompts)) if ours[row] != theirs[row]]
        apart = [margin(system, row, prompts, (ours, theirs), decoding) for row in other]
        lengths = {len(output) for output in theirs}
        print(
            f"| {name} | {len(prompts) - len(other)} of {len(prompts)} "
            f"| {min(lengths)} to {max(lengths)} | {', '.join(f'{x:.1e}' for x in apart)} |",
            flush=True,
        )
    return 0


def margin(
    system: System,
    row: int,
    prompts: list[Prompt],
    outputs: tuple[list[Prompt], list[Prompt]],
    decoding: DecodingSpec,
) -> float:
    """How far apart the candidates of a row were, by log-probability."""
    end = system.backbone.tokenizer.eos_token_id
    ours, theirs = ([*output[row], end] for output in outputs)
    both = [log_probabilities(system, row, prompts[row], tokens) for tokens in (ours, theirs)]
    if decoding.strategy is Strategy.BEAM:
        sums = [values.sum() / len(values) ** decoding.length_penalty for values in both]
        return abs(float(sums[0] - sums[1]))
    at = next(at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b)
    return abs(float(both[0][at] - both[1][at]))


@torch.no_grad()
def log_probabilities(system: System, row: int, prompt: Prompt, tokens: Prompt) -> torch.Tensor:
    """Of each token, by transformers, [tokens]."""
    ids = torch.tensor([[*prompt, *tokens]])
    mask = torch.ones_like(ids)
    behind = torch.zeros_like(ids, dtype=torch.bool)
    with system.active(), system.batch([row], mask, behind) as positions:
        logits = system.backbone.model(
            input_ids=ids, attention_mask=mask, position_ids=positions
        ).logits[0]
    steps = logits[len(prompt) - 1 : -1].log_softmax(-1)
    return steps.gather(1, torch.tensor(tokens)[:, None])[:, 0]


if __name__ == "__main__":
    sys.exit(main())
