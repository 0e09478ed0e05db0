"""What `decode` works on: the rows of a file, and a system ready to read them."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.columns import mapping_of
from engine.cli.console import Console
from engine.cli.reading import inspect, reading_options
from engine.cli.training import import_data
from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import InspectFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.training import DecodingSpec
from engine.data.inspecting import inspect_file
from engine.reporter import Silent

if TYPE_CHECKING:
    from engine.data.examples import EvalInput
    from engine.methods.base import System


@dataclass(frozen=True)
class Job:
    """Inputs and the system that is to decode them.

    Attributes:
        prompts: token ids of each input, separator included.
        title: how a table calls the system.
        run_id: of the run that made it, or "".
    """

    system: System
    inputs: Sequence[EvalInput]
    prompts: Sequence[Sequence[int]]
    decoding: DecodingSpec
    title: str
    run_id: str


def without_run(what: str, name: str) -> UserError:
    """A prefix or delta folder does not say which columns are the input."""
    return UserError(
        "columns-not-in-folder",
        "The {what} {name!r} came without its run. Name the input columns with --source COL.",
        what=what,
        name=name,
    )


@contextmanager
def standard_input() -> Iterator[Path]:
    """A file with what standard input gives, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        with explain_disk_errors(path), open(path, "xb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield path


def has_texts(arguments: argparse.Namespace, known: Mapping | None, store: DatasetStore) -> bool:
    """Whether the file has references: a column of them is named, or known and not empty."""
    if arguments.inputs or arguments.target or arguments.references:
        return bool(arguments.target or arguments.references)
    names = known.named(Role.TARGET, Role.REFERENCES) if known is not None else ()
    columns = [store.column(name) for name in names if name in store.meta.columns]
    return bool(columns) and any(
        row.cells[column].strip() for row in store.rows() for column in columns
    )


@contextmanager
def imported(console: Console, arguments: argparse.Namespace) -> Iterator[DatasetStore]:
    """The file of `--data` as a dataset, which is gone afterwards."""
    source, options = Path(arguments.data), reading_options(arguments)
    if options != ReadOptions():
        inspect(console, source, options)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dataset.sqlite"
        import_data(console, source, path, options=options)
        with DatasetStore(path) as store:
            yield store


def mapping_for(
    arguments: argparse.Namespace,
    known: Mapping | None,
    store: DatasetStore,
    answer: AnswerKind = AnswerKind.TEXT,
) -> Mapping:
    """The run's mapping, its target only if the file has it; or what the arguments name.

    Raises:
        UserError: a column that is named is not there, or is named twice.
    """
    if arguments.inputs:
        command = InspectFile(arguments.data, reading_options(arguments))
        report = inspect_file(command, Silent())
        mapping = mapping_of(
            report.columns,
            inputs=arguments.inputs,
            target=arguments.target,
            references=arguments.references,
            category=arguments.category_column,
        )
        return mapping if known is None else replace(mapping, answer=known.answer)
    assert known is not None, "only a prefix without its run has none"
    if arguments.category_column is not None:
        store.column(arguments.category_column)
        others = (each for each in known.columns if each.role is not Role.CATEGORY)
        named = Column(arguments.category_column, Role.CATEGORY)
        known = replace(known, columns=(*others, named))
    columns = tuple(
        column
        for column in known.columns
        if column in known.inputs or column.name in store.meta.columns
    )
    return replace(known, columns=columns)
