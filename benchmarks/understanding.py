"""Labels, tags and spans: methods on one backbone, by data set, with several draws of the rows.

    python benchmarks/understanding.py --shared ../shared/data --out /tmp/understanding
    python benchmarks/understanding.py --shared ../shared/data --out /tmp/understanding \
        --sets sst2-16 trec-16 --methods frozen prefix finetune --seeds 5

`--shared` is a folder with the data sets as their authors publish them: `sentences` (SST-2, TREC),
`fewglue` (RTE, CB, BoolQ), `wnut17`, `uner_ewt` and `xquad`. Each is written as one table with a
split column, so that every run of a set is tested on the same rows; a seed decides initialisation,
order and, where rows are drawn, which. Each run is one `python main.py train`, printed before it
starts; words behind `--` are added to it. Runs that are finished in `--out` are not trained again.
Cells are mean ± standard deviation over the seeds; differences to full fine-tuning are of the same
seed, with the 95 % interval by Student's t.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.command_runs import arguments_of, events_of, train_once
from engine.contract.methods.all import METHODS_BY_NAME
from engine.contract.metrics import metric_title
from engine.contract.runs.events import OutputsSaved
from engine.contract.runs.folder import RunFolder
from engine.studies.means import mean_of

Rows = Iterable[tuple[str, ...]]
"""Cells, the last of which is "train", "valid" or "test"."""
METHODS = ("finetune", "prefix", "frozen", "prompt", "bitfit", "lora", "adapter")


@dataclass(frozen=True)
class DataSet:
    """A data set as a table, and the options of `train` for it.

    Attributes:
        rows: reads the published files in a folder.
        metrics: the columns of the results.
        options: what all of its runs have; the epochs among them.
    """

    columns: tuple[str, ...]
    rows: Callable[[Path], Rows]
    metrics: tuple[str, ...]
    options: tuple[str, ...]


def main() -> int:
    """Train what is missing, then print the tables as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and runs")
    parser.add_argument("--backbone", default="all-minilm-l6-v2")
    parser.add_argument("--sets", nargs="+", default=[*SETS], choices=[*SETS])
    parser.add_argument("--methods", nargs="+", default=[*METHODS], choices=[*METHODS_BY_NAME])
    parser.add_argument("--seeds", type=int, default=3)
    given, extra = arguments_of(parser)
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    for name in given.sets:
        table = written(SETS[name], given.shared, out / f"{name}.csv")
        runs = {
            (method, seed): RunFolder(out / f"{name}-{method}-{seed}")
            for seed in range(given.seeds)
            for method in given.methods
        }
        for (method, seed), run in runs.items():
            own = ("--data", str(table), "--backbone", given.backbone, "--method", method)
            seeded = ("--seed", str(seed), "--sample-seed", str(seed))
            train_once(run, *own, *SETS[name].options, *seeded, "--sample-count", "0", *extra)
        report(name, runs)
    return 0


def written(data: DataSet, shared: Path, path: Path) -> Path:
    """The data set's table."""
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([(*data.columns, "split"), *data.rows(shared)])
    return path


def sentences(files: dict[str, str], encoding: str) -> Callable[[Path], Rows]:
    """Lines of a label, a blank and a sentence."""

    def rows(shared: Path) -> Rows:
        for side, name in files.items():
            for line in (shared / "sentences" / name).read_text(encoding).splitlines():
                label, _, text = line.strip().partition(" ")
                yield text, label, side

    return rows


def few_glue(name: str, fields: tuple[str, str]) -> Callable[[Path], Rows]:
    """The 32 training and 32 development rows to draw from, and the validation rows as the test."""

    def rows(shared: Path) -> Rows:
        for file, side in (("train", "train"), ("dev32", "train"), ("val", "test")):
            lines = (shared / "fewglue" / name / f"{file}.jsonl").read_text("utf-8").splitlines()
            for item in map(json.loads, lines):
                yield *(item[field] for field in fields), str(item["label"]).lower(), side

    return rows


def columns_of(folder: str, files: dict[str, str], word: int) -> Callable[[Path], Rows]:
    """CoNLL's columns, with the word in one and the tag in the next."""

    def rows(shared: Path) -> Rows:
        for name, side in files.items():
            text = (shared / folder / name).read_text("utf-8")
            for number, block in enumerate(re.split(r"\n\s*\n", text)):
                lines = [line.split("\t") for line in block.split("\n") if line.strip("\t ")]
                lines = [line for line in lines if not line[0].startswith("# ")]
                if lines:
                    words, tags = ([line[at] for line in lines] for at in (word, word + 1))
                    # One file for all: every fifth sentence is tested on, and the next validated.
                    drawn = side or {0: "test", 1: "valid"}.get(number % 5, "train")
                    yield json.dumps(words), json.dumps(tags), drawn

    return rows


