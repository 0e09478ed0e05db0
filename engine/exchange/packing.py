"""A prefix folder as one file, NAME.prefix.zip, and back.

A file from elsewhere is checked before anything of it is unpacked: only the names of a prefix
folder, each once, as plain files of bounded size. Nothing here loads torch.
"""

from __future__ import annotations

import contextlib
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.backbones.machine import physical_memory_bytes
from engine.backbones.regular import SETTINGS_BYTES, check_regular
from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors, write_atomically
from engine.contract.methods.info import ArtifactKind
from engine.exchange.card import HEAD_FILE, README_FILE, card_file, tensors_file
from engine.exchange.errors import damaged_file

ENDING = ".prefix.zip"
_KIND = ArtifactKind.PREFIX
_NAMES = (card_file(_KIND), tensors_file(_KIND), HEAD_FILE, README_FILE)
_DIRECTORY_BYTES = 4096
"""Limit of the file's own directory; four short names take some 200 bytes."""
_END, _END_BYTES, _COMMENT_BYTES = b"PK\x05\x06", 22, 65_535
_CHUNK = 1 << 20
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in it, so that the same prefix gives the same bytes."""


def is_packed(path: Path) -> bool:
    """Whether the path is called like a packed prefix."""
    return path.name.lower().endswith(ENDING)


def pack(folder: Path, out: Path) -> None:
    """Write the files of a prefix folder, which was read before, into `out`.

    Raises:
        UserError: `out` is called otherwise, is there already, or cannot be written.
    """
    if not is_packed(out):
        raise UserError(
            "pack-name",
            "{path} does not end in {ending}. Add the ending, so that it can be imported.",
            path=out,
            ending=ENDING,
        )
    if out.exists():
        raise UserError("pack-exists", "{path} is there already. Choose another name.", path=out)
    with explain_disk_errors(out), tempfile.TemporaryFile() as part:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in _NAMES:
                if (folder / name).is_file():
                    entry = zipfile.ZipInfo(name, _TIME)
                    entry.external_attr = (stat.S_IFREG | 0o644) << 16
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, (folder / name).read_bytes())
        part.seek(0)
        write_atomically(out, part.read())


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A temporary folder with what a packed prefix holds.

    Raises:
        UserError: missing, damaged, or it holds something else.
    """
    try:
        check_regular(path)
        _check_directory(path)
        with tempfile.TemporaryDirectory(prefix="prefix-") as name:
            folder = Path(name)
            with zipfile.ZipFile(path) as archive:
                for entry in _checked(path, archive.infolist()):
                    _unpack(path, archive, entry, folder / entry.filename)
            yield folder
    except FileNotFoundError as error:
        raise UserError(
            "prefix-missing", "{path} does not exist. Choose a prefix folder.", path=path
        ) from error
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError) as error:
        raise damaged_file(path, str(error) or type(error).__name__, what="file") from error


def _check_directory(path: Path) -> None:
    """Refuse a directory that would be large to read: zipfile reads what the file says."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        stream.seek(max(0, size - _END_BYTES - _COMMENT_BYTES))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise damaged_file(path, "it is no zip file", what="file")
    _, _, _, _, entries, length, _, _ = struct.unpack("<4s4H2LH", tail[at : at + _END_BYTES])
    if entries > len(_NAMES) or length > _DIRECTORY_BYTES:
        raise _other_content(path, f"{entries} files")


def _checked(path: Path, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    names = [entry.filename for entry in entries]
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        limit = physical_memory_bytes() // 2 if entry.filename == _NAMES[1] else SETTINGS_BYTES
        reason = ""
        if entry.filename not in _NAMES:
            reason = f"the file {entry.filename[:80]!r}"
        elif names.count(entry.filename) > 1:
            reason = f"{entry.filename} twice"
        elif kind not in (0, stat.S_IFREG) or entry.is_dir():
            reason = f"{entry.filename} as something other than a plain file"
        elif entry.flag_bits & 1:
            reason = f"{entry.filename} behind a password"
        elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            reason = f"{entry.filename} packed in a way that is not known"
        elif entry.file_size > limit:
            reason = f"{entry.filename} with {entry.file_size:,} bytes"
        if reason:
            raise _other_content(path, reason)
    return entries


def _unpack(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Write one file, no longer than it says that it is."""
    left = entry.file_size
    with explain_disk_errors(target), archive.open(entry) as source, open(target, "xb") as stream:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _other_content(path, f"more of {entry.filename} than it says")
            stream.write(chunk)


def _other_content(path: Path, what: str) -> UserError:
    return UserError(
        "packed-other-content",
        "{path} is no packed prefix: it holds {what}, where only {names} may be. Ask for it "
        "again, as a folder or packed by this program.",
        path=path,
        what=what,
        names=", ".join(_NAMES),
    )
