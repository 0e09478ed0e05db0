"""The reader for a folder of files of one format, such as train.jsonl and test.jsonl."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract.errors import UserError
from engine.contract.reading.formats import FOLDER_ENDINGS
from engine.contract.reading.reading import Finding, ReadOptions
from engine.data.opening import explain_read_errors
from engine.data.records import BadRow, EmptyRow, Item, ReadRow, RepeatedHeader
from engine.data.sides import side_named
from engine.data.tallies import counted
from engine.data.unknown_keys import UnknownKeys
from engine.data.webnlg_files import split_of

if TYPE_CHECKING:
    from engine.data.readers import Reader

_BESIDES = frozenset({"dataset_infos.json", "dataset_dict.json", "dataset_info.json", "state.json"})
"""Descriptions that libraries write beside the data."""
_DEEPEST_FOLDER = 3
_MOST_FILES = 10_000
_LISTED_SETS = 4

Open = Callable[..., "Reader"]


def data_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that are read as one data set, training first.

    There are none where it holds XML, which is WebNLG's.

    Raises:
        UserError: there are too many, or folders of several data sets.
    """
    by_ending: dict[str, list[Path]] = {}
    count = 0
    with explain_read_errors(folder):
        for directory, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if not name.startswith(".")]
            if len(Path(directory).relative_to(folder).parts) >= _DEEPEST_FOLDER:
                inner.clear()
            count += len(names)
            if count > _MOST_FILES:
                raise UserError(
                    "too-many-data-files",
                    "The folder {path} holds more than {limit:,} files. Choose one of them, or a "
                    "folder with the files of one dataset.",
                    path=folder,
                    limit=_MOST_FILES,
                )
            for name in names:
                file = Path(directory) / name
                if not name.startswith(".") and name not in _BESIDES and file.is_file():
                    by_ending.setdefault(file.suffix.lower(), []).append(file)
    if ".xml" in by_ending:
        return ()
    files = next((by_ending[ending] for ending in FOLDER_ENDINGS if ending in by_ending), [])
    sets = {_data_set(file, folder) for file in files}
    if len(sets) > 1:
        some = ", ".join(sorted(sets)[:_LISTED_SETS]) + " …" * (len(sets) > _LISTED_SETS)
        raise UserError(
            "several-data-sets",
            "The folder {path} holds several datasets ({names}). Choose one of its folders.",
            path=folder,
            names=some,
        )
    if not files:
        files = _files_of_sides(by_ending, folder)
    return by_side(files, folder)


def by_side(files: Iterable[Path], folder: Path) -> tuple[Path, ...]:
    """The files, training first."""
    return tuple(sorted(files, key=lambda file: (_order(file, folder), file)))


def _files_of_sides(by_ending: Mapping[str, list[Path]], folder: Path) -> list[Path]:
    """Files whose names say "train", "dev" or "test", whatever they end in.

    Raises:
        UserError: they differ in more than that.
    """
    files = [file for files in by_ending.values() for file in files if split_of(file, folder)]
    names: dict[str, list[str]] = {}
    for file in files:
        words = re.split(r"([^a-zA-Z]+)", file.name)
        rest = "".join(word for word in words if side_named(word) is None)
        names.setdefault(rest, []).append(file.name)
    if len(names) > 1:
        groups = ["{" + ",".join(sorted(group)) + "}" for group in names.values()]
        raise UserError(
            "several-sets-of-files",
            "The folder {path} holds files of several datasets ({names}). Open those of one of "
            "them together.",
            path=folder,
            names=", ".join(sorted(groups)[:_LISTED_SETS]),
        )
    return files


