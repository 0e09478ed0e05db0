"""Appending lines to a file, each whole or not at all: a kill costs the last one at most."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from engine.contract.files.regular_files import open_to_change
from engine.contract.files.writing import explain_disk_errors


class LineAppender:
    """Appends lines to a file; the torn last line of a writer that was killed is cut off first.

    Args:
        path: a plain file; made where it is missing.

    Attributes:
        size_bytes: of the file before anything is appended.

    Raises:
        UserError: the disk is full, the folder cannot be written to, or the file is a link, pipe
            or device (from every method).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with explain_disk_errors(path):
            _drop_torn_line(path)
            self._stream = open_to_change(path)
            self.size_bytes = self._stream.seek(0, os.SEEK_END)

    def append(self, line: str, *, flush: bool = False) -> None:
        """Write a line, without its end; with `flush`, wait until the disk has it."""
        with explain_disk_errors(self._path):
            _write_whole(self._stream, line.encode("utf-8") + b"\n")
            if flush:
                os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


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


def _drop_torn_line(path: Path) -> None:
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
