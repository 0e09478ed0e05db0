"""Training steps of the embedded backbone in a process of its own, for the benchmarks beside it.

    python benchmarks/training_step.py --data e2e/trainset.csv --method prefix

What holds for a whole process (how memory is kept, how threads wait) is compared so.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

METHODS = ("prefix", "finetune")
WARM_UP = 2

Measured = dict[str, float]
"""`step_s` and `faults` (page faults) of a step."""


def in_a_process(
    data: Path,
    method: str,
    *,
    steps: int = 8,
    kept: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """The medians of a process with this environment added to ours."""
    command = [sys.executable, __file__, "--data", str(data), "--method", method]
    command += ["--steps", str(steps)]
    done = subprocess.run(
        command if kept else [*command, "--not-kept"],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: Measured = json.loads(done.stdout)
    return found


def medians(results: list[Measured]) -> Measured:
    """Of each figure, over several processes."""
    return {key: statistics.median(one[key] for one in results) for key in results[0]}


def measure(data: Path, method: str, *, steps: int, kept: bool) -> Measured:
    """Median seconds and page faults of a step, in this process."""
    import torch

    from benchmarks import speed_against_peft as shared
    from engine.backbones import loading
    from engine.contract.methods.finetune import FinetuneMethod
    from engine.contract.methods.prefix import PrefixMethod
    from engine.methods.making import make_method
    from engine.training.epochs import Epochs

    if not kept:
        loading.reuse_freed_memory = lambda: None
    backbone = shared.backbone("smollm2-135m-instruct")
    epochs = Epochs(shared.rows(data, backbone.tokenizer, 400), 8, accumulation_steps=1, seed=0)
    spec = PrefixMethod(prefix_length=8) if method == "prefix" else FinetuneMethod()
    made = make_method(backbone, spec, seed=0)
    step = shared.our_step(made, torch.optim.AdamW(made.trainable().values(), lr=1e-5, fused=True))
    seconds, faults = [], 0
    for number in range(WARM_UP + steps):
        if number == WARM_UP:
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        start = time.perf_counter()
        step(epochs.step_batches(number)[0])
        seconds.append(time.perf_counter() - start)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    return {"step_s": statistics.median(seconds[WARM_UP:]), "faults": faults / steps}


def main() -> int:
    """Print the medians as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--not-kept", action="store_true", help="give freed memory back")
    given = parser.parse_args()
    found = measure(given.data, given.method, steps=given.steps, kept=not given.not_kept)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
