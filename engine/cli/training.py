"""`train` and `resume`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

from engine.backbones.catalog import describe_folder
from engine.backbones.entries import find_entry
from engine.backbones.loading import find_folder
from engine.cli.arguments import run_spec
from engine.cli.columns import guessed_mapping, mapping_of
from engine.cli.console import Console, ConsoleReporter, RunPrinter
from engine.cli.data_options import named_answer
from engine.cli.reading import inspect, reading_options
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import no_such_column
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import FileReport, ReadOptions
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder, RunMeta, StopRequest
from engine.contract.runs.lock import is_locked, run_in_use
from engine.contract.specs.data import Column, Linearisation, Mapping, Role, SplitKind
from engine.contract.specs.run import RunSpec, describe_system
from engine.contract.specs.starting import Init
from engine.contract.tasks.all import task_info, writes
from engine.contract.tasks.fitting import check_fits
from engine.data.importing import import_file
from engine.data.tallies import counted
from engine.exchange.reading import saved_folder

DATASET = "dataset.sqlite"
EXIT_STOPPED = 130


def train(arguments: argparse.Namespace) -> int:
    """Import the file into the run folder, then train there."""
    console = Console()
    out = Path(arguments.out)
    if (out / "run.json").exists():
        raise UserError(
            "run-exists",
            "{folder} holds a run already. Choose another --out, or continue it with python "
            "main.py resume {folder}.",
            folder=out,
        )
    source = Path(arguments.data)
    options = reading_options(arguments)
    report = inspect(console, source, options, answer=arguments.task)
    mapping, form = columns_of(arguments, report)
    # Checked before the file is imported: a mistyped word should cost no time.
    find_named(arguments)
    check_backbone(
        run_spec(arguments, dataset="", fingerprint="", mapping=mapping, linearisation=form)
    )
    fingerprint = import_data(console, source, out / DATASET, options=options)
    spec = run_spec(
        arguments,
        dataset=DATASET,
        fingerprint=fingerprint,
        mapping=mapping,
        linearisation=form,
    )
    meta = RunMeta(
        name=arguments.name or describe_system(spec.method, spec.task), created_s=time.time()
    )
    folder = RunFolder.create(out, spec, meta)
    what = "" if writes(spec.task) else f", {task_info(spec.task).title.lower()}"
    console.line(f"{meta.name} on {spec.backbone}, {source.name}: {_words(mapping)}{what}")
    return work(console, folder)


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a run that was stopped, interrupted or failed."""
    console = Console()
    folder = RunFolder(Path(arguments.run))
    backbone = folder.read_spec().backbone
    if folder.read_status().state is RunState.FINISHED:
        raise UserError(
            "run-finished",
            "The run in {folder} is finished. There is nothing to resume.",
            folder=folder.path,
        )
    if is_locked(folder.path):  # the engine checks again, but takes seconds to load
        raise run_in_use(folder.path)
    console.line(f"{folder.read_meta().name} on {backbone}")
    return work(console, folder)


def import_data(
    console: Console, source: Path, store: Path, *, options: ReadOptions | None = None
) -> str:
    """Import a file into a dataset file, printing the findings; its fingerprint."""
    imported = import_file(
        ImportFile(str(source), options or ReadOptions(), str(store)),
        ConsoleReporter(console, f"reading {source.name}"),
    )
    console.line(f"{source.name}: {counted(imported.row_count, 'row')}")
    for finding in imported.findings:
        console.line(f"  note: {finding.message}")
    return imported.fingerprint


def work(console: Console, folder: RunFolder) -> int:
    """Train in this process, with the progress on the console; the exit code.

    The first Ctrl+C stops the run and saves it; a second one ends it at once.
    """
    from engine.run import EXIT_CANCELLED, EXIT_USER, run_folder

    printer = RunPrinter(console, writes=writes(folder.read_spec().task))
    with _interrupt_as_stop(folder):
        code = run_folder(folder.path, listener=printer)
    if code == EXIT_CANCELLED:
        console.line(f"stopped; python main.py resume {folder.path} continues from there")
        return EXIT_STOPPED
    if code == EXIT_USER and printer.failed is not None:
        failed = printer.failed
        raise UserError.from_failure(failed.code, failed.message, failed.remedies)
    return code


