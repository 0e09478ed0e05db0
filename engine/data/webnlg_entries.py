"""Entries of a WebNLG file as its XML is parsed, piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.handler import ContentHandler

from engine.contract.errors import UserError

_ROOT = "benchmark"
_TEXTS = ("mtriple", "lex")
_DEEPEST = 32
"""WebNLG's own elements are five deep."""
MAX_ENTRY_CHARACTERS = 2**20
"""Longest entry, its triples and texts together; WebNLG's have some thousand characters."""


@dataclass
class Entry:
    """One entry.

    Attributes:
        line: where it starts.
        triples: as they stand in `modifiedtripleset`, each with its line.
        texts: (line, comment, text) of each `lex`.
    """

    line: int
    category: str
    eid: str
    size: str
    triples: list[str] = field(default_factory=list)
    texts: list[tuple[int, str, str]] = field(default_factory=list)


class EntryHandler(ContentHandler):
    """Hears the parser and gives out entries.

    Args:
        name: of the file, for messages.
        found: is given each entry when it ends.

    Attributes:
        started: whether the first element was there, and the right one.
    """

    def __init__(self, name: str, found: Callable[[Entry], object]) -> None:
        super().__init__()
        self.started = False
        self._name, self._found = name, found
        self._locator: Any = None
        self._depth = 0
        self._entry: Entry | None = None
        self._text: list[str] | None = None
        self._characters = 0
        self._comment = ""
        self._text_line = 0
        self._modified = False

    def setDocumentLocator(self, locator: Any) -> None:
        """Keep what knows the line."""
        self._locator = locator

    def startElement(self, name: str, attrs: Any) -> None:
        """An element opens."""
        self._depth += 1
        if not self.started:
            if name != _ROOT:
                raise UserError(
                    f"{self._name} is no WebNLG file: its first element is <{name[:60]}>, not "
                    f"<{_ROOT}>. Of XML only WebNLG's form is read; convert others to JSON lines."
                )
            self.started = True
        if self._depth > _DEEPEST:
            raise UserError(
                f"{self._name} is nested more than {_DEEPEST} elements deep in line "
                f"{self._line()}: it is no WebNLG file."
            )
        self._characters += 1  # an entry of a million empty elements is none
        if name == "entry":
            self._characters = 0
            self._entry = Entry(
                self._line(),
                attrs.get("category", "").strip(),
                attrs.get("eid", "").strip(),
                attrs.get("size", "").strip(),
            )
        elif name == "modifiedtripleset":
            self._modified = True
        elif name in _TEXTS and self._entry is not None:
            self._text = []
            self._text_line = self._line()
            self._comment = attrs.get("comment", "").strip()

    def characters(self, content: str) -> None:
        """Text, in pieces."""
        if self._text is None or self._entry is None:
            return
        self._characters += len(content)
        if self._characters > MAX_ENTRY_CHARACTERS:
            raise UserError(
                f"The entry in line {self._entry.line} of {self._name} is longer than "
                f"{MAX_ENTRY_CHARACTERS:,} characters: it is no WebNLG file."
            )
        self._text.append(content)

    def endElement(self, name: str) -> None:
        """An element closes."""
        self._depth -= 1
        entry = self._entry
        if entry is None:
            return
        if name == "entry":
            self._entry = None
            self._found(entry)
        elif name == "modifiedtripleset":
            self._modified = False
        elif name in _TEXTS and self._text is not None:
            text = " ".join("".join(self._text).split())
            self._text = None
            if name == "lex":
                entry.texts.append((self._text_line, self._comment, text))
            elif self._modified:
                entry.triples.append(text)

    def open_entry(self) -> Entry | None:
        """The entry that the file breaks off in."""
        return self._entry

    def _line(self) -> int:
        return int(self._locator.getLineNumber()) if self._locator is not None else 1
