"""The options that name files of data, and say what is to be predicted."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.contract.reading.formats import FORMAT_TITLES
from engine.contract.reading.reading import FileReport
from engine.contract.reading.several import joined_paths
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping

DATA = f"{FORMAT_TITLES}, a folder of files, or hub:OWNER/NAME"


class _DataFiles(argparse.Action):
    """Stores the path of the files that are named."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """As argparse asks for it."""
        several = [str(value) for value in values or ()]
        namespace.data = (
            several[0] if len(several) == 1 else str(joined_paths([*map(Path, several)]))
        )


def add_data_option(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """The option that names what is learned from: a file, or several of one dataset."""
    parser.add_argument(
        "--data",
        required=required,
        nargs="+",
        action=_DataFiles,
        metavar="FILE",
        help=f"learn from {DATA}; of several files, their names say which are for training, "
        "validation (dev) and testing",
    )


def add_answer_options(group: argparse._ActionsContainer) -> None:
    """The options that say what the target is."""
    group.add_argument(
        "--task",
        choices=[kind.value for kind in AnswerKind],
        help="what the target is: a text, one label, tags for words, or a span of the source "
        "(default: guessed, or a text where every input is named with its role)",
    )
    group.add_argument(
        "--start",
        metavar="COL",
        help="span: the column that says where answers start in the source, in characters",
    )


def named_answer(arguments: argparse.Namespace, report: FileReport, mapping: Mapping) -> AnswerKind:
    """What is to be predicted where the columns are named: guessed where a role is guessed too."""
    # Imported late: the parser of every verb needs this module, and not the readers.
    from engine.data.answer_guess import answer_of

    if arguments.task is not None:
        return AnswerKind(arguments.task)
    if all(role is not None for role, _ in arguments.inputs):
        return AnswerKind.TEXT
    return answer_of(report, mapping)