@contextlib.contextmanager
def _interrupt_as_stop(folder: RunFolder) -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        # Not by `print`, which may be what was interrupted.
        os.write(2, b"\nstopping after this step, and saving (Ctrl+C again: at once)\n")
        folder.request(StopRequest(save=True))

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def find_named(arguments: argparse.Namespace) -> None:
    """Give backbone, and prefix to start from, the paths by which a run finds them again.

    Raises:
        UserError: they are not there.
    """
    arguments.backbone = backbone_of(arguments.backbone)
    if arguments.init_prefix:
        if arguments.init != Init.PREFIX.value:
            raise UserError(
                "start-not-chosen",
                "--init-prefix is given, but a run starts from it with --init prefix alone. Add "
                "that, or leave it out.",
            )
        arguments.init_prefix = str(saved_folder(arguments.init_prefix))


def backbone_of(name: str) -> str:
    """A backbone as a run saves it: a folder by its whole path, so that it can be opened again.

    Raises:
        UserError: there is none, neither on this machine nor in the catalog.
    """
    if find_entry(name) is not None:
        return name
    find_folder(name)
    folder = Path(name).expanduser()
    return str(folder.resolve()) if folder.is_dir() else name


def check_backbone(spec: RunSpec) -> None:
    """Refuse a backbone that cannot do the task, where its kind is known without loading it.

    Raises:
        UserError: it cannot.
    """
    entry = find_entry(spec.backbone)
    if entry is None:
        with contextlib.suppress(UserError):  # loading says what is wrong
            entry = describe_folder(Path(spec.backbone))
    if entry is not None:
        check_fits(spec.task, entry.shape, entry.title)


def columns_of(
    arguments: argparse.Namespace, report: FileReport
) -> tuple[Mapping, Linearisation | None]:
    """The columns that are named; where none is, what suits the file, its split included.

    What was guessed of split and category is put into the arguments, for `run_spec`.

    Raises:
        UserError: a column is missing, or input and target are not clear.
    """
    if arguments.inputs or arguments.target is not None:
        if arguments.target is None:
            raise UserError(
                "target-not-named", "No target column is named. Name it with --target COL."
            )
        mapping = mapping_of(
            report.columns,
            inputs=arguments.inputs,
            target=arguments.target,
            references=arguments.references,
            split=arguments.split_column,
            category=arguments.category_column,
            start=arguments.start,
        )
        return replace(mapping, answer=named_answer(arguments, report, mapping)), None
    roles = dict.fromkeys(arguments.references, Role.REFERENCES)
    roles |= {
        arguments.split_column: Role.SPLIT,
        arguments.category_column: Role.CATEGORY,
        arguments.start: Role.START,
    }
    for name in roles:
        if name is not None and name not in {column.name for column in report.columns}:
            raise no_such_column(name, [column.name for column in report.columns])
    named = {role for name, role in roles.items() if name is not None}
    columns = [
        Column(
            column.name,
            roles.get(column.name, Role.IGNORED if column.role in named else column.role),
        )
        for column in report.columns
    ]
    mapping = guessed_mapping(replace(report, columns=tuple(columns)))
    arguments.category_column = mapping.column_of(Role.CATEGORY)
    if report.split_kind is SplitKind.COLUMN and arguments.split_column is None:
        arguments.split_column = mapping.column_of(Role.SPLIT)
    return mapping, report.linearisation


def _words(mapping: Mapping) -> str:
    inputs = ", ".join(f"{column.name} ({column.role.value})" for column in mapping.inputs)
    references = ", ".join(mapping.named(Role.REFERENCES))
    compared = f" (references: {references})" if references else ""
    return f"{inputs} → {mapping.column_of(Role.TARGET)}{compared}"
