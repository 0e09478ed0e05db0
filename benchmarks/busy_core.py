"""Training steps beside a program that takes one core: threads that sleep soon, or spin.

    python benchmarks/busy_core.py --data e2e/trainset.csv

Each side is a process of its own: both alone first, then both beside a busy loop.
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

from benchmarks.training_step import in_a_process
from engine.environment import SPINS

STEPS = 5
USUAL_SPINS = 300_000
"""libgomp's own default (its manual, GOMP_SPINCOUNT)."""


@contextlib.contextmanager
def busy_loop() -> Iterator[None]:
    """Another program at work, in a session of its own as a desktop's programs are."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> int:
    """Print the median steps and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    for beside in ("alone", "beside a busy loop"):
        with busy_loop() if beside != "alone" else contextlib.nullcontext():
            usual, soon = (
                in_a_process(
                    given.data, "prefix", steps=STEPS, environment={"GOMP_SPINCOUNT": str(spins)}
                )["step_s"]
                for spins in (USUAL_SPINS, SPINS)
            )
        print(
            f"{beside}, {os.cpu_count()} cores: {usual:.2f} s as libgomp does, {soon:.2f} s "
            f"sleeping soon, ratio {usual / soon:.2f}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
