"""What the Playground saves in a project's folder: its history, and texts that were corrected.

    playground/history.jsonl       one `HistoryEntry` a line, the newest last
    playground/corrections.jsonl   one row a line, columns to texts: a data file to be imported

Both may come from anyone: a line that does not read is left out, a torn last one is cut off, and
neither file grows without end.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.appending import LineAppender
from engine.contract.files.regular_files import open_to_change, open_to_read
from engine.contract.files.writing import explain_disk_errors, write_atomically
from engine.contract.protocol.playground import FieldValue
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import DecodingSpec

log = logging.getLogger(__name__)

HISTORY_VERSION = 1
MAX_ENTRIES = 500
MAX_LINE_BYTES = 2**20
MAX_HISTORY_BYTES = 8 * 2**20
"""A longer file is cut to its newer half when something is added."""
MAX_CORRECTIONS_BYTES = 64 * 2**20


@dataclass(frozen=True)
class SavedAnswer:
    """An output of the history.

    Attributes:
        key: of the system on the Playground page: a run's id, or what else it is called by.
        name: as the page showed it.
        source: what the system read.
        problem: why there is no output, or "".
        answer, probabilities, start: as `OutputEnded` has them.
    """

    key: str
    name: str
    sample: int = 0
    source: str = ""
    text: str = ""
    token_ids: tuple[int, ...] = ()
    first_token_s: float = 0.0
    tokens_per_s: float = 0.0
    problem: str = ""
    answer: AnswerKind = AnswerKind.TEXT
    probabilities: tuple[tuple[str, float], ...] = ()
    start: int = -1


@dataclass(frozen=True)
class HistoryEntry:
    """A question with its answers.

    Attributes:
        asked_s: when, in seconds since 1970.
        values: of the form.
        text: what was asked instead; None for the values.
        fields: as they are shown and checked.
    """

    asked_s: float
    values: tuple[FieldValue, ...]
    text: str | None
    decoding: DecodingSpec
    samples: int
    answers: tuple[SavedAnswer, ...]
    fields: tuple[tuple[str, str], ...] = ()
    version: int = HISTORY_VERSION


class PlaygroundFiles:
    """The two files of a project."""

    def __init__(self, project: Path) -> None:
        self.folder = project / "playground"
        self.history = self.folder / "history.jsonl"
        self.corrections = self.folder / "corrections.jsonl"

    def read_history(self) -> list[HistoryEntry]:
        """The newest entries, the oldest of them first.

        Raises:
            UserError: the file is a link or no plain file.
        """
        entries = [entry for entry in self.history_newest_first() if entry is not None]
        return entries[::-1]

    def history_newest_first(self) -> Iterator[HistoryEntry | None]:
        """The newest entries one by one, for a window that reads a few at a time.

        Yields:
            None for a line that does not read.

        Raises:
            UserError: as `read_history`.
        """
        for line in _last_lines(self.history)[-MAX_ENTRIES:][::-1]:
            entry = None
            try:
                entry = codec.from_text(HistoryEntry, line.decode("utf-8"))
            except (ProtocolError, UserError, UnicodeDecodeError, RecursionError) as error:
                log.warning("%s: a line is left out: %s", self.history, error)
            yield entry

    def add_to_history(self, entry: HistoryEntry) -> None:
        """Append an entry; one that is too long for a line is left out.

        Raises:
            UserError: the disk does not take it, or the file is a link or no plain file.
        """
        line = codec.to_line(entry)
        size = len(line.encode("utf-8")) + 1
        if size > MAX_LINE_BYTES:
            return
        if _size(self.history) + size > MAX_HISTORY_BYTES:
            lines = _last_lines(self.history, MAX_HISTORY_BYTES // 2)
            write_atomically(self.history, b"".join(line + b"\n" for line in lines))
        _append(self.history, line)

    def add_correction(self, row: Mapping[str, str]) -> int:
        """Append a row to the corrections.

        Returns:
            The file's size before, for `take_back`.

        Raises:
            UserError: the disk does not take it, the file is full, a link or no plain file.
        """
        line = json.dumps(dict(row), ensure_ascii=False).encode("utf-8", "replace")
        if _size(self.corrections) + len(line) + 1 > MAX_CORRECTIONS_BYTES:
            raise UserError(
                "corrections-full",
                "{path} would be larger than {limit} MB. Import it on the Data page, and move it "
                "elsewhere.",
                path=self.corrections,
                limit=MAX_CORRECTIONS_BYTES // 2**20,
            )
        return _append(self.corrections, line.decode("utf-8"))

    def take_back(self, size: int) -> None:
        """Cut the corrections off at this size, if they are still longer.

        Raises:
            UserError: the disk does not take it, or the file is a link or no plain file.
        """
        with explain_disk_errors(self.corrections):
            if not self.corrections.exists():
                return
            with open_to_change(self.corrections, append=False) as stream:
                if 0 <= size < stream.seek(0, os.SEEK_END):
                    stream.truncate(size)

    def count_corrections(self) -> int:
        """How many rows there are."""
        try:
            with open_to_read(self.corrections, limit_bytes=MAX_CORRECTIONS_BYTES) as stream:
                return sum(block.count(b"\n") for block in iter(lambda: stream.read(2**16), b""))
        except FileNotFoundError:
            return 0


def _append(path: Path, line: str) -> int:
    """Put a line at the end; gives the size before, without a torn line."""
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(LineAppender(path)) as lines:
            lines.append(line)
            return lines.size_bytes


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _last_lines(path: Path, limit_bytes: int = MAX_HISTORY_BYTES) -> list[bytes]:
    """Whole lines of the file's end that are not too long."""
    try:
        with open_to_read(path) as stream:
            start = max(0, stream.seek(0, os.SEEK_END) - limit_bytes)
            stream.seek(start)
            text = stream.read(limit_bytes)
    except FileNotFoundError:
        return []
    lines = text.split(b"\n")[:-1]  # what is behind the last line break is torn
    whole = lines[1:] if start else lines
    return [line for line in whole if line.strip() and len(line) <= MAX_LINE_BYTES]
