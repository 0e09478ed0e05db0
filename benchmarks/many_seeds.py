"""What needs many runs: low data by method, and whether shared sources teach as well.

    python benchmarks/many_seeds.py few-rows --data e2e/trainset.csv --out /tmp/few
    python benchmarks/many_seeds.py together --data e2e/trainset.csv --out /tmp/together
    python benchmarks/many_seeds.py few-rows … --workers 8 -- --device cuda --precision float32

few-rows: each method on 50 to 500 rows; a seed decides initialisation, order and rows, and all runs
are tested on the same held-out inputs. together: a prefix on all rows of 60 inputs (some hundred),
with the texts of an input in one batch and with mixed ones; a seed decides initialisation and
order. Each run is one `python main.py train`, printed before it starts; words behind `--` are added
to it. Runs that are finished in --out are not trained again. Cells are mean ± standard deviation
over the seeds, differences are of the same seed with the 95 % interval by Student's t.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.command_runs import arguments_of, events_of, train_once
from engine.contract.methods.all import METHODS_BY_NAME
from engine.contract.runs.events import OutputsSaved
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.runs.scores import Score
from engine.metrics.scoring import score_whole
from engine.reporter import Silent
from engine.studies.means import mean_of

METRICS = ("bleu", "chrf", "slot_error")
INPUTS = 60
Variant = tuple[str, list[str]]
"""Its name, and the options of `train` that make it."""


def main() -> int:
    """Train what is missing, then print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=["few-rows", "together"])
    parser.add_argument("--data", type=Path, required=True, help="the E2E training CSV")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--rows", type=int, nargs="+", default=[50, 100, 200, 500])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--test-inputs", type=int, default=48)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument(
        "--methods", nargs="+", default=["prefix", "finetune", "lora"], choices=[*METHODS_BY_NAME]
    )
    given, extra = arguments_of(parser)
    given.data, given.out = given.data.resolve(), given.out.resolve()
    given.out.mkdir(parents=True, exist_ok=True)
    tables = list(few_rows(given) if given.part == "few-rows" else together(given))
    seeded = ["--seed", "--sample-seed"] if given.part == "few-rows" else ["--seed"]
    with ThreadPoolExecutor(given.workers) as pool:
        runs = [
            pool.submit(
                train_once,
                RunFolder(given.out / f"{name}-{seed}"),
                *(*common, *own, *(word for flag in seeded for word in (flag, str(seed))), *extra),
            )
            for variants, common in tables
            for name, own in variants
            for seed in range(given.seeds)
        ]
        for run in runs:
            run.result()
    print("| | " + " | ".join(METRICS) + " |\n| --- |" + " ---: |" * len(METRICS))
    for variants, _ in tables:
        report(given, [name for name, _ in variants])
    return 0


def few_rows(given: argparse.Namespace) -> Iterator[tuple[list[Variant], list[str]]]:
    """For each size the methods, and what all of its runs have."""
    for rows in given.rows:
        yield (
            [(f"{method}-{rows}", ["--method", method]) for method in given.methods],
            [
                *("--data", str(given.data), "--source", "mr", "--target", "ref"),
                *("--train-rows", str(rows), "--valid-inputs", "20"),
                *("--test-inputs", str(given.test_inputs), "--no-bleu", "--sample-count", "0"),
            ],
        )


def together(given: argparse.Namespace) -> Iterator[tuple[list[Variant], list[str]]]:
    """Mixed batches and an input's texts together, on a table of their own."""
    path = given.out / "rows.csv"
    with open(given.data, encoding="utf-8", newline="") as stream:
        rows = [(record["mr"], record["ref"]) for record in csv.DictReader(stream)]
    distinct = list(dict.fromkeys(source for source, _ in rows))
    chosen = distinct[:: len(distinct) // (INPUTS + given.test_inputs + 20)]
    ends = {"train": INPUTS, "valid": INPUTS + 20, "test": INPUTS + 20 + given.test_inputs}
    sides: dict[str, str] = {}
    for side, end in reversed(ends.items()):
        sides |= dict.fromkeys(chosen[:end], side)
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(
            [("mr", "ref", "split"), *((mr, ref, sides[mr]) for mr, ref in rows if mr in sides)]
        )
    yield (
        [("mixed", []), ("together", ["--sources-together", "all"])],
        [
            *("--data", str(path), "--source", "mr", "--target", "ref", "--split-column", "split"),
            *("--no-bleu", "--sample-count", "0"),
        ],
    )


def report(given: argparse.Namespace, names: list[str]) -> None:
    """A line for each, and one for the first's difference to each of the others."""
    scores = {
        name: [scores_of(RunFolder(given.out / f"{name}-{seed}")) for seed in range(given.seeds)]
        for name in names
    }
    for name in names:
        cells = []
        for metric in METRICS:
            values = [run[metric] for run in scores[name]]
            cells.append(f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}")
        print(f"| {name} | " + " | ".join(cells) + " |")
    first, *others = names
    for other in others:
        cells = []
        for metric in METRICS:
            pairs = zip(scores[first], scores[other], strict=True)
            apart = [a[metric] - b[metric] for a, b in pairs]
            mean = mean_of(apart, range(given.seeds), alone=(None, None))
            cells.append(f"{mean.value:+.1f} [{mean.low:+.1f}, {mean.high:+.1f}]")
        print(f"| {first} minus {other} | " + " | ".join(cells) + " |")


def scores_of(run: RunFolder) -> dict[str, float]:
    """Of the test outputs."""
    (saved,) = [event for event in events_of(run, OutputsSaved) if event.split == "test"]
    rows = read_outputs(run.path / saved.path)
    scores, _ = score_whole(rows, METRICS, decoding="", reporter=Silent())
    return {score.metric: score.value for score in scores if isinstance(score, Score)}


if __name__ == "__main__":
    sys.exit(main())
