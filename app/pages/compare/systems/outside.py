"""Files of outputs: read into memory; those from outside copied into the project to be scored."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Stamp, SystemEntry
from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.writing import write_atomically
from engine.contract.runs.alignment import align
from engine.contract.runs.outputs import (
    RowsDigest,
    iterate_outputs,
    line_of,
    read_meta,
    split_fingerprint,
    write_meta,
)
from engine.contract.runs.scores import OutputRow, OutputsMeta


def copy_outside(source: Path, folder: Path) -> Generator[None, None, Path]:
    """Copy an outside file into `folder`, yielding after each line; returns the copy's path.

    A line is a JSON object with "output"; "input", "references" and "example_id" are read
    where they are there. Each line of a .txt file is one output.

    Raises:
        UserError: the file cannot be read, is empty, or a line is not as it should be.
    """
    rows = []
    try:
        with open(source, encoding="utf-8-sig", newline="\n") as stream:
            for number, line in enumerate(stream, start=1):
                if source.suffix.lower() == ".txt":
                    rows.append(OutputRow(str(number), "", line.rstrip("\r\n"), ()))
                elif line.strip():
                    rows.append(_row(source, number, line))
                yield
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "outputs-unreadable",
            "{path} cannot be read ({reason}). Give a UTF-8 text file.",
            path=source,
            reason=error,
        ) from error
    if not rows:
        raise UserError(
            "outputs-empty", "{path} is empty. Give a file with one output per line.", path=source
        )
    meta = read_meta(source) or OutputsMeta(source.stem, "", "", split_fingerprint(rows), "")
    target, number = folder / f"{source.stem}.jsonl", 2
    while target.exists():
        target, number = folder / f"{source.stem}-{number}.jsonl", number + 1
    yield from write_rows(target, rows)
    write_meta(target, meta)
    return target


def write_rows(path: Path, rows: Iterable[OutputRow]) -> Generator[None, None, None]:
    """As `engine.contract.runs.outputs.write_outputs`, yielding after each row.

    A description that is beside the file already is made to fit these rows.
    """
    lines, digest = [], RowsDigest()
    for row in rows:
        digest.add(row)
        lines.append(line_of(row))
        yield
    write_atomically(path, "".join(lines))
    meta = read_meta(path)
    if meta is not None and meta.rows_sha256:
        write_meta(path, replace(meta, rows_sha256=digest.hexdigest()))


def with_references(rows: Rows, base: Rows) -> Rows | None:
    """Rows without references with those of the same example of `base`, so as to be scored.

    Returns None where no row gets any.
    """
    borrowed = {}
    for references, index in zip(base.references, align(base, rows).places, strict=True):
        if index is not None and not any(text.strip() for text in rows.references[index]):
            borrowed[index] = references
    if not any(borrowed.values()):
        return None
    return Rows(
        replace(row, references=borrowed.get(index, row.references))
        for index, row in enumerate(rows)
    )


def _row(path: Path, number: int, line: str) -> OutputRow:
    try:
        plain: Any = json.loads(line)
        if not isinstance(plain, dict):
            raise ValueError("not an object")
        known = {name: plain[name] for name in OutputRow.__dataclass_fields__ if name in plain}
        if isinstance(known.get("references"), str):
            known["references"] = [known["references"]]
        if isinstance(known.get("example_id"), int):
            known["example_id"] = str(known["example_id"])
        defaults = {"example_id": str(number), "input": "", "references": []}
        return codec.from_plain(OutputRow, {**defaults, **known})
    except (ValueError, RecursionError, ProtocolError) as error:
        raise UserError(
            "outputs-line",
            '{path}, line {line}: {reason}. Each line must be a JSON object with "output" (a '
            "text), or plain text in a file that ends in .txt.",
            path=path,
            line=number,
            reason=error,
        ) from error


def stamp_of(path: Path) -> Stamp | None:
    """The file's stamp, or None for a missing file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def load(entry: SystemEntry) -> Generator[None, None, ComparedSystem]:
    """Read a system's outputs and their description, yielding after each row.

    Raises:
        UserError: the file is missing or damaged.
    """
    stamp = stamp_of(entry.path)
    rows, is_scored, digest = Rows(), True, RowsDigest()
    for row in iterate_outputs(entry.path):
        rows.append(row)
        digest.add(row)
        is_scored &= bool(row.row_scores) or not any(text.strip() for text in row.references)
        yield
    meta = read_meta(entry.path)
    is_scored = is_scored and meta is not None and bool(meta.scores)
    return ComparedSystem(entry, rows, meta, is_scored, digest.is_another(meta), stamp)
