"""The products of matrices in our steps: their share, their speed, and other number formats.

    python benchmarks/products.py --data e2e/trainset.csv             all of it
    python benchmarks/products.py --data e2e/trainset.csv precision   one part

Parts: products, of training; beams, what beam search spends its time on; precision, training and
decoding with matrices of bfloat16 and a head of int8, whose numbers differ from float32's by what
is printed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch

from benchmarks.speed_against_peft import (
    FORCED,
    backbone,
    grouped,
    of,
    our_step,
    report,
    rows,
    run_parts,
    turns,
)
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.fast.kernels import packed, product
from engine.methods.prefix import PrefixTuning
from engine.reporter import Silent
from engine.tasks.generation.batches import collate_for
from engine.tasks.generation.loss import loss_sum

PRODUCTS = ("mkldnn::_linear_pointwise", "aten::addmm", "aten::mm")
ATTENTION = ("aten::baddbmm", "aten::bmm", "aten::_softmax")
SEARCH = ("aten::_log_softmax", "aten::topk", "aten::amax", "aten::gather")
FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def products(given: argparse.Namespace) -> None:
    """How much of our training step are products of matrices, and how fast they are computed."""
    side = prefix(given, torch.float32)
    step = our_step(side, torch.optim.AdamW(side.trainable().values(), lr=0.0))
    batches = grouped(rows(given.data, side.backbone.tokenizer, 600), 8)[: given.steps]
    step(batches[0])
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        for batch in batches:
            step(batch)
    total_us, product_us = spent(profiler), spent(profiler, *PRODUCTS)
    head = side.backbone.model.get_output_embeddings().weight.numel()
    body = side.backbone.model.num_parameters() - head  # the embeddings are the head
    tokens = sum(len(row) - 1 for batch in batches for row in batch)
    targets = sum(len(row.target) for batch in batches for row in batch)
    operations = 4 * (body * tokens + head * targets)
    print(
        f"products are {product_us / total_us:.0%} of a step: "
        f"{operations / len(batches) / 1e9:.0f} GFLOP a step "
        f"at {operations / product_us / 1e3:.0f} GFLOP/s"
    )


def beams(given: argparse.Namespace) -> None:
    """What 5 beams of 16 inputs, 40 tokens, spend their time on."""
    side = prefix(given, torch.float32)
    prompts = [list(row.source) for row in rows(given.data, side.backbone.tokenizer, 400)[::25]]
    spec = DecodingSpec(strategy=Strategy.BEAM, num_beams=5, **FORCED)
    decode(side, prompts, spec, Silent())
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        decode(side, prompts, spec, Silent())
    total_us = spent(profiler)
    for what, names in (("products", PRODUCTS), ("attention", ATTENTION), ("search", SEARCH)):
        print(f"beam search: {what} {spent(profiler, *names) / total_us:.0%}")
    matrix = torch.randn(1536, 576)
    for count in (80, 2000):
        x, held = torch.randn(count, 576), packed(matrix, count)
        seconds = turns({"product": partial(product, x, held)}, 50)["product"]
        speed = 2 * count * matrix.numel() / seconds / 1e9
        print(f"a product of {count} rows with a matrix of 576 x 1536: {speed:.0f} GFLOP/s")


def spent(profiler: torch.profiler.profile, *names: str) -> float:
    """Microseconds in operators of these names, or in all."""
    events = [event for event in profiler.key_averages() if not names or event.key in names]
    return float(sum(event.self_cpu_time_total for event in events))


def prefix(given: argparse.Namespace, dtype: torch.dtype) -> PrefixTuning:
    """A prefix of 5 before a backbone of this format."""
    loaded = backbone(given.backbone, dtype=dtype)
    return PrefixTuning(loaded, PrefixMethod(prefix_length=5), seed=0)


def precision(given: argparse.Namespace) -> None:
    """Matrices of float32 and of bfloat16 in turns, and a head of int8."""
    sides = {name: prefix(given, dtype) for name, dtype in FORMATS.items()}
    exact = sides["float32"].backbone
    every = rows(given.data, exact.tokenizer, 600)
    batches = grouped(every, 8)
    gradients, steps = [], {}
    for name, side in sides.items():
        with side.active():
            loss_sum(side, collate_for(side.backbone, batches[0])).backward()
        trainable = side.trainable().values()
        gradients.append(torch.cat([p.grad.flatten() for p in trainable if p.grad is not None]))
        optimiser = torch.optim.AdamW(trainable, lr=0.0, fused=True)
        steps[name] = of(batches, our_step(side, optimiser))
    error = float((gradients[1] - gradients[0]).norm() / gradients[0].norm())
    what = f"training step, batch 8, prefix 5: gradients of bfloat16 differ by {error:.1e}"
    report(what, turns(steps, given.steps), against="float32")
    prompts = [list(row.source) for row in every[::25]][:16]
    for strategy in (Strategy.GREEDY, Strategy.BEAM):
        spec = DecodingSpec(strategy=strategy, num_beams=5, **FORCED)
        both = {n: partial(decode, side, prompts, spec, Silent()) for n, side in sides.items()}
        texts = [side().texts for side in both.values()]
        equal = sum(a == b for a, b in zip(*texts, strict=True))
        what = f"{strategy.value}, 40 tokens: {equal} of {len(prompts)} outputs equal"
        report(what, turns(both, given.rounds, warm_up=0), against="float32")
    int8_head(exact.model.get_output_embeddings())


@torch.no_grad()
def int8_head(head: torch.nn.Linear) -> None:
    """The head alone in three formats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to move to another package
        whole = torch.ao.quantization.quantize_dynamic(
            torch.nn.Sequential(head), {torch.nn.Linear}, dtype=torch.qint8
        )
    for count in (16, 80):
        x = torch.randn(count, head.in_features)
        heads: dict[str, Callable[[], object]] = {
            name: partial(product, x, packed(head.weight.to(dtype), count))
            for name, dtype in FORMATS.items()
        }
        heads["int8"] = partial(whole, x)
        error = float((whole(x) - head(x)).norm() / head(x).norm())
        what = f"the head alone, {count} rows: logits of int8 differ by {error:.1e}"
        report(what, turns(heads, 15), against="float32")


PARTS = {"products": products, "beams": beams, "precision": precision}


if __name__ == "__main__":
    sys.exit(run_parts(PARTS, __doc__, steps=8))