def xquad(shared: Path) -> Rows:
    """Questions; all of a paragraph on one side."""
    with open(shared / "xquad" / "xquad.en.json", encoding="utf-8") as stream:
        paragraphs = [
            item for article in json.load(stream)["data"] for item in article["paragraphs"]
        ]
    random.Random(0).shuffle(paragraphs)
    for number, paragraph in enumerate(paragraphs):
        side = {0: "test", 1: "valid"}.get(number % 5, "train")
        for item in paragraph["qas"]:
            answer = item["answers"][0]
            yield (
                *(paragraph["context"], item["question"], answer["text"]),
                *(str(answer["answer_start"]), side),
            )


def label(*inputs: str, epochs: int, per_label: int | None = None) -> tuple[str, ...]:
    """Options of a label task."""
    drawn = () if per_label is None else ("--per-label", str(per_label))
    named = (word for name in inputs for word in ("--text", name))
    return (
        *("--task", "label", *named, "--target", "label", "--split-column", "split"),
        *("--test-inputs", "none", "--epochs", str(epochs), *drawn),
    )


SST2 = sentences(
    {"train": "stsa.binary.train", "valid": "stsa.binary.dev", "test": "stsa.binary.test"}, "utf-8"
)
TREC = sentences({"train": "TREC.train.all", "test": "TREC.test.all"}, "latin-1")
ACCURACY = ("accuracy", "macro_f1")
TAGGED = (
    *("--task", "tags", "--text", "words", "--target", "tags", "--split-column", "split"),
    *("--test-inputs", "none"),
)
SETS = {
    "sst2-16": DataSet(("text", "label"), SST2, ACCURACY, label("text", epochs=40, per_label=16)),
    "sst2": DataSet(("text", "label"), SST2, ACCURACY, label("text", epochs=3)),
    "trec-16": DataSet(("text", "label"), TREC, ACCURACY, label("text", epochs=40, per_label=16)),
    "trec": DataSet(("text", "label"), TREC, ACCURACY, label("text", epochs=5)),
    **{
        name.lower(): DataSet(
            (*fields, "label"),
            few_glue(name, fields),
            ACCURACY,
            label(*fields, epochs=40, per_label=16),
        )
        for name, fields in (
            ("RTE", ("premise", "hypothesis")),
            ("CB", ("premise", "hypothesis")),
            ("BoolQ", ("question", "passage")),
        )
    },
    "wnut17": DataSet(
        ("words", "tags"),
        columns_of("wnut17", {"train.conll": "train", "dev.conll": "test"}, 0),
        ("entity_f1", "tag_accuracy"),
        (*TAGGED, "--epochs", "5"),
    ),
    "uner": DataSet(
        ("words", "tags"),
        columns_of("uner_ewt", {"dev.iob2": ""}, 1),
        ("entity_f1", "tag_accuracy"),
        (*TAGGED, "--epochs", "10"),
    ),
    "xquad": DataSet(
        ("context", "question", "answer", "start"),
        xquad,
        ("exact_match", "span_f1"),
        (
            *("--task", "span", "--text", "context", "--field", "question", "--target", "answer"),
            *("--start", "start", "--split-column", "split"),
            *("--test-inputs", "none", "--epochs", "10"),
        ),
    ),
}


def report(name: str, runs: dict[tuple[str, int], RunFolder]) -> None:
    """A line for each method, with its difference to the first."""
    scores = {key: scores_of(run) for key, run in runs.items()}
    methods, seeds = (list(dict.fromkeys(keys)) for keys in zip(*scores, strict=True))
    metrics = SETS[name].metrics
    titles = [metric_title(metric) for metric in metrics]
    differences = [f"minus {methods[0]}, {title}" for title in titles]
    print(f"\n| {name} | " + " | ".join([*titles, *differences]) + " |")
    print("| --- |" + " ---: |" * (2 * len(metrics)))
    for method in methods:
        cells, apart = [], []
        for metric in metrics:
            values = [scores[method, seed][metric] for seed in seeds]
            cells.append(f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}")
            pairs = [
                scores[method, seed][metric] - scores[methods[0], seed][metric] for seed in seeds
            ]
            mean = mean_of(pairs, seeds, alone=(None, None))
            apart.append(f"{mean.value:+.1f} [{mean.low:+.1f}, {mean.high:+.1f}]")
        print(f"| {method} | " + " | ".join([*cells, *apart]) + " |")


def scores_of(run: RunFolder) -> dict[str, float]:
    """Of the test outputs."""
    (saved,) = [event for event in events_of(run, OutputsSaved) if event.split == "test"]
    return {score.metric: score.value for score in saved.scores}


if __name__ == "__main__":
    sys.exit(main())
