"""`decode` of a table without references: the same table, with a column of texts."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.console import Console, ConsoleReporter, duration
from engine.cli.inputs import mapping_for
from engine.cli.saving import saved
from engine.contract.errors import Cancelled, UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.data import Mapping
from engine.contract.specs.training import DecodingSpec
from engine.contract.tables.saving import check_ending
from engine.contract.writing.matching import (
    Match,
    check_matches,
    extra_columns,
    match_columns,
    missing_fields,
    rematch,
)
from engine.contract.writing.progress import progress_path
from engine.contract.writing.work import ChosenRows
from engine.data.tallies import counted

if TYPE_CHECKING:
    from engine.decoding.systems import LoadedSystem


def write_texts(
    console: Console,
    arguments: argparse.Namespace,
    store: DatasetStore,
    loaded: LoadedSystem,
    decoding: DecodingSpec,
) -> int:
    """Write the texts of all rows, or of the first `--limit`, and then the table."""
    from engine.writing.rows import TableJob, write_rows
    from engine.writing.table import save_texts

    out = Path(arguments.out)
    check_ending(out)
    matches = _matches(arguments, loaded.mapping, store)
    _print_matches(console, matches, store.meta.columns)
    progress, chosen = progress_path(out), ChosenRows(arguments.limit)
    start_s = time.monotonic()
    try:
        written = write_rows(
            TableJob(store, loaded, matches, decoding),
            chosen,
            progress=progress,
            reporter=ConsoleReporter(console, "writing"),
        )
    except (KeyboardInterrupt, Cancelled):
        console.warn(f"what is written so far is in {progress}; the same command continues it")
        raise

    def text_of(row: int) -> str | None:
        within = row <= chosen.count(store.meta.row_count)
        written_row = written.row(row) if within else None
        return None if written_row is None else written_row.text

    reporter = ConsoleReporter(console, "saving")
    rows, out = saved(console, out, lambda path: save_texts(store, text_of, path, reporter))
    progress.unlink()
    took = duration(time.monotonic() - start_s)
    console.line(f"{counted(rows, 'row')} written in {took}: {out}")
    if doubtful := sum(map(bool, written.doubts)):
        console.line(
            f"  note: {counted(doubtful, 'row')} to look at: a value of the input is not in the "
            "text as it is written there, or the text has a number or name that the input has not"
        )
    return 0


def _matches(
    arguments: argparse.Namespace, known: Mapping | None, store: DatasetStore
) -> tuple[Match, ...]:
    """The fields' columns: by name, and as the arguments say."""
    columns = store.meta.columns
    if arguments.inputs:
        inputs = mapping_for(arguments, known, store).inputs
    else:
        assert known is not None, "the columns must be named where they are not known"
        inputs = known.inputs
    matches = match_columns(inputs, columns)
    if arguments.match:
        fields = [match.field for match in matches]
        return rematch(matches, [_pair(text, fields) for text in arguments.match], columns)
    check_matches(matches)
    return matches


def _pair(text: str, fields: Sequence[str]) -> tuple[str, str]:
    """FIELD=COLUMN taken apart, where either may have an equals sign in its name."""
    signs = [index for index, letter in enumerate(text) if letter == "="]
    pairs = [(text[:index], text[index + 1 :]) for index in signs]
    if not pairs:
        raise UserError(
            "match-without-column",
            "--match is {text!r}. It must be FIELD=COLUMN, or FIELD= for no column.",
            text=text,
        )
    return next((pair for pair in pairs if pair[0] in fields), pairs[0])


def _print_matches(console: Console, matches: Sequence[Match], columns: Sequence[str]) -> None:
    renamed = [
        f"{match.field} from {match.column!r}"
        for match in matches
        if match.column not in ("", match.field)
    ]
    if renamed:
        console.line(f"  fields: {', '.join(renamed)}")
    if missing := missing_fields(matches):
        console.warn(
            f"no column for {', '.join(map(repr, missing))}: the texts will not mention it "
            "(--match FIELD=COLUMN names one)"
        )
    if extra := extra_columns(matches, columns):
        console.line(f"  copied only: {', '.join(map(repr, extra))}")
