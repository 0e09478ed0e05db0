"""Peak learning rates of each method by validation loss: where its usual rate stands.

    python benchmarks/learning_rates.py --data e2e/trainset.csv --out /tmp/rates
    python benchmarks/learning_rates.py --data sst2.csv --out /tmp/rates --rows 300 \
        -- --backbone all-minilm-l6-v2 --task label --text text --target label

Each run is one `python main.py train` on the same 100 rows with the same seed, printed before it
starts; no test input is looked at. Runs that are finished in --out are not trained again. The
line of a method names its usual rate and gives the best validation loss with a third of it, with
itself and with three times it, in nats per target token, or per answer. Words behind `--` are
given to `train`; with them the data may be another than E2E's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.command_runs import arguments_of, events_of, train_once
from engine.contract.methods.all import METHODS_BY_NAME
from engine.contract.runs.events import Evaluation
from engine.contract.runs.folder import RunFolder

FACTORS = (1 / 3, 1.0, 3.0)
E2E = ("--source", "mr", "--target", "ref", "--no-bleu", "--valid-inputs", "20")


def main() -> int:
    """Train what is missing, then print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="E2E's training CSV, as a rule")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--factors", type=float, nargs="+", default=FACTORS)
    names = list(METHODS_BY_NAME)
    parser.add_argument("--methods", nargs="+", default=names, choices=names)
    arguments, arguments.options = arguments_of(parser)
    reads = "--task" in arguments.options
    chosen = {name: METHODS_BY_NAME[name] for name in arguments.methods}
    usual = {
        name: (info.reading_rate if reads else info.learning_rate)(info.spec())
        for name, info in chosen.items()
    }
    rates = {
        name: [float(f"{rate * factor:.2g}") for factor in arguments.factors]
        for name, rate in usual.items()
    }
    for name, several in rates.items():
        for rate in several:
            train(arguments, name, rate)
    print("| method | usual rate | " + " | ".join(f"× {f:.2g}" for f in arguments.factors) + " |")
    print("| --- | --- |" + " --- |" * len(arguments.factors))
    for name, several in rates.items():
        losses = [best_loss(folder_of(arguments, name, rate)) for rate in several]
        cells = [f"**{one:.3f}**" if one == min(losses) else f"{one:.3f}" for one in losses]
        print(f"| {name} | {usual[name]:g} | " + " | ".join(cells) + " |")
    return 0


def folder_of(arguments: argparse.Namespace, method: str, rate: float) -> RunFolder:
    return RunFolder(arguments.out / f"{method}-{arguments.rows}-{rate:g}")


def train(arguments: argparse.Namespace, method: str, rate: float) -> None:
    train_once(
        folder_of(arguments, method, rate),
        *("--data", str(arguments.data)),
        *(arguments.options or E2E),
        *("--method", method, "--learning-rate", f"{rate:g}"),
        *("--train-rows", str(arguments.rows), "--test-fraction", "0"),
        *("--sample-count", "0"),
    )


def best_loss(run: RunFolder) -> float:
    """The lowest validation loss of a run."""
    return min(one.valid_loss for one in events_of(run, Evaluation))


if __name__ == "__main__":
    sys.exit(main())
