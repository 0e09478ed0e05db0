"""Training steps beside a program that takes one core: threads that sleep soon, or spin.

    python benchmarks/busy_core.py --data e2e/trainset.csv

Each side is a process of its own; they take turns, first alone, then beside a busy loop.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.training_step import Measured, in_a_process, medians
from engine.threads import SPINS

TURNS, STEPS = 1, 5
SIDES = {"as libgomp does": "300000", "sleeping soon": str(SPINS)}
"""What GOMP_SPINCOUNT is: libgomp's own default (its config/linux/wait.h), and ours."""


@contextlib.contextmanager
def busy_loop() -> Iterator[None]:
    """Another program at work, in a session of its own as a desktop's programs are."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def compare(data: Path) -> dict[str, Measured]:
    """The medians of each side."""
    found: dict[str, list[Measured]] = {side: [] for side in SIDES}
    for _ in range(TURNS):
        for side, results in found.items():
            spins = {"GOMP_SPINCOUNT": SIDES[side]}
            results.append(in_a_process(data, "prefix", steps=STEPS, environment=spins))
    return {side: medians(results) for side, results in found.items()}


def main() -> int:
    """Print the median steps and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    for beside in ("alone", "beside a busy loop"):
        with busy_loop() if beside != "alone" else contextlib.nullcontext():
            found = compare(given.data)
        usual, soon = (found[side]["step_s"] for side in SIDES)
        print(
            f"{beside}, {os.cpu_count()} cores: {usual:.2f} s as libgomp does, {soon:.2f} s "
            f"sleeping soon, ratio {usual / soon:.2f}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
