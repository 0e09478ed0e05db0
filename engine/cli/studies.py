"""`study`: the runs of one of the paper's figures or tables, then the files."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from engine.cli.arguments import encoder_of, run_spec
from engine.cli.console import Console, ConsoleReporter, print_scores
from engine.cli.project_data import dataset_of, tidy
from engine.cli.reading import inspect, reading_options
from engine.cli.training import EXIT_STOPPED, check_backbone, columns_of, find_named, work
from engine.contract.errors import UserError
from engine.contract.files.writing import slug
from engine.contract.metrics import needs_encoder
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import DatasetEntry, ProjectFolder
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.reading.reading import SplitReport
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.runs.lock import is_locked, run_in_use
from engine.contract.schema import settings_of
from engine.contract.specs.data import Role
from engine.contract.specs.run import RunSpec
from engine.contract.studies.labels import run_name
from engine.contract.studies.options import compared_method
from engine.contract.studies.planning import essence, plan, with_existing
from engine.contract.studies.recipes import RECIPES, StudyKind, StudySettings
from engine.contract.studies.study import StudyFolder, StudySpec
from engine.contract.tasks.all import task_info
from engine.data.scanning import scan
from engine.data.split_report import describe_split
from engine.metrics.bertscore import check_encoder
from engine.metrics.known import metric_named
from engine.reporter import Silent
from engine.studies.handlers import collect_study


def study(arguments: argparse.Namespace) -> int:
    """Make the study, or go on with it; train what is missing; write figure and tables."""
    console = Console()
    kind = StudyKind(arguments.kind)
    project = ProjectFolder(Path(arguments.project))
    project.refuse_links()
    folder = StudyFolder(project, slug(arguments.name or kind.value))
    tidy(project, folder.path)
    if arguments.data is not None:
        made = _made(console, arguments, kind, project, folder.path.name)
        saved = _same(folder.read(), made) if folder.exists() else made
    elif folder.exists():
        saved = folder.read()
    else:
        raise UserError(
            "no-such-study",
            "There is no study {study!r} in {project} to continue. Give --data to make it.",
            study=folder.path.name,
            project=project.path,
        )
    if arguments.metrics is not None:
        saved = replace(saved, metrics=_metrics(arguments.metrics))
    saved = replace(saved, encoder=encoder_of(arguments, saved.encoder))
    if needs_encoder(saved.metrics) and not arguments.no_training:
        check_encoder(saved.encoder)  # before hours of training
    folder.write(saved)
    failed: list[str] = []
    stopped = False
    if not arguments.no_training:
        failed, stopped = _train(console, folder, saved)
    command = CollectStudy(str(project.path), folder.path.name)
    results = collect_study(command, ConsoleReporter(console, "scoring"))
    console.line()
    for run_id, message in results.damaged():
        console.warn(f"run {run_id}: {message}")
    if results.summaries:
        console.line((folder.path / "table.md").read_text(encoding="utf-8"))
    else:
        print_scores(console, results.absent())
    for path in results.files:
        console.line(path)
    if stopped:
        console.line("stopped; the same command continues from there")
        return EXIT_STOPPED
    if failed:
        raise UserError(
            "runs-failed",
            "{failed} of {total} runs failed. The first was {first}",
            failed=len(failed),
            total=len(saved.runs),
            first=failed[0],
        )
    return 0


def _made(
    console: Console,
    arguments: argparse.Namespace,
    kind: StudyKind,
    project: ProjectFolder,
    study_id: str,
) -> StudySpec:
    """The study that the arguments describe, its data set in the project."""
    for flag in ("seed", "sample_seed"):
        if getattr(arguments, flag) is not None:
            raise UserError(
                "option-of-one-run",
                "--{option} is for a single run. A study takes --seeds and --samples.",
                option=flag.replace("_", "-"),
            )
    source = Path(arguments.data)
    options = reading_options(arguments)
    report = inspect(console, source, options, answer=arguments.task)
    mapping, form = columns_of(arguments, report)
    find_named(arguments)
    # Checked before the file is imported: a mistyped word should cost no time.
    draft = run_spec(arguments, dataset="", fingerprint="", mapping=mapping, linearisation=form)
    check_backbone(draft)
    plan(study_settings(arguments, kind, draft))
    default = task_info(draft.task).metrics
    metrics = _metrics(arguments.metrics) if arguments.metrics else default
    entry, fingerprint = dataset_of(
        console,
        project,
        source,
        options=options,
        mapping=mapping,
        form=form,
        split=draft.data.split,
    )
    base = run_spec(
        arguments,
        dataset=f"../../datasets/{entry.dataset_id}.sqlite",
        fingerprint=fingerprint,
        mapping=mapping,
        linearisation=form,
    )
    counted = _split_report(project, entry, base)
    unseen = counted.unseen if mapping.column_of(Role.CATEGORY) is not None else ()
    if not counted.test_inputs:
        raise UserError(
            "no-test-inputs",
            "The split leaves no test inputs, and a study compares by them. Raise --test-fraction "
            "or --test-inputs.",
        )
    if RECIPES[kind].needs_unseen and not unseen:
        raise UserError(
            "nothing-unseen",
            "No category is held out, so there is nothing to extrapolate to. Name some with "
            "--category-column COL --unseen CATEGORY.",
        )
    existing = _specs(console, project)
    return StudySpec(
        study_id=study_id,
        kind=kind,
        name=arguments.name or RECIPES[kind].title,
        runs=with_existing(plan(study_settings(arguments, kind, base)), existing),
        metrics=metrics,
        unseen=unseen,
        created_s=time.time(),
    )


def _specs(console: Console, project: ProjectFolder) -> list[RunSpec]:
    """The runs that the project has; a damaged run is reported, and is no reason to stop."""
    specs = []
    for path in project.run_paths():
        try:
            specs.append(RunFolder(path).read_spec())
        except UserError as error:
            console.warn(error.message)
    return specs


def study_settings(arguments: argparse.Namespace, kind: StudyKind, base: RunSpec) -> StudySettings:
    """What the options of a study say."""
    given = {
        item.name: tuple(getattr(arguments, item.name))
        for item in settings_of(StudySettings)
        if getattr(arguments, item.name) is not None
    }
    methods = tuple(compared_method(name, base) for name in arguments.methods or ())
    return StudySettings(kind, base, methods=methods, samples=arguments.samples, **given)


def _metrics(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        metric_named(name)
    if not names:
        raise UserError(
            "metrics-empty", "--metrics is empty. Name at least one metric, such as bleu."
        )
    return names


def _same(saved: StudySpec, made: StudySpec) -> StudySpec:
    """The saved study, if the arguments describe it again.

    Raises:
        UserError: they describe another one.
    """

    def compared(study: StudySpec) -> object:
        runs = tuple(replace(run, spec=essence(run.spec)) for run in study.runs)
        return study.kind, runs, study.unseen

    if compared(saved) != compared(made):
        raise UserError(
            "study-differs",
            "The project has a study {study!r} with other settings. To continue it, leave out "
            "--data and what describes the runs. To make another, give it a --name.",
            study=saved.study_id,
        )
    return saved


def _split_report(project: ProjectFolder, entry: DatasetEntry, base: RunSpec) -> SplitReport:
    with DatasetStore(project.dataset_store(entry.dataset_id)) as store:
        rows = scan(store, base.data.mapping, Silent())
        return describe_split(rows, store, base.data.mapping, base.data.split)


def _train(console: Console, folder: StudyFolder, saved: StudySpec) -> tuple[list[str], bool]:
    """Train what is not finished; the sentences of runs that failed, and whether to stop."""
    failed: list[str] = []
    for number, run in enumerate(saved.runs, start=1):
        name = run_name(saved.kind, run)
        run_folder = RunFolder(folder.run_path(run))
        console.line(f"\n{number} of {len(saved.runs)}: {name}")
        try:
            if not (run_folder.path / "run.json").exists():
                meta = RunMeta(name=name, tags=(saved.name,), created_s=time.time())
                RunFolder.create(run_folder.path, run.spec, meta)
            elif run_folder.read_status().state is RunState.FINISHED:
                console.line("  finished before")
                continue
            elif is_locked(run_folder.path):
                raise run_in_use(run_folder.path)
            code = work(console, run_folder)
        except UserError as error:
            failed.append(f"{name}: {error.message}")
            console.line(f"  failed: {error.message}")
            continue
        if code == EXIT_STOPPED:
            return failed, True
        if code:
            failed.append(f"{name}: unexpected error; see {run_folder.log}.")
    return failed, False