class FolderReader:
    """Reads files one after another (see `engine.data.readers.Reader`).

    The columns are those of the first file, and "split", which says what the names of files and
    folders say of it. Lines and rows are numbered through all files.

    Args:
        path: of the folder.
        files: as `data_files` or `by_side` gives them.
        options: for each file.
        open_file: opens a file, as `engine.data.readers.open_reader` does.
        sample_bytes: read no more than this.
    """

    format = "folder"
    unit = "row"

    def __init__(
        self,
        path: Path,
        files: tuple[Path, ...],
        options: ReadOptions,
        *,
        open_file: Open,
        sample_bytes: int | None = None,
    ) -> None:
        self._root, self._files, self._open = path, files, open_file
        self._chosen = options
        with explain_read_errors(path):
            sizes = [file.stat().st_size for file in files]
        self.size_bytes = sum(sizes)
        self.sampled_bytes = min(sample_bytes or self.size_bytes, self.size_bytes)
        self._sample_bytes = sample_bytes
        self._done_bytes = 0
        with closing(self._reader(files[0])) as first:
            self.form = getattr(first, "form", first.format)
            kind, columns = first.format, first.columns
            # The language is that of the first file in all others too.
            self.options = self._chosen = replace(options, language=first.options.language)
        self._is_split = any(split_of(file, path) for file in files)
        self._label = "split" if "split" not in columns else "split of the file"
        self.columns = (*columns, self._label) if self._is_split else columns
        self._unknown = UnknownKeys(self.columns)
        self._read: list[tuple[Path, tuple[Finding, ...], tuple[str, ...]]] = []
        self._current: Reader | None = None
        self.description = f"{kind}, {counted(len(files), 'file')}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of each file, and columns that the first one does not have."""
        merged: dict[str, Finding] = {}
        for file, findings, _ in self._of_files():
            name = file.relative_to(self._root).as_posix()
            for finding in findings:
                before = merged.get(finding.message)
                if before is not None:
                    merged[finding.message] = replace(before, count=before.count + finding.count)
                else:
                    named = replace(finding, message=f"{name}: {finding.message}", lines=())
                    merged[finding.message] = named
        return (*merged.values(), *self._unknown.findings())

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts, where they are marked."""
        return tuple(dict.fromkeys(finding for _, _, some in self._of_files() for finding in some))

    def rows(self) -> Iterator[Item]:
        """All rows of all files; to be called once."""
        start = 0
        for file in self._files:
            if self._done_bytes >= self.sampled_bytes:
                return
            split, last = split_of(file, self._root), 0
            with closing(self._reader(file)) as reader:
                self._current, self._file = reader, file
                for item in reader.rows():
                    last = max(last, _line(item))
                    yield self._moved(item, reader.columns, start, split, file)
                self._read.append((file, reader.findings, _languages(reader)))
                self._current = None
            self._done_bytes += file.stat().st_size
            start += last

    def position_bytes(self) -> int:
        """How far `rows` is, in all files together."""
        inner = self._current.position_bytes() if self._current is not None else 0
        return min(self.size_bytes, self._done_bytes + inner)

    def close(self) -> None:
        """Close the file that is open."""
        if self._current is not None:
            self._current.close()

    def _reader(self, file: Path) -> Reader:
        limit = self._sample_bytes
        if limit is not None:
            limit = max(1, limit - self._done_bytes)
        return self._open(file, self._chosen, sample_bytes=limit)

    def _moved(
        self, item: Item, columns: tuple[str, ...], start: int, split: str, file: Path
    ) -> Item:
        """An item of a file as one of all."""
        if isinstance(item, EmptyRow | RepeatedHeader):
            return replace(item, line=start + item.line)
        if isinstance(item, BadRow):
            name = file.relative_to(self._root).as_posix()
            row = replace(item.row, line=start + item.row.line, reason=f"{name}: {item.row.reason}")
            return BadRow(item.kind, row)
        cells = dict(zip(columns, item.cells, strict=True))
        self._unknown.add(cells, start + item.line)
        cells[self._label] = split
        return ReadRow(start + item.line, tuple(cells.get(name, "") for name in self.columns))

    def _of_files(self) -> Iterator[tuple[Path, tuple[Finding, ...], tuple[str, ...]]]:
        """Findings and languages of each file that was read, and of the one that is open."""
        yield from self._read
        if self._current is not None:
            yield self._file, self._current.findings, _languages(self._current)


def _languages(reader: Reader) -> tuple[str, ...]:
    return tuple(getattr(reader, "languages", ()))


def _line(item: Item) -> int:
    return item.row.line if isinstance(item, BadRow) else item.line


def _order(file: Path, folder: Path) -> int:
    return side_named(split_of(file, folder)) or 9


def _data_set(file: Path, folder: Path) -> str:
    """The folders in which a file stands, without those that name a side of the split."""
    parts = file.relative_to(folder).parts[:-1]
    return "/".join(part for part in parts if side_named(part) is None)
