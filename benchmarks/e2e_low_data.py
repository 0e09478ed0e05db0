"""Prefix against fine-tuning on few E2E rows, over seeds: the table of docs/results.md.

    python benchmarks/e2e_low_data.py --data e2e/trainset.csv --out /tmp/e2e-low-data

Each run is one `python main.py train` with chosen defaults, printed before it starts. The seed
decides initialisation, order, which rows are trained on and which inputs are held out. Runs
that are finished in --out are not trained again.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.contract.events import RunFinished, RunState
from engine.contract.journal import JournalReader
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
    folder = folder_of(arguments, method, seed)
    words = [sys.executable, "main.py"]
    if (folder.path / "run.json").exists():
        if folder.read_status().state is RunState.FINISHED:
            return
        words += ["resume", str(folder.path)]
    else:
        words += ["train", "--data", str(arguments.data), "--source", "mr", "--target", "ref"]
        words += ["--method", method, "--train-rows", str(arguments.rows)]
        words += ["--valid-inputs", "20", "--test-inputs", str(arguments.test_inputs)]
        words += ["--seed", str(seed), "--split-seed", str(seed), "--out", str(folder.path)]
        if method == "prefix":
            words += ["--prefix-length", str(arguments.prefix_length)]
        words += arguments.extra
    print(shlex.join(words[1:]), flush=True)
    subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def row(arguments: argparse.Namespace, method: str, seed: int) -> float:
    """Print one run's line; its BLEU."""
    folder = folder_of(arguments, method, seed)
    meta = read_meta(folder.outputs / "test.jsonl")
    assert meta is not None
    scores = {score.metric: score for score in meta.scores}
    entries = JournalReader(folder.events, folder.read_spec().run_id).read_new(10**6)
    finished = next(e.event for e in reversed(entries) if isinstance(e.event, RunFinished))
    bleu = scores["bleu"]
    print(
        f"| {method} | {seed} | {bleu.value:.1f} [{bleu.low:.1f}, {bleu.high:.1f}] "
        f"| {scores['chrf'].value:.1f} | {scores['rougeL'].value:.1f} "
        f"| {finished.elapsed_s:.0f} s | {finished.stored_bytes / 1e6:.2f} MB |"
    )
    return bleu.value


if __name__ == "__main__":
    sys.exit(main())
