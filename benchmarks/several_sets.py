"""One prefix over several data sets, each with a head, then each alone (P-tuning v2, 2022).

    python benchmarks/several_sets.py --shared ../shared/data --out /tmp/several

Three runs for each seed and set of entity tags, WNUT-17 and UNER English EWT: a prefix trained on
the set alone; a prefix trained on all sets together, with a head for each (`--head-per-category`);
and a prefix trained on the set alone again, which starts from the joint one (`--init prefix`). The
last has its epochs after those of the joint run, so `--longer` adds runs alone with twice the
epochs.

Each set gives `--rows` training sentences, the first of the file, and is tested on the same
sentences in all runs. Each run is one `python main.py train`, printed before it starts; words
behind `--` are added to it. Runs that are finished in `--out` are not trained again. Cells are mean
± standard deviation of entity F1 over the seeds; differences to the set alone are of the same seed,
with the 95 % interval by Student's t.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.command_runs import arguments_of, train_once
from benchmarks.understanding import SETS, TAGGED, Rows
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.runs.scores import Score
from engine.metrics.scoring import score_whole
from engine.studies.means import mean_of

NAMES = ("wnut17", "uner")
METRIC = "entity_f1"
ALONE, LONGER, JOINT, AFTER = "alone", "alone, twice the epochs", "jointly", "alone, from the joint"


def main() -> int:
    """Train what is missing, then print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and runs")
    parser.add_argument("--backbone", default="all-minilm-l6-v2")
    parser.add_argument("--rows", type=int, default=800, help="training sentences of each set")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--prefix-length", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--longer", action="store_true", help="alone with twice the epochs too")
    given, extra = arguments_of(parser)
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    tables = written(given.shared, out, given.rows)

    def train(folder: str, table: str, seed: int, *options: str, times: int = 1) -> RunFolder:
        run = RunFolder(out / f"{folder}-{seed}")
        common = ("--backbone", given.backbone, "--prefix-length", str(given.prefix_length))
        length = ("--epochs", str(times * given.epochs), "--seed", str(seed))
        data = ("--data", str(tables[table]), *TAGGED)
        train_once(run, *data, *common, *length, "--sample-count", "0", *options, *extra)
        return run

    values: dict[tuple[str, str], list[float]] = {}
    for seed in range(given.seeds):
        by_category = ("--category-column", "set", "--head-per-category")
        joint = train("joint", "joint", seed, *by_category)
        for name in NAMES:
            after = ("--init", "prefix", "--init-prefix", str(joint.path))
            runs = {
                ALONE: train(f"{name}-alone", name, seed),
                JOINT: joint,
                AFTER: train(f"{name}-after", name, seed, *after),
            }
            if given.longer:
                runs[LONGER] = train(f"{name}-longer", name, seed, times=2)
            for way, run in runs.items():
                values.setdefault((name, way), []).append(entity_f1(run, name))
    report(values)
    return 0


def written(shared: Path, out: Path, count: int) -> Mapping[str, Path]:
    """A table of each set, and one of all with a column that names the set."""
    rows = {name: first_rows(SETS[name].rows(shared), count) for name in NAMES}
    joint = [(*row, name) for name in NAMES for row in rows[name]]
    tables = {**{name: [(*row, name) for row in rows[name]] for name in NAMES}, "joint": joint}
    for name, of_table in tables.items():
        with open(out / f"{name}.csv", "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("words", "tags", "split", "set"), *of_table])
    return {name: out / f"{name}.csv" for name in tables}


def first_rows(rows: Rows, count: int) -> list[tuple[str, ...]]:
    """As many training rows, and all others."""
    chosen = []
    trained = 0
    for row in rows:
        trained += row[-1] == "train"
        if row[-1] != "train" or trained <= count:
            chosen.append(row)
    return chosen


def entity_f1(run: RunFolder, name: str) -> float:
    """Of the test sentences of a set; a joint run has those of all."""
    rows = [row for row in read_outputs(run.outputs / "test.jsonl") if row.category in ("", name)]
    (score,), _ = score_whole(rows, (METRIC,), decoding="argmax")
    assert isinstance(score, Score), score
    return score.value


def report(values: Mapping[tuple[str, str], Sequence[float]]) -> None:
    """A line for each set and way of training, with its difference to the set alone."""
    print("\n| set | trained | entity F1 | minus alone |\n| --- | --- | ---: | ---: |")
    for (name, way), own in values.items():
        spread = f" ± {statistics.stdev(own):.1f}" if len(own) > 1 else ""
        pairs = [value - first for value, first in zip(own, values[name, ALONE], strict=True)]
        mean = mean_of(pairs, list(range(len(pairs))), alone=(None, None))
        interval = "" if mean.low is None else f" [{mean.low:+.1f}, {mean.high:+.1f}]"
        cell = "" if way == ALONE else f"{mean.value:+.1f}{interval}"
        print(f"| {name} | {way} | {statistics.mean(own):.1f}{spread} | {cell} |")


if __name__ == "__main__":
    sys.exit(main())
