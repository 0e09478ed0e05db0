"""Runs that a benchmark makes by `python main.py`, for the benchmarks beside it."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.journal import JournalReader


def arguments_of(parser: argparse.ArgumentParser) -> tuple[argparse.Namespace, list[str]]:
    """What a benchmark was given, and the words behind `--`, which its runs are given."""
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    return parser.parse_args(words[:at]), words[at + 1 :]


def say(*words: str) -> None:
    """Print a command of this program, and do it."""
    print(shlex.join(["python", "main.py", *words]), flush=True)
    command = [sys.executable, "main.py", *words]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def train_once(run: RunFolder, *words: str) -> None:
    """`python main.py train` with these words; `resume` where begun, nothing where finished."""
    if not (run.path / "run.json").exists():
        say("train", *words, "--out", str(run.path))
    elif run.read_status().state is not RunState.FINISHED:
        say("resume", str(run.path))


def events_of(run: RunFolder, kind: type) -> list:
    """Those of one kind in the run's journal."""
    entries = JournalReader(run.events, run.read_spec().run_id).read_new(10**6)
    return [entry.event for entry in entries if isinstance(entry.event, kind)]
