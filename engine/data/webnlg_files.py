"""The files of a WebNLG folder: in which order, of which split, and what they repeat."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.reading.formats import FOLDER_ENDINGS
from engine.contract.reading.reading import Finding, FindingKind
from engine.data.opening import explain_read_errors
from engine.data.sides import side_named
from engine.data.tallies import Count, counted

_DEEPEST_FOLDER = 4
_NO_SIDE = 9
_WORDS = re.compile(r"[^a-zA-Z]+")


def find_files(path: Path) -> tuple[Path, ...]:
    """The XML files of a folder: training first; of each folder the largest first.

    WebNLG's test folder holds the same entries in several files; the largest has them all.

    Raises:
        UserError: there is none.
    """
    files: list[tuple[int, Path, int, str]] = []
    with explain_read_errors(path):
        for folder, inner, names in os.walk(path):
            directory = Path(folder)
            if len(directory.relative_to(path).parts) >= _DEEPEST_FOLDER:
                inner.clear()
            for name in names:
                file = directory / name
                if file.suffix.lower() == ".xml" and not name.startswith(".") and file.is_file():
                    side = side_named(split_of(file, path)) or _NO_SIDE
                    files.append((side, directory, -file.stat().st_size, name))
    if not files:
        raise UserError(
            "folder-without-data",
            "The folder {path} has no files that are read together ({endings}, or WebNLG's "
            "XML). Choose a file, or a folder with train, dev and test in it.",
            path=path,
            endings=", ".join(FOLDER_ENDINGS),
        )
    return tuple(directory / name for _, directory, _, name in sorted(files))


def split_of(file: Path, folder: Path) -> str:
    """What the names of the folders below `folder`, then the file's own, say of the split."""
    *folders, _ = file.relative_to(folder).parts
    for name in (*folders, *_WORDS.split(file.name)):
        if side_named(name) is not None:
            return name.lower()
    return "test" if file.name.lower().startswith("testdata") else ""


class KnownEntries:
    """Which entries of other files of the same folder and split have been read."""

    def __init__(self) -> None:
        self._file = ""
        self._before: set[bytes] = set()
        self._here: set[bytes] = set()
        self._repeated = Count()

    def start_file(self, file: str) -> None:
        """Another file begins; what was read of another file is forgotten."""
        if file != self._file:
            self._before.clear()
        else:
            self._before |= self._here
        self._here = set()
        self._file = file

    def has(self, entry: str, texts: list[str], line: int) -> bool:
        """Whether another file had the entry, and all its texts; else note them."""
        digests = {_digest(entry, ""), *(_digest(entry, text) for text in texts)}
        if digests <= self._before:
            self._repeated.add(line)
            return True
        self._here |= digests
        return False

    def findings(self) -> tuple[Finding, ...]:
        """One finding, where any entry came again."""
        if not self._repeated.count:
            return ()
        words = counted(self._repeated.count, "entry").replace("entrys", "entries")
        message = f"{words} that a larger file of the same folder holds too: read once."
        return (self._repeated.finding(FindingKind.REPEATED, message),)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n\n".join(parts).encode("utf-8")).digest()[:12]
