"""Prefix against fine-tuning on few E2E rows, over seeds: the table of docs/results.md.

    python benchmarks/e2e_low_data.py --data e2e/trainset.csv --out /tmp/e2e-low-data

Each run is one `python main.py train` with chosen defaults, printed before it starts. The seed
decides initialisation, order, which rows are trained on and which inputs are held out. Runs
that are finished in --out are not trained again.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.command_runs import events_of, train_once
from engine.contract.events import RunFinished
from engine.contract.outputs import read_meta
from engine.contract.run_folder import RunFolder


def main() -> int:
    """Train what is missing, then print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the E2E training CSV")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--test-inputs", type=int, default=100)
    parser.add_argument("--prefix-length", type=int, default=8)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", default=["prefix", "finetune"])
    parser.add_argument("extra", nargs="*", help="more options of train, after --")
    arguments = parser.parse_args()
    for method in arguments.methods:
        for seed in arguments.seeds:
            train(arguments, method, seed)
    print("| method | seed | BLEU [95 %] | chrF | ROUGE-L | time | stored |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for method in arguments.methods:
        values = [row(arguments, method, seed) for seed in arguments.seeds]
        if len(values) > 1:
            mean, spread = statistics.mean(values), statistics.stdev(values)
            print(f"| **{method}** | {len(values)} seeds | **{mean:.1f} ± {spread:.1f}** |")
    return 0


def folder_of(arguments: argparse.Namespace, method: str, seed: int) -> RunFolder:
    return RunFolder(arguments.out / f"{method}-{arguments.rows}-seed{seed}")


def train(arguments: argparse.Namespace, method: str, seed: int) -> None:
    length = ["--prefix-length", str(arguments.prefix_length)] if method == "prefix" else []
    train_once(
        folder_of(arguments, method, seed),
        *("--data", str(arguments.data), "--source", "mr", "--target", "ref"),
        *("--method", method, "--train-rows", str(arguments.rows)),
        *("--valid-inputs", "20", "--test-inputs", str(arguments.test_inputs)),
        *("--seed", str(seed), "--split-seed", str(seed), *length, *arguments.extra),
    )


def row(arguments: argparse.Namespace, method: str, seed: int) -> float:
    """Print one run's line; its BLEU."""
    folder = folder_of(arguments, method, seed)
    meta = read_meta(folder.outputs / "test.jsonl")
    assert meta is not None
    scores = {score.metric: score for score in meta.scores}
    finished = events_of(folder, RunFinished)[-1]
    bleu = scores["bleu"]
    print(
        f"| {method} | {seed} | {bleu.value:.1f} [{bleu.low:.1f}, {bleu.high:.1f}] "
        f"| {scores['chrf'].value:.1f} | {scores['rougeL'].value:.1f} "
        f"| {finished.elapsed_s:.0f} s | {finished.stored_bytes / 1e6:.2f} MB |"
    )
    return bleu.value


if __name__ == "__main__":
    sys.exit(main())
