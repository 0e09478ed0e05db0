"""Outputs files: one JSON object a line, readable without this program.

A line has at least "input", "output" and "references" (a list of strings); ours also have
"example_id", "fields", "category" and "row_scores", and "prefix" where each row was decoded
behind a prefix of its own. A file by another system needs only the first three, which may have
names that are common elsewhere (`engine.contract.tables.foreign_rows`).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.regular_files import open_to_read, read_text
from engine.contract.files.writing import write_atomically
from engine.contract.metrics import current_name
from engine.contract.runs.scores import OutputRow, OutputsMeta
from engine.contract.tables.foreign_rows import with_own_names

MAX_LINE_CHARACTERS = 16 * 2**20
MAX_CHARACTERS = 2**30
"""Of a line and of a file: whoever reads more runs out of memory."""


def write_outputs(
    path: Path, rows: Iterable[OutputRow], meta: OutputsMeta | None = None
) -> OutputsMeta | None:
    """Write rows as JSON lines, and `meta` beside them as NAME.meta.json.

    Returns:
        `meta` as it was written, with the sha256 of the rows.
    """
    lines, digest = [], RowsDigest()
    for row in rows:
        digest.add(row)
        lines.append(line_of(row))
    write_atomically(path, "".join(lines))
    if meta is not None:
        meta = replace(meta, rows_sha256=digest.hexdigest(), version=OutputsMeta.version)
        write_meta(path, meta)
    return meta


def line_of(row: OutputRow) -> str:
    """A row as its line, without what only some rows have."""
    plain = codec.to_plain(row)
    del plain["type"]
    for name in ("prefix", "probabilities", "output_start"):
        if getattr(row, name) == OutputRow.__dataclass_fields__[name].default:
            del plain[name]
    return codec.dump(plain) + "\n"


def write_row_scores(path: Path, rows: Sequence[OutputRow]) -> None:
    """Put the scores of `rows`, as `read_outputs` gave them, into the file they came from.

    All other entries of its lines stay as they are, those of other systems included.
    """
    lines = []
    for (number, line), row in zip(_lines(path), rows, strict=True):
        plain = _parse(path, number, line)
        plain["row_scores"] = codec.to_plain(row.row_scores)
        lines.append(codec.dump(plain))
    write_atomically(path, "".join(line + "\n" for line in lines))


def read_outputs(path: Path) -> tuple[OutputRow, ...]:
    """Read an outputs file of ours or of another system.

    Raises:
        UserError: the file is missing, or a line is not as it should be (with its number).
    """
    return tuple(iterate_outputs(path))


def iterate_outputs(path: Path) -> Iterator[OutputRow]:
    """Read an outputs file row by row, for a reader that must not pause for long.

    Raises:
        UserError: as `read_outputs`, when the row that is wrong is asked for.
    """
    position = 0
    for position, (number, line) in enumerate(_lines(path), start=1):
        yield _read_line(path, number, line, position=position)
    if position == 0:
        raise UserError("no-outputs", "{path} has no lines, and so no outputs.", path=path)


def split_fingerprint(rows: Iterable[OutputRow]) -> str:
    """sha256 over example ids and references, as `OutputsMeta.split_fingerprint` holds it.

    The order of the rows and of each one's references does not matter.
    """
    digest = hashlib.sha256()
    for pair in sorted((row.example_id, sorted(row.references)) for row in rows):
        digest.update(json.dumps(pair, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


class RowsDigest:
    """A sha256 over all of the rows but their scores, which are computed later and again."""

    def __init__(self, rows: Iterable[OutputRow] = ()) -> None:
        self._sha256 = hashlib.sha256()
        for row in rows:
            self.add(row)

    def add(self, row: OutputRow) -> None:
        """Add the next row."""
        parts = [row.example_id, row.input, row.output, row.references, row.fields]
        text = codec.dump([*parts, row.category, row.prefix])
        self._sha256.update(text.encode("utf-8") + b"\n")

    def hexdigest(self) -> str:
        """The sha256 so far."""
        return self._sha256.hexdigest()

    def is_another(self, meta: OutputsMeta | None) -> bool:
        """Whether these are not the rows that were decoded; unknown of files of version 1."""
        known = meta.rows_sha256 if meta is not None else ""
        return known not in ("", self.hexdigest())


def changed_note(path: Path) -> str:
    """What is said of rows that are not those that were decoded."""
    return (
        f"{path} is not as it was decoded: its rows have another sha256 than "
        f"{meta_path(path).name} says. Decode it again, or delete that file if the change is meant."
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    size = 0
    try:
        # The file may be a link that the user named; a pipe or a device it may not.
        with io.TextIOWrapper(
            open_to_read(path.resolve()), encoding="utf-8-sig", newline="\n"
        ) as stream:
            number = 0
            while line := stream.readline(MAX_LINE_CHARACTERS + 1):
                number, size = number + 1, size + len(line)
                if len(line) > MAX_LINE_CHARACTERS or size > MAX_CHARACTERS:
                    limit = MAX_LINE_CHARACTERS if size <= MAX_CHARACTERS else MAX_CHARACTERS
                    what = "the line" if size <= MAX_CHARACTERS else "the file"
                    raise _wrong_line(path, number, f"{what} has more than {limit:,} characters")
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "unreadable-outputs",
            "{path} cannot be read ({reason}). Give a JSONL file in UTF-8.",
            path=path,
            reason=error,
        ) from error


def _wrong_line(path: Path, number: int, reason: object) -> UserError:
    return UserError(
        "wrong-line-of-outputs",
        "{path}, line {line}: {reason}. Each line must be one JSON object with "
        '"input", "output" and "references" (a list).',
        path=path,
        line=number,
        reason=reason,
    )


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        plain = codec.parse(line)
    except ProtocolError as error:
        # Without the line itself: it may be of any file that a link leads to.
        raise _wrong_line(path, number, error.__cause__) from error
    if not isinstance(plain, dict):
        raise _wrong_line(path, number, "not an object")
    return dict(plain)


def _read_line(path: Path, number: int, line: str, *, position: int) -> OutputRow:
    return row_of(path, number, _parse(path, number, line), position=position)


def row_of(path: Path, number: int, plain: dict[str, Any], *, position: int) -> OutputRow:
    """A row from the object of a line.

    Args:
        path: of the file.
        number: of the line, for a sentence on what is wrong with it.
        plain: the object.
        position: of the row, from 1; its id where it has none.

    Raises:
        UserError: it has no output or no references, or a value is of another type.
    """
    try:
        plain = with_own_names(plain)
        known = {name: plain[name] for name in OutputRow.__dataclass_fields__ if name in plain}
        row = codec.from_plain(OutputRow, {"example_id": str(position), "input": "", **known})
    except ProtocolError as error:
        raise _wrong_line(path, number, error) from error
    scores = tuple((current_name(metric), value) for metric, value in row.row_scores)
    return row if scores == row.row_scores else replace(row, row_scores=scores)


def meta_path(path: Path) -> Path:
    """Where the description of an outputs file stands."""
    return path.with_suffix(".meta.json")


def read_meta(path: Path) -> OutputsMeta | None:
    """The description of an outputs file, or None where it has none."""
    try:
        return codec.from_text(OutputsMeta, read_text(meta_path(path)))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ProtocolError) as error:
        raise UserError(
            "damaged-description-of-outputs",
            "{path} is damaged ({reason}). Delete it, then score the outputs again.",
            path=meta_path(path),
            reason=error,
        ) from error


def write_meta(path: Path, meta: OutputsMeta) -> None:
    """Replace the description of an outputs file."""
    write_atomically(meta_path(path), codec.to_text(meta))
