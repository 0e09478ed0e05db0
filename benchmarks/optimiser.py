"""AdamW's step over all weights of the embedded backbone on a CPU: fused against torch's default.

    python benchmarks/optimiser.py

Both take turns on the same gradients; the ratio of medians is what to quote.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch

from engine.backbones.entries import EMBEDDED
from engine.backbones.loading import load_backbone
from engine.reporter import Silent

ROUNDS = 7


def timed_step(optimiser: torch.optim.AdamW, weights: list[torch.nn.Parameter]) -> float:
    """Seconds of one step; the gradients are made before."""
    torch.manual_seed(0)
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    start = time.perf_counter()
    optimiser.step()
    return time.perf_counter() - start


def main() -> int:
    """Print both medians and their ratio."""
    backbone = load_backbone(
        EMBEDDED, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
    )
    sides = {}
    for name, fused in (("default", None), ("fused", True)):
        weights = [torch.nn.Parameter(p.detach().clone()) for p in backbone.model.parameters()]
        sides[name] = (torch.optim.AdamW(weights, fused=fused), weights)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(ROUNDS):
        for name, side in sides.items():
            taken_s = timed_step(*side)
            if turn:  # the first makes the moments
                seconds[name].append(taken_s)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    for name, median in medians.items():
        print(f"{name:16}{median:8.3f} s a step")
    print(f"ratio           {medians['default'] / medians['fused']:8.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
