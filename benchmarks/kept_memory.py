"""Training steps with freed memory kept by the C library, against its usual way.

    python benchmarks/kept_memory.py --data e2e/trainset.csv

Each side is a process of its own, as the setting holds for a whole process; they take turns.
The medians' ratio is what to quote, and the page faults a step say why.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.training_step import METHODS, Measured, in_a_process, medians

TURNS = 3


def main() -> int:
    """Print both sides and their ratio for each method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    for method in METHODS:
        turns: dict[str, list[Measured]] = {"usual": [], "kept": []}
        for _ in range(TURNS):
            for side, results in turns.items():
                results.append(in_a_process(given.data, method, kept=side == "kept"))
        found = {side: medians(results) for side, results in turns.items()}
        for side, one in found.items():
            print(f"{method}, {side}: {one['step_s']:.2f} s, {one['faults']:,.0f} faults a step")
        print(f"{method}: ratio {found['kept']['step_s'] / found['usual']['step_s']:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
