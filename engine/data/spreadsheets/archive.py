"""The zip file that a spreadsheet is: its parts, opened within bounds."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO
from xml.parsers.expat import ExpatError

from engine.contract.errors import UserError
from engine.data.opening import explain_read_errors, first_line, open_source
from engine.data.reader_errors import expands_too_much, password_protected

DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, ExpatError, struct.error),
    *(EOFError, ValueError, LookupError, OSError),
)
"""What a cut or changed file raises while it is read."""

_MOST_RATIO = 100
"""A part that is larger than this many times the file was made to fill memory; sheets come to 5 to
30 times. The same limit as Apache POI's (ZipSecureFile, MIN_INFLATE_RATIO)."""
_NEVER_TOO_LARGE_BYTES = 100 * 2**20
_MOST_DIRECTORY_BYTES = 4 * 2**20
"""The list of parts; a spreadsheet has some dozens of them, of 50 to 100 bytes each."""
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_END_BYTES = 22 + 2**16 + 20 + 56


class Archive:
    """The parts of a spreadsheet's file by their names, which are compared without case.

    Args:
        path: of the file.

    Attributes:
        size_bytes: of the file.

    Raises:
        UserError: it cannot be read, or is no whole zip file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with explain_read_errors(path):
            self.size_bytes = path.stat().st_size
        self._stream = open_source(path)
        try:
            with explain_damage(path):
                _check_directory(self._stream)
                self._zip = zipfile.ZipFile(self._stream)
        except BaseException:
            self._stream.close()
            raise
        self._parts = {
            info.filename.replace("\\", "/").lstrip("/").lower(): info
            for info in self._zip.infolist()
        }

    def __contains__(self, name: str) -> bool:
        return name.lstrip("/").lower() in self._parts

    def names(self) -> list[str]:
        """Names of all parts, in lower case."""
        return list(self._parts)

    def size_of(self, name: str) -> int:
        """Unpacked bytes of a part."""
        return self._parts[name.lstrip("/").lower()].file_size

    def open(self, name: str) -> IO[bytes]:
        """A part, to be read once; no more than the size that was checked comes out of it.

        Raises:
            UserError: it is too large, or locked with a password.
            KeyError, BadZipFile: there is no such part, or it is damaged.
        """
        info = self._parts[name.lstrip("/").lower()]
        if info.flag_bits & 1:
            raise password_protected(self.path.name)
        limit = max(_NEVER_TOO_LARGE_BYTES, _MOST_RATIO * self.size_bytes)
        if info.file_size > limit:
            raise expands_too_much(self.path.name, self.size_bytes, limit)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile(f"compression {info.compress_type} is not used in it")
        return self._zip.open(info)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._stream.close()


@contextmanager
def explain_damage(path: Path) -> Iterator[None]:
    """Turn what a damaged file raises into a `UserError`."""
    try:
        yield
    except (*DAMAGE, NotImplementedError, RuntimeError) as error:
        raise UserError(
            "damaged-spreadsheet",
            "{file} is damaged or incomplete ({reason}). Download it again, or open it in "
            "a spreadsheet program and save it again.",
            file=path.name,
            reason=first_line(error),
        ) from error


def _check_directory(stream: BinaryIO) -> None:
    """Refuse a list of parts that would not fit into memory; `zipfile` reads it in one go."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END_BYTES))
    tail = stream.read()
    stream.seek(0)
    for magic, offset, form in ((_END, 12, "<I"), (_END_64, 40, "<Q")):
        start = tail.rfind(magic)
        if start < 0:
            continue
        (length,) = struct.unpack_from(form, tail, start + offset)
        if _MOST_DIRECTORY_BYTES < length < 2**32 - 1:
            raise zipfile.BadZipFile(f"its list of parts alone has {length:,} bytes")
