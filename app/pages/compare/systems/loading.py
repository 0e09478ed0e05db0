"""Reading one outputs file in slices, and reading it again when it has changed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from app.pages.compare.list.rows import Rows
from engine.contract.runs.outputs import RowsDigest, iterate_outputs, read_meta
from engine.contract.runs.scores import OutputsMeta

Stamp = tuple[int, int]


@dataclass(frozen=True)
class LoadedOutputs:
    """An outputs file in memory, with the time and size it had when it was read.

    Attributes:
        is_scored: whether it has corpus scores, and each row with references has scores.
        is_changed: whether the rows are not those that were decoded.
    """

    stamp: Stamp
    rows: Rows
    meta: OutputsMeta | None
    is_scored: bool
    is_changed: bool = False


def stamp_of(path: Path) -> Stamp | None:
    """Time of change and size, or None for a missing file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def load(path: Path) -> Generator[None, None, LoadedOutputs]:
    """Read an outputs file and its description, yielding after each row.

    Raises:
        UserError: the file is missing or damaged.
    """
    stamp = stamp_of(path) or (0, 0)
    rows, is_scored, digest = Rows(), True, RowsDigest()
    for row in iterate_outputs(path):
        rows.append(row)
        digest.add(row)
        is_scored &= bool(row.row_scores) or not any(text.strip() for text in row.references)
        yield
    meta = read_meta(path)
    is_scored = is_scored and meta is not None and bool(meta.scores)
    return LoadedOutputs(stamp, rows, meta, is_scored, digest.is_another(meta))
