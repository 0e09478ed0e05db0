"""`try`: the whole job on the shipped sample, from the table to two exported prefix files."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from engine.backbones.fetching import fetch_backbone
from engine.cli.arguments import DEFAULT_BACKBONE
from engine.cli.console import Console, ConsoleReporter, duration
from engine.cli.training import import_data, work
from engine.contract.files.folders import refuse_used
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.project import DatasetEntry, Project, ProjectFolder
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.protocol.data import InspectFile
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.data import DataSpec, Split
from engine.contract.specs.run import (
    RunSpec,
    default_training,
    describe_method,
    finetuning_baseline,
    new_run_id,
)
from engine.data.inspecting import inspect_file
from engine.exchange.handlers import export_prefix
from engine.reporter import Silent

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "resources" / "samples" / "trails.csv"
DATASET_ID = "sample"

# A few minutes on two CPU cores: some 100 rows to learn from, 24 inputs to be judged by, and
# no more evaluations than a plot needs.
SPLIT = Split(max_train_rows=96, max_valid_inputs=20, max_test_inputs=24)
EVALUATE_EVERY_STEPS = 30
PREFIX_LENGTH = 8


def try_sample(arguments: argparse.Namespace) -> int:
    """Fetch, train a prefix and its fine-tuning baseline, decode, score and export."""
    console = Console()
    start = time.monotonic()
    path = Path(arguments.out or ROOT / "projects" / f"try-{time.strftime('%Y%m%d-%H%M%S')}")
    refuse_used(path)
    fetched = fetch_backbone(
        FetchBackbone(DEFAULT_BACKBONE), ConsoleReporter(console, "fetching the backbone")
    )
    console.line(fetched.message)
    console.line(f"fetched after {duration(time.monotonic() - start)}")

    project = ProjectFolder(path)
    spec = _prefix_spec(console, project)
    runs = [spec] if arguments.prefix_only else [spec, finetuning_baseline(spec)]
    folders = []
    for run in runs:
        begun = time.monotonic()
        meta = RunMeta(name=describe_method(run.method), created_s=time.time())
        folder = RunFolder.create(project.runs / run.run_id, run, meta)
        console.line(f"\n{meta.name}")
        code = work(console, folder)
        if code:
            return code
        if run is spec:
            _export(console, folder, path)
        console.line(f"  {duration(time.monotonic() - begun)} in all")
        folders.append(folder)
    _summary(console, folders)
    console.line(f"\nall after {duration(time.monotonic() - start)}; open {path} in the window")
    return 0


def _prefix_spec(console: Console, project: ProjectFolder) -> RunSpec:
    """Make the project with the sample in it; the prefix run on it."""
    store = project.dataset_store(DATASET_ID)
    fingerprint = import_data(console, SAMPLE, store)
    report = inspect_file(InspectFile(str(SAMPLE)), Silent())
    mapping = report.mapping
    entry = DatasetEntry(DATASET_ID, SAMPLE.stem, str(SAMPLE), mapping, split=SPLIT)
    project.write(Project(name=project.path.name, datasets=(entry,), dataset=DATASET_ID))
    method = PrefixMethod(prefix_length=PREFIX_LENGTH)
    data = DataSpec(f"../../datasets/{DATASET_ID}.sqlite", fingerprint, mapping, split=SPLIT)
    return RunSpec(
        run_id=new_run_id(),
        backbone=DEFAULT_BACKBONE,
        method=method,
        data=data,
        training=replace(
            default_training(method),
            evaluate_bleu=False,
            evaluate_every_steps=EVALUATE_EVERY_STEPS,
        ),
    )


def _export(console: Console, folder: RunFolder, path: Path) -> None:
    for form in ("native", "peft"):
        command = ExportPrefix(str(folder.path), form, str(path / "exports" / form))
        console.line(f"  {export_prefix(command, Silent()).message}")


def _summary(console: Console, folders: list[RunFolder]) -> None:
    """Scores beside costs, and one input with what each system made of it."""
    console.line()
    for folder in folders:
        meta = read_meta(folder.outputs / "test.jsonl")
        scores = {score.metric: score.value for score in meta.scores} if meta else {}
        shown = "  ".join(f"{name} {value:5.1f}" for name, value in scores.items())
        weights = folder.prefix if folder.prefix.is_dir() else folder.model
        size = sum(item.stat().st_size for item in weights.iterdir())
        console.line(f"{folder.read_meta().name:18s} {shown}  {size / 1e6:8.1f} MB")
    for index, folder in enumerate(folders):
        row = read_outputs(folder.outputs / "test.jsonl")[0]
        if index == 0:
            console.line(f"\ninput      {row.input}\nreference  {row.references[0]}")
        console.line(f"{folder.read_meta().name}: {row.output}")
