"""Is this a file that can be read as text at all? If not: one sentence that says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.contract.errors import UserError
from engine.data.reader_errors import password_protected

# First bytes of common formats (the "magic numbers" of their specifications), and what to do.
_SAVE_AS_CSV = "open it in a spreadsheet program and save the table as CSV"
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF file", "copy its table into a spreadsheet program and save it as CSV"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and choose the file inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and choose the file inside"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it and choose the file inside"),
    (b"BZh91AY&SY", "a bzip2 archive", "unpack it and choose the file inside"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it and choose the file inside"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it and choose the file inside"),
    (b"SQLite format 3\x00", "an SQLite database", "export its table as CSV"),
    (b"\x89PNG\r\n", "an image (PNG)", "choose a file of texts"),
    (b"\xff\xd8\xff", "an image (JPEG)", "choose a file of texts"),
    (b"\x7fELF", "a program", "choose a file of texts"),
)
ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DIRECTORY_BYTES = 4096  # entries of 128 bytes; those of an encrypted file are a handful
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Control characters that do not stand in text; NUL is judged with the encoding.
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1b"))
_MOST_CONTROLS = 0.05
_WEB_PAGE = (b"<!doctype html", b"<html")


def open_source(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        UserError: missing, a folder, no ordinary file, no right to read it, a broken disk.
    """
    if path.is_dir():
        raise UserError("path-is-a-folder", "{path} is a folder. Choose a file in it.", path=path)
    if path.exists() and not path.is_file():
        raise UserError(
            "not-a-regular-file",
            "{path} is not a regular file. Choose a file with data.",
            path=path,
        )
    with explain_read_errors(path):
        return open(path, "rb")


@contextmanager
def explain_read_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusal to read a file into a `UserError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(
            "file-missing", "{path} does not exist. It may have been moved or renamed.", path=path
        ) from error
    except PermissionError as error:
        raise UserError(
            "no-read-permission",
            "You have no permission to read {path}. Change its permissions, or copy it to "
            "your own folder.",
            path=path,
        ) from error
    except OSError as error:
        raise UserError(
            "read-failed",
            "{path} cannot be read ({reason}). Check the disk or the connection to it.",
            path=path,
            reason=error.strerror,
        ) from error


def refuse_other_formats(path: Path, head: bytes) -> None:
    """Raise `UserError` where the first bytes of a file show that it is no table of text.

    Args:
        path: for its ending and for the message.
        head: the first bytes of the file, 64 KiB are plenty.
    """
    if head.startswith(_OLE):
        raise _old_office_file(path, head)
    kinds = [(kind, advice) for magic, kind, advice in _MAGIC if head.startswith(magic)]
    if head.startswith(ZIP):
        kinds = [_kind_of_zip(path, head)]
    if head.lstrip()[:20].lower().startswith(_WEB_PAGE):
        kinds = [("a web page", "use the site's download link rather than saving the page")]
    for kind, advice in kinds:
        raise _not_a_table(path, kind, advice)


def refuse_binary(path: Path, head: bytes) -> None:
    """Raise `UserError` for bytes of a one-byte encoding that no text has."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    nuls = head.count(0)
    if controls > _MOST_CONTROLS * len(head) or nuls > len(head) / 2:
        raise UserError(
            "not-text",
            "{file} is not text: {count} of its first {size} bytes are control bytes. "
            "Choose a file of text.",
            file=path.name,
            count=controls + nuls,
            size=len(head),
        )


def _not_a_table(path: Path, kind: str, advice: str) -> UserError:
    return UserError(
        "not-a-table",
        "{file} is {kind}, not a table of text: {advice}.",
        file=path.name,
        kind=kind,
        advice=advice,
    )


def _old_office_file(path: Path, head: bytes) -> UserError:
    """Which of the files in Microsoft's old container this is (MS-CFB)."""
    sector_bytes = 1 << min(int.from_bytes(head[30:32], "little"), 12)
    directory = (int.from_bytes(head[48:52], "little") + 1) * sector_bytes
    with explain_read_errors(path), open_source(path) as stream:
        stream.seek(directory)
        names = stream.read(_DIRECTORY_BYTES)
    if _ENCRYPTED in names or _ENCRYPTED in head:
        return password_protected(path.name)
    advice = "open it in a spreadsheet program and save it as .xlsx"
    return _not_a_table(path, "an old Excel or Word file", advice)


def _kind_of_zip(path: Path, head: bytes) -> tuple[str, str]:
    suffix = path.suffix.lower()
    if suffix == ".xlsb" or b"xl/workbook.bin" in head:
        return "a binary Excel file", "open it in Excel and save it as .xlsx"
    if suffix in (".docx", ".odt") or b"word/" in head:
        return "a text document", _SAVE_AS_CSV
    return "a zip archive", "unpack it and choose the file inside"


def first_line(error: Exception) -> str:
    """What an error of a library says first, without the full stop, to stand in a sentence."""
    return str(error).strip().partition("\n")[0].rstrip(" .:")
