"""Summaries of abstracts by a prefix, scored with ROUGE: the table of docs/results.md.

    python benchmarks/summaries.py --data scitldr --out /tmp/summaries

--data is SciTLDR's folder with `train.jsonl` and `test.jsonl` (abstracts as lists of sentences,
targets as lists of one-sentence summaries). The training is one `python main.py train`, printed
before it starts, on some rows of `train.jsonl`; then `decode` writes summaries for the first inputs
of `test.jsonl`, and `score` holds them against all their references. Beside it stands what costs
nothing: each abstract's first sentence. A run that is finished in --out is not trained again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.command_runs import events_of, say, train_once
from engine.contract.runs.events import Notice, RunFinished
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs, write_outputs

METRICS = ("rouge1", "rouge2", "rougeL")


def main() -> int:
    """Train if need be, decode, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="SciTLDR's folder")
    parser.add_argument("--out", type=Path, required=True, help="folder for run and outputs")
    parser.add_argument("--rows", type=int, default=300, help="rows to train on")
    parser.add_argument("--test-inputs", type=int, default=100)
    parser.add_argument("--max-source-tokens", type=int, default=256)
    parser.add_argument("--prefix-length", type=int, default=10)
    parser.add_argument("extra", nargs="*", help="more options of train, after --")
    arguments = parser.parse_args()
    arguments.data, arguments.out = arguments.data.resolve(), arguments.out.resolve()
    run = RunFolder(arguments.out / f"prefix-{arguments.rows}")
    train(arguments, run)
    ours, lead = arguments.out / "prefix.jsonl", arguments.out / "lead.jsonl"
    say(
        *("decode", str(run.path), "--data", str(arguments.data / "test.jsonl")),
        *("--limit", str(arguments.test_inputs), "--out", str(ours)),
    )
    rows = read_outputs(ours)
    firsts = first_sentences(arguments.data / "test.jsonl")
    write_outputs(lead, [replace(row, output=firsts[row.input], row_scores=()) for row in rows])
    for event in events_of(run, Notice):
        print(f"note: {event.text}")
    (finished,) = events_of(run, RunFinished)
    print(f"trained in {finished.elapsed_s:.0f} s; {finished.stored_bytes / 1e6:.2f} MB stored")
    print(f"| {len(rows)} inputs | ROUGE-1 [95 %] | ROUGE-2 | ROUGE-L |")
    print("| --- | --- | --- | --- |")
    line("first sentence of the abstract", lead)
    signature = line(f"prefix {arguments.prefix_length}, {arguments.rows} rows", ours)
    print(signature)
    return 0


def train(arguments: argparse.Namespace, run: RunFolder) -> None:
    train_once(
        run,
        *("--data", str(arguments.data / "train.jsonl")),
        *("--text", "source", "--target", "target", "--linearisation", "text"),
        *("--train-rows", str(arguments.rows), "--valid-inputs", "20", "--test-fraction", "0"),
        *("--prefix-length", str(arguments.prefix_length)),
        *("--init-text", "Summarise the abstract in one sentence:"),
        *("--max-source-tokens", str(arguments.max_source_tokens)),
        *("--max-new-tokens", "60", *arguments.extra),
    )


def first_sentences(path: Path) -> dict[str, str]:
    """The first sentence of each abstract, by its whole text."""
    items = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {" ".join(item["source"]): item["source"][0] for item in items}


def line(title: str, path: Path) -> str:
    """Print a system's line of the table; the signature of its ROUGE-1."""
    command = [sys.executable, "main.py", "score", str(path), "--metrics", ",".join(METRICS)]
    done = subprocess.run([*command, "--json"], cwd=ROOT, check=True, capture_output=True)
    one, two, long = (json.loads(done.stdout)[name] for name in METRICS)
    print(
        f"| {title} | {one['value']:.1f} [{one['low']:.1f}, {one['high']:.1f}] "
        f"| {two['value']:.1f} | {long['value']:.1f} |"
    )
    return str(one["signature"])


if __name__ == "__main__":
    sys.exit(main())
