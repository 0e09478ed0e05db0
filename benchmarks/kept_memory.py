"""Training steps with freed memory kept by the C library, against its usual way.

    python benchmarks/kept_memory.py --data e2e/trainset.csv

Each side is a process of its own, as the setting holds for a whole process; they take turns.
The medians' ratio is what to quote, and the page faults a step say why.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

METHODS = ("prefix", "finetune")
TURNS, STEPS, WARM_UP = 3, 8, 2


def measure(data: Path, method: str, *, kept: bool) -> dict[str, float]:
    """Median seconds and page faults of a step, in this process."""
    import torch

    from benchmarks import speed_against_peft as shared
    from engine.backbones import loading
    from engine.contract.method_spec import FinetuneMethod, PrefixMethod
    from engine.methods.making import make_method
    from engine.training.batches import Epochs

    if not kept:
        loading.keep_freed_memory = lambda: None
    backbone = shared.backbone("smollm2-135m-instruct")
    epochs = Epochs(shared.rows(data, backbone.tokenizer, 400), 8, accumulation_steps=1, seed=0)
    spec = PrefixMethod(prefix_length=8) if method == "prefix" else FinetuneMethod()
    made = make_method(backbone, spec, seed=0)
    step = shared.our_step(made, torch.optim.AdamW(made.trainable().values(), lr=1e-5))
    seconds, faults = [], 0
    for number in range(WARM_UP + STEPS):
        if number == WARM_UP:
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        start = time.perf_counter()
        step(epochs.step_batches(number)[0])
        seconds.append(time.perf_counter() - start)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    return {"step_s": statistics.median(seconds[WARM_UP:]), "faults": faults / STEPS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--child", nargs=2, metavar=("METHOD", "KEPT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure(given.data, given.child[0], kept=given.child[1] == "kept")))
        return 0
    for method in METHODS:
        found: dict[str, list[dict[str, float]]] = {"usual": [], "kept": []}
        for _ in range(TURNS):
            for side, results in found.items():
                command = [sys.executable, __file__, "--data", str(given.data)]
                done = subprocess.run(
                    [*command, "--child", method, side], stdout=subprocess.PIPE, check=True
                )
                results.append(json.loads(done.stdout))
        medians = {
            side: {key: statistics.median(one[key] for one in results) for key in results[0]}
            for side, results in found.items()
        }
        for side, one in medians.items():
            print(f"{method}, {side}: {one['step_s']:.2f} s, {one['faults']:,.0f} faults a step")
        print(f"{method}: ratio {medians['kept']['step_s'] / medians['usual']['step_s']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
