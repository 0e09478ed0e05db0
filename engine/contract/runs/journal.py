"""The journal of a run: appended by the engine, followed by anyone."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import IO

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.regular_files import open_to_change, open_to_read
from engine.contract.files.writing import explain_disk_errors
from engine.contract.runs.events import Event, JournalEntry

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 16 * 2**20
"""Of an event; one with samples of some thousand words has 100 kB."""


class JournalWriter:
    """Appends one line per event, whole or not at all."""

    def __init__(self, path: Path, run_id: str) -> None:
        self._path = path
        self._run_id = run_id
        with explain_disk_errors(path):
            drop_torn_line(path)
            self._stream = open_to_change(path)

    def append(self, event: Event, *, flush: bool = False) -> JournalEntry:
        """Write `event`; with `flush`, wait until the disk has it (checkpoints, verdicts)."""
        entry = JournalEntry(run_id=self._run_id, time_s=time.time(), event=event)
        with explain_disk_errors(self._path):
            _write_whole(self._stream, codec.to_line(entry).encode("utf-8") + b"\n")
            if flush:
                os.fsync(self._stream.fileno())
        return entry

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class JournalReader:
    """Reads entries as they arrive; one code path for live, re-attached and finished runs."""

    def __init__(self, path: Path, run_id: str) -> None:
        self._path = path
        self._run_id = run_id
        self._offset = 0
        self._is_skipping = False

    def read_new(self, limit: int = 1000) -> list[JournalEntry]:
        """At most `limit` entries that were completed since the last call, in order.

        A line without its end is left for the next call. A line that cannot be decoded, is too
        long, or belongs to another run, is logged and skipped.
        """
        try:
            with open_to_read(self._path) as stream:
                stream.seek(0, os.SEEK_END)
                if stream.tell() < self._offset:  # a torn last line was cut off on resume
                    self._offset, self._is_skipping = stream.tell(), False
                stream.seek(self._offset)
                entries: list[JournalEntry] = []
                while len(entries) < limit:
                    line = stream.readline(MAX_LINE_BYTES)
                    if not line.endswith(b"\n"):
                        if len(line) < MAX_LINE_BYTES:
                            break
                        self._offset += len(line)
                        self._is_skipping = True
                        continue
                    self._offset += len(line)
                    if self._is_skipping:
                        log.warning("%s: skipped a line that is too long", self._path)
                        self._is_skipping = False
                        continue
                    entry = self._decode(line)
                    if entry is not None:
                        entries.append(entry)
                return entries
        except FileNotFoundError:
            return []

    def _decode(self, line: bytes) -> JournalEntry | None:
        try:
            entry = codec.from_text(JournalEntry, line.decode("utf-8"))
        except (ProtocolError, UserError, UnicodeDecodeError) as error:
            log.warning("%s: skipped a line that cannot be read: %s", self._path, error)
            return None
        if entry.run_id != self._run_id:
            log.warning("%s: skipped an event of run %s", self._path, entry.run_id)
            return None
        return entry


def _write_whole(stream: IO[bytes], data: bytes) -> None:
    """Write all of `data`; where the disk takes only a part, take that part back and raise."""
    start = os.fstat(stream.fileno()).st_size
    written = 0
    try:
        while written < len(data):
            written += stream.write(data[written:])
    except OSError:
        if written:
            os.ftruncate(stream.fileno(), start)
        raise


def drop_torn_line(path: Path) -> None:
    """Cut off an unfinished last line, left by a kill in the middle of a write."""
    if not path.exists():
        return
    with open_to_change(path, append=False) as stream:
        size = stream.seek(0, os.SEEK_END)
        position = size
        while position > 0:
            start = max(0, position - 65536)
            stream.seek(start)
            cut = stream.read(position - start).rfind(b"\n")
            if cut >= 0:
                position = start + cut + 1
                break
            position = start
        if position < size:
            stream.truncate(position)
