"""The reader for WebNLG's XML: one file, or a folder of files with train, dev and test below."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax import SAXParseException

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.json_rows import Rejection
from engine.data.languages import LanguageChoice
from engine.data.opening import explain_read_errors, open_source
from engine.data.reader_errors import check_not_empty, tag_too_long, xml_entities
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.tallies import counted
from engine.data.triples import NotTriplesError, parse_triple, triples_cell
from engine.data.webnlg_entries import EntryHandler
from engine.data.webnlg_files import KnownEntries, find_files, split_of
from engine.data.webnlg_rows import COLUMNS, MARKED_COLUMNS, WebnlgEntry, entry_rows

_START = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml\s|<benchmark[\s>])")
_PIECE_BYTES = 64 * 2**10
SILENT_BYTES = 16 * 2**20
"""Longest tag: after so many bytes without an element or text the file is refused."""
_HEADS = 200
"""Files of a folder whose first texts are read for their languages."""


class WebNlgReader:
    """Reads WebNLG's XML (see `engine.data.readers.Reader`).

    A row for each text of an entry that is marked as good, and is in the language that is read;
    an entry without texts is one row, so that it can be decoded. Entities are not expanded and
    nothing outside the file is read.

    Args:
        path: of a file or a folder.
        options: the language, where the user has settled it; the files say their encoding
            themselves.
        sample_bytes: read no more than this.
    """

    format = "webnlg"

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._root = path
        self._files = find_files(path) if path.is_dir() else (path,)
        self._is_folder = path.is_dir()
        self.unit = "entry" if self._is_folder else "line"
        with explain_read_errors(path):
            self.size_bytes = sum(file.stat().st_size for file in self._files)
        check_not_empty(path, self.size_bytes)
        self.sampled_bytes = min(sample_bytes or self.size_bytes, self.size_bytes)
        if not self._is_folder:
            self._check_start(path)
        self._language = LanguageChoice(self._first_marks(), options.language, path.name)
        self.options = ReadOptions(language=self._language.chosen)
        columns = MARKED_COLUMNS if self._language.chosen else COLUMNS
        # One file alone is split as the user says, whatever its name.
        self.columns: tuple[str, ...] = ("split", *columns) if self._is_folder else columns
        self.description = f"WebNLG, {counted(len(self._files), 'XML file')}"
        self._position = 0
        self._stream: BinaryIO | None = None
        self._entries = 0
        self._known = KnownEntries()

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """By its ending, else by its first element."""
        return fits or _START.match(head) is not None

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts, as far as they were read."""
        return self._language.languages

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Texts in other languages, and entries that stand in several files, in what was read."""
        return (*self._language.findings(), *self._known.findings())

    def rows(self) -> Iterator[Item]:
        """All rows in the files' order, rejected ones too; to be called once."""
        for file in self._files:
            if self._position >= self.sampled_bytes:
                return
            split = split_of(file, self._root) if self._is_folder else ""
            self._known.start_file(f"{file.parent}\n{split}")
            with explain_read_errors(file), open_source(file) as self._stream:
                yield from self._read(file, split)

    def position_bytes(self) -> int:
        """How far `rows` is, in all files together."""
        return self._position

    def close(self) -> None:
        """Close the file that is open."""
        if self._stream is not None:
            self._stream.close()

    def _check_start(self, path: Path) -> None:
        """Raise `UserError` unless the file starts as WebNLG's do."""
        handler = EntryHandler(path.name, lambda _entry: None)
        problem = "it holds no element"
        with explain_read_errors(path), open_source(path) as stream, _refused(path.name):
            try:
                _parser(handler).feed(stream.read(_PIECE_BYTES))
            except SAXParseException as error:
                problem = f"line {error.getLineNumber() or 1}: {error.getMessage()}"
        if not handler.started:
            raise UserError(
                "bad-xml",
                "{file} cannot be read as XML ({reason}). Choose a complete WebNLG file.",
                file=path.name,
                reason=problem,
            )

    def _first_marks(self) -> list[str]:
        """How the first texts of each file are marked with their language."""
        languages: list[str] = []

        def add_languages(entry: WebnlgEntry) -> None:
            languages.extend(lex.language for lex in entry.texts)

        for file in self._files[:_HEADS]:
            with (
                explain_read_errors(file),
                open_source(file) as stream,
                _refused(self._name(file)),
                contextlib.suppress(SAXParseException),  # reported when the rows are read
            ):
                _parser(EntryHandler(self._name(file), add_languages)).feed(
                    stream.read(_PIECE_BYTES)
                )
        return languages

    def _read(self, file: Path, split: str) -> Iterator[Item]:
        assert self._stream is not None
        for parsed in self._parse(file, self._stream):
            self._entries += 1
            if isinstance(parsed, RejectedRow):
                yield self._reject(file, parsed.line, parsed.reason, parsed.text)
            else:
                yield from self._rows_of(file, parsed, split)

    def _parse(self, file: Path, stream: BinaryIO) -> Iterator[WebnlgEntry | RejectedRow]:
        """Entries; what stops the parser comes last."""
        waiting: deque[WebnlgEntry] = deque()
        handler = EntryHandler(self._name(file), waiting.append)
        parser = _parser(handler)
        silent, events = 0, 0
        try:
            while piece := stream.read(_PIECE_BYTES):
                self._position += len(piece)
                silent = silent + len(piece) if handler.events == events else 0
                events = handler.events
                if silent > SILENT_BYTES:
                    raise tag_too_long(self._name(file), SILENT_BYTES)
                with _refused(self._name(file)):
                    parser.feed(piece)
                while waiting:
                    yield waiting.popleft()
                if self._is_cut():
                    return
            parser.close()
        except SAXParseException as error:
            yield from waiting
            yield _broken_off(handler, error.getLineNumber() or 1, error.getMessage())

    def _name(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix() if self._is_folder else file.name

    def _is_cut(self) -> bool:
        return self._position >= self.sampled_bytes < self.size_bytes

    def _rows_of(self, file: Path, entry: WebnlgEntry, split: str) -> Iterator[Item]:
        try:
            triples = [
                parse_triple(text, number) for number, text in enumerate(entry.triples, start=1)
            ]
        except NotTriplesError as error:
            yield self._reject(file, entry.line, str(error), _shown(entry))
            return
        if not triples:
            reason = "the entry holds no modifiedtripleset with an mtriple"
            yield self._reject(file, entry.line, reason, _shown(entry))
            return
        texts = [lex.text for lex in entry.texts]
        key = f"{entry.category}\n{triples_cell(triples)}"
        if self._known.has(key, texts, self._location(entry.line)):
            return
        for line, row in entry_rows(entry, triples, self._language.keeps):
            if isinstance(row, Rejection):
                yield self._reject(file, line, row.reason, row.text, row.kind)
            elif not row:
                yield EmptyRow(self._location(line))
            else:
                cells = tuple({**row, "split": split}[column] for column in self.columns)
                yield ReadRow(self._location(line), cells)

    def _location(self, line: int) -> int:
        """Line of a file; in a folder, where lines come again, the number of the entry."""
        return self._entries if self._is_folder else line

    def _reject(
        self,
        file: Path,
        line: int,
        reason: str,
        text: str,
        kind: FindingKind = FindingKind.BROKEN,
    ) -> BadRow:
        if self._is_folder:
            reason = f"{self._name(file)}, line {line}: {reason}"
        return BadRow(kind, RejectedRow(self._location(line), reason, text))


def _parser(handler: EntryHandler) -> Any:
    """A parser that refuses entities and reads nothing but what it is fed."""
    parser = make_parser()
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)  # which it does itself only where it reads the file
    return parser


@contextlib.contextmanager
def _refused(name: str) -> Iterator[None]:
    try:
        yield
    except DefusedXmlException as error:
        raise xml_entities(name) from error
    except (LookupError, ValueError) as error:
        raise UserError(
            "xml-encoding",
            "{file} declares an encoding that cannot be read ({reason}). Save it as UTF-8.",
            file=name,
            reason=str(error),
        ) from error


def _broken_off(handler: EntryHandler, line: int, message: str) -> RejectedRow:
    entry = handler.open_entry()
    reason = f"the file cannot be read from here on: {message}"
    return RejectedRow(line, reason, _shown(entry) if entry is not None else "")


def _shown(entry: WebnlgEntry) -> str:
    """How much is shown of an entry that is rejected."""
    head = f"{entry.category} {entry.eid}".strip()
    return "\n".join([head, *entry.triples, *(lex.text for lex in entry.texts)])
