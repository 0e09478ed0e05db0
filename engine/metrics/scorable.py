"""Outputs to score as people have them: JSON lines, one JSON list, or a text a line.

References may lie in files of their own: a line for each output, in several files for several
references (as WebNLG's GenerationEval has them), or blocks with a blank line between the outputs
(as e2e-metrics has them).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.files.regular_files import open_to_read
from engine.contract.runs.outputs import read_outputs, row_of
from engine.contract.runs.scores import OutputRow

MOST_BYTES = 500_000_000
"""Limit of a file that is read whole."""
_FIRST = 4096
"""Bytes of a file that tell its kind."""


def read_scorable(path: Path, references: Sequence[Path] = ()) -> tuple[OutputRow, ...]:
    """Rows of an outputs file of any kind.

    Args:
        path: of the outputs.
        references: files of references, which then stand in the place of the rows' own.

    Raises:
        UserError: a file cannot be read, a row is not as it should be, a text file comes without
            references, or a file of references has another number of lines.
    """
    start = _start(path)
    if start == "[":
        rows = _of_list(path, with_references=bool(references))
    elif start == "{":
        rows = _with_any_references(path) if references else read_outputs(path)
    else:
        if not references:
            raise UserError(
                "text-outputs-without-references",
                "{path} is a text file with one output per line. Give its references with "
                "--references FILE, or the outputs as JSON lines.",
                path=path,
            )
        rows = tuple(
            OutputRow(example_id=str(number), input="", output=line.strip(), references=())
            for number, line in enumerate(_lines(path), start=1)
        )
    if not rows:
        raise UserError("no-outputs", "{path} has no lines, and so no outputs.", path=path)
    if not references:
        return rows
    groups = [_groups(file, len(rows), path) for file in references]
    return tuple(
        replace(row, references=tuple(text for group in groups for text in group[index]))
        for index, row in enumerate(rows)
    )


def _groups(path: Path, count: int, outputs: Path) -> list[list[str]]:
    """The references of each output in one file."""
    lines = [line.strip() for line in _lines(path)]
    while len(lines) > count and not lines[-1]:
        lines.pop()
    if len(lines) == count:
        return [[line] if line else [] for line in lines]
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    if len(blocks) == count:
        return blocks
    raise UserError(
        "references-do-not-match-outputs",
        "{path} has {lines:,} lines and {blocks:,} blocks with blank lines between them, but "
        "{outputs} has {count:,} outputs. Give a line or a block for each output.",
        path=path,
        lines=len(lines),
        blocks=len(blocks),
        outputs=outputs,
        count=count,
    )


def _of_list(path: Path, *, with_references: bool) -> tuple[OutputRow, ...]:
    try:
        items = json.loads(_whole(path))
    except (ValueError, RecursionError) as error:
        raise UserError(
            "outputs-not-json",
            "{path} cannot be read as JSON ({reason}).",
            path=path,
            reason=str(error),
        ) from error
    rows = []
    for position, item in enumerate(items if isinstance(items, list) else [items], start=1):
        if not isinstance(item, dict):
            raise UserError(
                "output-item-not-an-object",
                "{path}, item {position}: this is not an object with an output.",
                path=path,
                position=position,
            )
        plain = {"references": []} | item if with_references else item
        rows.append(row_of(path, position, plain, position=position))
    return tuple(rows)


def _with_any_references(path: Path) -> tuple[OutputRow, ...]:
    """JSON lines, whose rows need no references of their own."""
    rows: list[OutputRow] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            plain = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(
                "output-line-not-json",
                "{path}, line {line}: {reason}.",
                path=path,
                line=number,
                reason=str(error),
            ) from error
        if not isinstance(plain, dict):
            raise UserError(
                "output-line-not-an-object",
                "{path}, line {line}: this is not an object with an output.",
                path=path,
                line=number,
            )
        rows.append(row_of(path, number, {"references": []} | plain, position=len(rows) + 1))
    return tuple(rows)


def _start(path: Path) -> str:
    """The first character that is no blank; "{" of a file that is empty or cannot be read."""
    try:
        with open_to_read(path) as stream:
            first = stream.read(_FIRST).decode("utf-8-sig", errors="replace").strip()
    except OSError:
        return "{"
    return first[:1] or "{"


def _lines(path: Path) -> list[str]:
    """Lines as editors count them; other signs that Python takes for line ends stay in a line."""
    lines = _whole(path).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _whole(path: Path) -> str:
    try:
        with open_to_read(path, limit_bytes=MOST_BYTES) as stream:
            return stream.read().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(
            "outputs-not-utf-8",
            "{path} cannot be read ({reason}). Give a UTF-8 file.",
            path=path,
            reason=str(error),
        ) from error
