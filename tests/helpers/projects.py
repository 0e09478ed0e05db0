"""Real project, dataset and run folders with rich content, written without an engine."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from pathlib import Path

from engine.contract.errors import Remedy
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.dataset_store import RejectedRow, encode_cells, start_digest
from engine.contract.projects.project import DatasetEntry, Project, ProjectFolder
from engine.contract.runs.events import (
    Blame,
    CheckpointSaved,
    Evaluation,
    Event,
    Level,
    Notice,
    OutputsSaved,
    Phase,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
    Sample,
    SamplesTaken,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder, RunMeta, RunStatus
from engine.contract.runs.journal import JournalWriter
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputsMeta, Score
from engine.contract.specs.data import Column, DataSpec, Mapping, Role
from engine.contract.specs.run import RunSpec, default_training, describe_method
from engine.data.store_writer import StoreWriter
from tests.helpers.sample_texts import COLUMNS, Hut, huts, output_of

CREATED_S = 1_780_000_000.0
ROWS = [(*hut.cells, text) for hut in huts(120) for text in hut.texts]
_SHA256 = start_digest(COLUMNS)
for _row in ROWS:
    _SHA256.update(encode_cells(_row).encode("utf-8") + b"\n")
FINGERPRINT = _SHA256.hexdigest()
"""Of a dataset of `COLUMNS` and `ROWS`."""
DATASET_ID = "huts"

MAPPING = Mapping(
    tuple(Column(name, Role.TARGET if name == "text" else Role.FIELD) for name in COLUMNS)
)


def make_store(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    rejected: Sequence[RejectedRow] = (),
    name: str = "huts.csv",
) -> Path:
    """A dataset file with these rows."""
    writer = StoreWriter(path, tuple(columns))
    for number, row in enumerate(rows, start=1):
        writer.add_row(number + 1, tuple(row))
    for one in rejected:
        writer.add_rejected(one)
    writer.finish(name=name, description="CSV, UTF-8, comma")
    return path


def make_project(path: Path, *, name: str = "Mountain huts", dataset: bool = True) -> Path:
    """A project folder; with `dataset`, one of 240 rows (120 inputs, 2 texts each)."""
    folder = ProjectFolder(path)
    if not dataset:
        folder.write(Project(name=name))
        return path
    rejected = (RejectedRow(97, "8 cells, 7 columns", "Alpine View,hut,30,none,1.900 m,a,b,c"),)
    make_store(folder.dataset_store(DATASET_ID), COLUMNS, ROWS, rejected=rejected)
    entry = DatasetEntry(DATASET_ID, "huts.csv", "huts.csv", MAPPING)
    folder.write(Project(name=name, datasets=(entry,), dataset=DATASET_ID))
    return path


def make_run(
    project: Path,
    number: int = 1,
    *,
    method: MethodSpec | None = None,
    state: RunState = RunState.FINISHED,
    steps: int = 200,
    name: str = "",
    seed: int = 0,
    outputs: int = 24,
    run_id: str = "",
) -> Path:
    """A run folder with spec, meta, journal, status and, once finished, scored outputs.

    Args:
        number: its place among the project's runs: ids sort by it.
        steps: optimiser steps of the whole run; a run that has not finished did about 60 %.
        outputs: decoded test inputs of a finished run, at most 120.
    """
    method = method if method is not None else PrefixMethod()
    training = dataclasses.replace(default_training(method), seed=seed)
    spec = RunSpec(
        run_id=run_id or f"20260901-1200{number:02d}-00{number:02x}",
        backbone="smollm2-135m-instruct",
        method=method,
        data=DataSpec(f"../../datasets/{DATASET_ID}.sqlite", FINGERPRINT, MAPPING),
        training=training,
    )
    meta = RunMeta(name=name or describe_method(method), created_s=CREATED_S + 3600 * number)
    folder = RunFolder.create(ProjectFolder(project).runs / spec.run_id, spec, meta)
    tell_run(folder, spec, state, steps=steps, seed=seed + number, outputs=outputs)
    return folder.path


def tell_run(
    folder: RunFolder,
    spec: RunSpec,
    state: RunState,
    *,
    steps: int = 200,
    seed: int = 0,
    outputs: int = 24,
    share: float = 0.8,
) -> None:
    """Write what the engine would have told of a run that came to this state.

    Args:
        share: how well it writes, from 0 to 1.
    """
    if state is RunState.QUEUED:
        return
    done = steps if state is RunState.FINISHED else max(1, steps * 6 // 10)
    journal = JournalWriter(folder.events, spec.run_id)
    for event in training_events(spec.method, steps, done, seed=seed):
        journal.append(event)
    for event in _verdict(folder, spec, state, done, huts(120)[:outputs], share):
        journal.append(event)
    journal.close()
    folder.write_status(_status(spec.run_id, state, done, steps))


def training_events(method: MethodSpec, steps: int, done: int, *, seed: int = 0) -> list[Event]:
    """A plausible journal of `done` of `steps` optimiser steps, evaluated ten times a run."""
    rng = random.Random(seed)
    prefix = isinstance(method, PrefixMethod)
    trainable, frozen = (4_900_000, 134_515_008) if prefix else (134_515_008, 0)
    start = RunStarted(
        steps, None, "cpu", "float32", trainable, frozen, 192, 12, 24, "ab12" * 16,
        (("torch", "2.13.0"), ("transformers", "5.23.0")),
    )  # fmt: skip
    events: list[Event] = [start, Notice(Level.INFO, "3 of 192 targets were cut to 256 tokens.")]
    pace = 0.9 if prefix else 2.1
    floor, best = (0.82 if prefix else 0.94), math.inf
    every = max(1, steps // 10)
    for step in range(1, done + 1):
        share = step / steps
        loss = floor + 2.4 * math.exp(-6 * share) + rng.gauss(0, 0.12) * (1.2 - share)
        rate = 1e-3 * (1 - (step - 1) / steps)
        norm = 0.4 + 1.6 * math.exp(-4 * share) + abs(rng.gauss(0, 0.15))
        speed = (900 if prefix else 420) + rng.gauss(0, 25)
        events.append(
            TrainMetrics(
                step, 5 * share, max(loss, 0.05), rate, norm, 180 * step, speed, pace * step,
                1_400_000_000 if prefix else 3_100_000_000,
            )
        )  # fmt: skip
        if step % every == 0:
            valid = floor + 0.18 + 2.2 * math.exp(-6.5 * share) + rng.gauss(0, 0.015)
            valid += 0 if prefix else 0.25 * max(0.0, share - 0.6)
            bleu = 64 * (1 - math.exp(-5 * share)) + rng.gauss(0, 0.8)
            score = Score("bleu", bleu, "bleu|nrefs:2|case:mixed|tok:13a|smooth:exp|v:2.6")
            best_now = valid < best
            best = min(best, valid)
            evaluation = Evaluation(step, 5 * share, valid, (score,), pace * step, best_now)
            events += [evaluation, SamplesTaken(step, _samples(share, prefix=prefix))]
            events.append(CheckpointSaved(step, step if best_now else None))
    return events


def _samples(share: float, *, prefix: bool) -> tuple[Sample, ...]:
    return tuple(
        Sample(hut.example_id, hut.source, output_of(hut, 0.3 + 0.7 * share, prefix=prefix),
               hut.texts)
        for hut in huts(124)[120:]
    )  # fmt: skip


def _verdict(
    folder: RunFolder,
    spec: RunSpec,
    state: RunState,
    done: int,
    chosen: Sequence[Hut],
    share: float,
) -> list[Event]:
    if state is RunState.FINISHED:
        saved = _write_outputs(folder, spec, chosen, share)
        prefix = isinstance(spec.method, PrefixMethod)
        size = 4 * 11_520 * spec.method.prefix_length if prefix else 4 * 134_515_008
        return [saved, RunFinished(done, done - done // 10, 0.9 * done + 30, size)]
    if state is RunState.CANCELLED:
        return [RunCancelled(done, done)]
    if state is RunState.FAILED:
        message = "Out of memory on the GPU: 7.6 of 8.0 GB were held at batch size 8."
        changes = (("training.batch_size", "4"), ("training.accumulation_steps", "2"))
        remedy = Remedy("Batch size 4, accumulation 2", changes)
        return [RunFailed(done, Blame.USER, message, (remedy,))]
    return []


def _write_outputs(
    folder: RunFolder, spec: RunSpec, chosen: Sequence[Hut], share: float
) -> OutputsSaved:
    prefix = isinstance(spec.method, PrefixMethod)
    rows = tuple(hut.output_row(share, prefix=prefix) for hut in chosen)
    scores = []
    for metric in ("bleu", "chrf"):
        values = [dict(row.row_scores)[metric] for row in rows]
        mean = sum(values) / len(values)
        scores.append(
            Score(metric, mean, f"{metric}|nrefs:2|case:mixed|v:2.6|greedy|max100|seed:0",
                  mean - 3.1, mean + 2.9)
        )  # fmt: skip
    meta = OutputsMeta(
        describe_method(spec.method), spec.run_id, "test", "77aa" * 16, "greedy|max100",
        tuple(scores), 21.5, 310.0,
    )  # fmt: skip
    path = folder.outputs / "test.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_outputs(path, rows, meta)
    return OutputsSaved("test", "outputs/test.jsonl", len(rows), tuple(scores), 240.0)


def _status(run_id: str, state: RunState, done: int, steps: int) -> RunStatus:
    working = state.is_active
    message = ""
    if state is RunState.FAILED:
        message = "Out of memory on the GPU: 7.6 of 8.0 GB were held at batch size 8."
    return RunStatus(
        run_id, state, Phase.TRAINING if working else None, done, steps, done, steps,
        0.9 * (steps - done) if working else None, message=message,
        updated_s=CREATED_S,
    )  # fmt: skip


def make_rich_project(path: Path) -> Path:
    """A project with a dataset and six runs: finished prefix and twin, and each other state."""
    make_project(path)
    make_run(path, 1, method=PrefixMethod(prefix_length=10), name="prefix 10")
    make_run(path, 2, method=FinetuneMethod(), name="fine-tuning baseline")
    make_run(path, 3, method=PrefixMethod(prefix_length=20), state=RunState.INTERRUPTED)
    make_run(path, 4, method=PrefixMethod(prefix_length=1), state=RunState.FAILED)
    make_run(path, 5, method=PrefixMethod(prefix_length=50), state=RunState.RUNNING)
    make_run(path, 6, method=FinetuneMethod(), state=RunState.QUEUED)
    return path
