"""Our scores beside those of the official E2E script, on the example that comes with it.

    python benchmarks/official_scores.py --example e2e-metrics/example-inputs

The folder holds baseline-output.txt (one output a line) and devel-conc.txt (references, a blank
line between inputs). The official numbers are what `measure_scores.py devel-conc.txt
baseline-output.txt` of the E2E challenge's metrics prints; they are rounded to four digits there.
Exit code 1 where a score that could be taken differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.contract.metrics import metric_title

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.contract.runs.scores import Absent, OutputRow
from engine.metrics.scoring import score_whole

OFFICIAL = {
    "bleu": 0.7203,
    "nist": 7.8212,
    "meteor": 0.4801,
    "rouge_l_e2e": 0.7910,
    "cider": 2.3039,
}
SHARES = {"bleu", "meteor", "rouge_l_e2e"}
"""What the script prints as a share of 1."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--example", type=Path, required=True, metavar="DIR")
    folder = parser.parse_args().example
    outputs = (folder / "baseline-output.txt").read_text("utf-8").splitlines()
    groups = (folder / "devel-conc.txt").read_text("utf-8").strip().split("\n\n")
    rows = [
        OutputRow(str(number), "", output, tuple(group.split("\n")))
        for number, (output, group) in enumerate(zip(outputs, groups, strict=True))
    ]
    print("| score | official script | here | signature |")
    print("| --- | --- | --- | --- |")
    equal = True
    for score in score_whole(rows, list(OFFICIAL), decoding="")[0]:
        official, title = OFFICIAL[score.metric], metric_title(score.metric)
        if isinstance(score, Absent):
            print(f"| {title} | {official:.4f} | absent | {score.reason} |")
            continue
        here = score.value / 100 if score.metric in SHARES else score.value
        equal = equal and round(here, 4) == official
        print(f"| {title} | {official:.4f} | {here:.4f} | `{score.signature}` |")
    return int(not equal)


if __name__ == "__main__":
    sys.exit(main())
