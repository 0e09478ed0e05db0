"""Entries of a WebNLG file as its XML is parsed, piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.handler import ContentHandler

from engine.contract.errors import UserError
from engine.data.reader_errors import item_too_long
from engine.data.webnlg_rows import Lexicalisation, WebnlgEntry

_ROOT = "benchmark"
_TEXTS = ("mtriple", "lex", "text")
_NO_TEXTS = ("sortedtripleset", "references", "template", "lexicalization", "tree")
"""What WebNLG's enriched release has in a `lex` beside its text."""
_DEEPEST = 32
"""WebNLG's own elements are five deep."""
MAX_ENTRY_CHARACTERS = 2**20
"""Longest entry, its triples and texts together; WebNLG's have some thousand characters."""


@dataclass
class _Open:
    """An element with text that is open.

    Attributes:
        pieces: of its text, with that of elements inside it that are only marks in the text.
        inner: of a `lex`, whether its texts stand in elements of their own.
    """

    name: str
    line: int
    comment: str
    language: str
    pieces: list[str] = field(default_factory=list)
    inner: bool = False


class EntryHandler(ContentHandler):
    """Hears the parser and gives out entries.

    Args:
        name: of the file, for messages.
        handle: called with each entry when it ends.

    Attributes:
        started: whether the first element was there, and the right one.
        events: how much was heard: a parser that stays silent is within one endless tag.
    """

    def __init__(self, name: str, handle: Callable[[WebnlgEntry], object]) -> None:
        super().__init__()
        self.started = False
        self._name, self._handle = name, handle
        self._locator: Any = None
        self._depth = 0
        self._entry: WebnlgEntry | None = None
        self._open: list[_Open] = []
        self._left_out = 0  # how deep inside an element that is no text of the entry
        self._characters = 0
        self._modified = False
        self.events = 0

    def setDocumentLocator(self, locator: Any) -> None:
        """Keep what knows the line."""
        self._locator = locator

    def startElement(self, name: str, attrs: Any) -> None:
        """An element opens."""
        self._depth += 1
        self.events += 1
        if not self.started:
            if name != _ROOT:
                raise UserError(
                    "not-webnlg",
                    "{file} is not a WebNLG file: its first element is <{element:.60}>, not "
                    "<{expected}>. Convert other XML to JSON lines.",
                    file=self._name,
                    element=name,
                    expected=_ROOT,
                )
            self.started = True
        if self._depth > _DEEPEST:
            raise UserError(
                "xml-too-deep",
                "{file} is nested more than {limit} elements deep in line {line}. It is not a "
                "WebNLG file.",
                file=self._name,
                limit=_DEEPEST,
                line=self._line(),
            )
        self._characters += 1  # an entry of a million empty elements is none
        if self._left_out or (self._open and name in _NO_TEXTS):
            self._left_out += 1
        elif name == "entry":
            self._characters = 0
            self._entry = WebnlgEntry(
                self._line(),
                attrs.get("category", "").strip(),
                attrs.get("eid", "").strip(),
                attrs.get("size", "").strip(),
            )
        elif name == "modifiedtripleset":
            self._modified = True
        elif name in _TEXTS and self._entry is not None:
            self._open_text(name, attrs)

    def _open_text(self, name: str, attrs: Any) -> None:
        """A `lex` stands in an entry or another `lex`, a `text` of the enriched release in one."""
        outer = self._open[-1] if self._open else None
        if (name == "text" and outer is None) or (outer is not None and outer.name != "lex"):
            return
        if outer is not None:
            outer.inner = True
        comment = attrs.get("comment", outer.comment if outer else "").strip()
        language = attrs.get("lang", outer.language if outer else "").strip()
        self._open.append(_Open(name, self._line(), comment, language))

    def characters(self, content: str) -> None:
        """Text, in pieces."""
        self.events += 1
        if not self._open or self._entry is None or self._left_out:
            return
        self._characters += len(content)
        if self._characters > MAX_ENTRY_CHARACTERS:
            raise item_too_long(self._name, self._entry.line, MAX_ENTRY_CHARACTERS)
        self._open[-1].pieces.append(content)

    def endElement(self, name: str) -> None:
        """An element closes."""
        self._depth -= 1
        self.events += 1
        entry = self._entry
        if entry is None:
            return
        if self._left_out:
            self._left_out -= 1
        elif name == "entry":
            self._entry = None
            self._open.clear()
            self._handle(entry)
        elif name == "modifiedtripleset":
            self._modified = False
        elif self._open and self._open[-1].name == name:
            self._close_text(entry, self._open.pop())

    def _close_text(self, entry: WebnlgEntry, closed: _Open) -> None:
        text = " ".join("".join(closed.pieces).split())
        if closed.name == "mtriple":
            if self._modified:
                entry.triples.append(text)
        elif text or not closed.inner:
            entry.texts.append(Lexicalisation(text, closed.comment, closed.language, closed.line))

    def open_entry(self) -> WebnlgEntry | None:
        """The entry that the file breaks off in."""
        return self._entry

    def _line(self) -> int:
        return int(self._locator.getLineNumber()) if self._locator is not None else 1
