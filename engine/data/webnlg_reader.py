"""The reader for WebNLG's XML: one file, or a folder of files with train, dev and test below."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax import SAXParseException

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from engine.contract.dataset_store import RejectedRow
from engine.contract.errors import UserError
from engine.contract.reading import Finding, FindingKind, ReadOptions
from engine.data.opening import explain_read_errors, open_source
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.tallies import counted
from engine.data.triples import NotTriplesError, parse_triple, triples_cell
from engine.data.webnlg_entries import Entry, EntryHandler
from engine.data.webnlg_files import KnownEntries, find_files, split_of

COLUMNS = ("split", "category", "eid", "size", "triples", "text")
GOOD = ("good", "")
"""What WebNLG's makers wrote beside a text that may be learnt from; "toFix" is the other word."""
_DART_SOURCES = ("wikisql", "wikitablequestions", "webnlg", "e2e")
"""How DART's XML names a text's source in the same place."""
_PIECE_BYTES = 64 * 2**10


class WebNlgReader:
    """Reads WebNLG's XML (see `engine.data.readers.Reader`).

    A row for each text of an entry that is marked as good; an entry without texts is one row,
    so that it can be decoded. Entities are not expanded and nothing outside the file is read.

    Args:
        path: of a file or a folder.
        options: not used; the files say their encoding themselves.
        look_bytes: read no more than this.
    """

    format = "webnlg"

    def __init__(self, path: Path, options: ReadOptions, *, look_bytes: int | None = None) -> None:
        self._root = path
        self._files = find_files(path) if path.is_dir() else (path,)
        self._is_folder = path.is_dir()
        # One file alone is split as the user says, whatever its name.
        self.columns: tuple[str, ...] = COLUMNS if self._is_folder else COLUMNS[1:]
        self.place = "entry" if self._is_folder else "line"
        with explain_read_errors(path):
            self.size_bytes = sum(file.stat().st_size for file in self._files)
        if not self.size_bytes:
            raise UserError(f"{path.name} is empty (0 bytes): choose a file with entries.")
        self.looked_at_bytes = min(look_bytes or self.size_bytes, self.size_bytes)
        self.options = ReadOptions()
        self.description = f"WebNLG, {counted(len(self._files), 'XML file')}"
        self._position = 0
        self._stream: BinaryIO | None = None
        self._entries = 0
        self._known = KnownEntries()
        if not self._is_folder:
            self._check_start(path)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Entries that stand in several files, in what has been read."""
        return self._known.findings()

    def rows(self) -> Iterator[Item]:
        """All rows in the files' order, rejected ones too; to be called once."""
        for file in self._files:
            if self._position >= self.looked_at_bytes:
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
                f"{path.name} cannot be read as XML ({problem}): choose a whole WebNLG file."
            )

    def _read(self, file: Path, split: str) -> Iterator[Item]:
        assert self._stream is not None
        for found in self._parse(file, self._stream):
            self._entries += 1
            if isinstance(found, RejectedRow):
                yield self._reject(file, found.line, found.reason, found.text)
            else:
                yield from self._rows_of(file, found, split)

    def _parse(self, file: Path, stream: BinaryIO) -> Iterator[Entry | RejectedRow]:
        """Entries; what stops the parser comes last."""
        waiting: deque[Entry] = deque()
        handler = EntryHandler(self._name(file), waiting.append)
        parser = _parser(handler)
        try:
            while piece := stream.read(_PIECE_BYTES):
                self._position += len(piece)
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
        return self._position >= self.looked_at_bytes < self.size_bytes

    def _rows_of(self, file: Path, entry: Entry, split: str) -> Iterator[Item]:
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
        cell = triples_cell(triples)
        texts = [text for _, _, text in entry.texts]
        if self._known.has(f"{entry.category}\n{cell}", texts, self._place(entry.line)):
            return
        head: tuple[str, ...] = (entry.category, entry.eid, entry.size, cell)
        if self._is_folder:
            head = (split, *head)
        for line, comment, text in entry.texts or [(entry.line, "", "")]:
            if not _is_good(comment):
                reason = f"the text is marked {comment!r}, not 'good'"
                yield self._reject(file, line, reason, text, FindingKind.NOT_GOOD)
            elif not text and entry.texts:
                yield EmptyRow(self._place(line))
            else:
                yield ReadRow(self._place(line), (*head, text))

    def _place(self, line: int) -> int:
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
        return BadRow(kind, RejectedRow(self._place(line), reason, text))


def _parser(handler: EntryHandler) -> Any:
    """A parser that refuses entities and reads nothing but what it is fed."""
    parser = make_parser()
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)  # which it does itself only where it reads the file
    return parser


@contextmanager
def _refused(name: str) -> Iterator[None]:
    try:
        yield
    except DefusedXmlException as error:
        raise UserError(
            f"{name} defines entities or asks for other files, which no WebNLG file does "
            f"({type(error).__name__}): it is not read."
        ) from error
    except (LookupError, ValueError) as error:
        raise UserError(
            f"{name} says it has an encoding that is not read ({error}): save it as UTF-8."
        ) from error


def _is_good(comment: str) -> bool:
    return comment.lower() in GOOD or comment.lower().startswith(_DART_SOURCES)


def _broken_off(handler: EntryHandler, line: int, message: str) -> RejectedRow:
    entry = handler.open_entry()
    reason = f"the file cannot be read from here on: {message}"
    return RejectedRow(line, reason, _shown(entry) if entry is not None else "")


def _shown(entry: Entry) -> str:
    """What is kept of an entry that is rejected."""
    head = f"{entry.category} {entry.eid}".strip()
    return "\n".join([head, *entry.triples, *(text for _, _, text in entry.texts)])
