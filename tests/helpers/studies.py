"""Studies of made-up runs, and the engine's own collecting of them without drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.contract.files.writing import slug, write_atomically
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.specs.data import DataSpec
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.studies.labels import run_name
from engine.contract.studies.planning import plan
from engine.contract.studies.recipes import RECIPES, StudyKind, StudySettings
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudyFolder, StudySpec
from engine.contract.tables.saving import csv_text
from engine.reporter import Silent
from engine.studies.results import collect
from engine.studies.tables import latex, markdown, means_table
from tests.helpers.projects import CREATED_S, DATASET_ID, FINGERPRINT, MAPPING, tell_run

METRICS = ("bleu", "chrf")
BASE = RunSpec(
    "",
    "smollm2-135m-instruct",
    PrefixMethod(),
    DataSpec(f"../../datasets/{DATASET_ID}.sqlite", FINGERPRINT, MAPPING),
    default_training(PrefixMethod()),
)


def make_study(
    project: Path,
    kind: StudyKind = StudyKind.METHODS,
    *,
    name: str = "",
    states: Callable[[int], RunState | None] = lambda place: RunState.FINISHED,
    seeds: tuple[int, ...] = (0, 1),
    created_s: float = CREATED_S,
) -> StudySpec:
    """A study with its run folders.

    Args:
        states: of the run at each place, from 0; None: not made.
    """
    folder = ProjectFolder(project)
    named = name or RECIPES[kind].title
    runs = []
    for place, run in enumerate(plan(StudySettings(kind, BASE, seeds=seeds))):
        run = replace(run, spec=replace(run.spec, run_id=f"{slug(named)}-{place:03d}"))
        runs.append(run)
        state = states(place)
        if state is None:
            continue
        meta = RunMeta(run_name(kind, run), tags=(named,), created_s=created_s + place)
        made = RunFolder.create(folder.runs / run.spec.run_id, run.spec, meta)
        share = _share(run.spec)
        tell_run(made, run.spec, state, steps=20, seed=place, share=share, outputs=24)
    study = StudySpec(slug(named), kind, named, tuple(runs), METRICS, created_s=created_s)
    StudyFolder(folder, study.study_id).write(study)
    return study


def collect_without_drawing(command: CollectStudy) -> StudyResults:
    """As the engine client answers, the figure aside: matplotlib takes a second to load."""
    folder = StudyFolder(ProjectFolder(Path(command.project)), command.study_id)
    study = folder.read()
    results = collect(folder, study, Silent())
    if not results.summaries:
        return results
    files = {
        "table.csv": csv_text(means_table(study, results)),
        "table.md": markdown(study, results),
        "table.tex": latex(study, results),
    }
    for name, text in files.items():
        write_atomically(folder.path / name, text)
    return replace(results, files=tuple(str(folder.path / name) for name in files))


def _share(spec: RunSpec) -> float:
    """More rows and longer prefixes write better, up to a point; seeds differ a little."""
    rows = spec.data.split.max_train_rows or 200
    better = 0.2 + 0.55 * min(1.0, rows / 250)
    if isinstance(spec.method, FinetuneMethod):
        better -= 0.12 if rows < 200 else 0.02
    else:
        better -= 0.02 * abs(10 - spec.method.prefix_length) ** 0.5
    return better + 0.03 * (spec.training.seed - 1)
