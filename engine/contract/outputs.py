"""Outputs files: one JSON object a line, readable without this program.

A line has at least "input", "output" and "references" (a list of strings); ours also have
"example_id", "fields", "category" and "row_scores". A file by another system needs only the
first three.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files import write_atomically
from engine.contract.scores import OutputRow, OutputsMeta


def write_outputs(path: Path, rows: Iterable[OutputRow], meta: OutputsMeta | None = None) -> None:
    """Write rows as JSON lines, and `meta` beside them as NAME.meta.json."""
    lines = []
    for row in rows:
        plain = codec.to_plain(row)
        del plain["type"]
        lines.append(json.dumps(plain, ensure_ascii=False))
    write_atomically(path, "".join(line + "\n" for line in lines))
    if meta is not None:
        write_atomically(meta_path(path), codec.to_text(meta))


def read_outputs(path: Path) -> tuple[OutputRow, ...]:
    """Read an outputs file of ours or of another system.

    Raises:
        UserError: the file is missing, or a line is not as it should be (with its number).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): give a UTF-8 JSONL file.") from error
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_read_line(path, number, line))
    if not rows:
        raise UserError(f"{path} holds no outputs: it has no lines.")
    return tuple(rows)


def _read_line(path: Path, number: int, line: str) -> OutputRow:
    expected = 'one JSON object with "input", "output" and "references" (a list)'
    try:
        plain = json.loads(line)
        if not isinstance(plain, dict):
            raise ProtocolError("not an object")
        known = {name: plain[name] for name in OutputRow.__dataclass_fields__ if name in plain}
        known.setdefault("example_id", str(number))
        known.setdefault("input", "")
        return codec.from_plain(OutputRow, known)
    except (ValueError, ProtocolError) as error:
        raise UserError(f"{path}, line {number}: {error}. Each line must be {expected}.") from error


def meta_path(path: Path) -> Path:
    """Where the description of an outputs file stands."""
    return path.with_suffix(".meta.json")


def read_meta(path: Path) -> OutputsMeta | None:
    """The description of an outputs file, or None where it has none."""
    try:
        return codec.from_text(OutputsMeta, meta_path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ProtocolError) as error:
        raise UserError(f"{meta_path(path)} is damaged ({error}): score the file again.") from error
