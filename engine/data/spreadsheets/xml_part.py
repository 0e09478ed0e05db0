"""Reading XML as a stream, element by element, in little memory whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from engine.contract.errors import UserError
from engine.data.dialects import MAX_CELL_CHARACTERS
from engine.data.reader_errors import tag_too_long, xml_entities

_CHUNK_BYTES = 2**16
_MOST_NAMES = 1000
_MOST_TAG_BYTES = 8 * 2**20
"""A tag or comment is in memory as a whole, and read again with every chunk."""

Attributes = dict[str, str]


class _LocalNames(dict[str, str]):
    def __missing__(self, name: str) -> str:
        local = name.rpartition(" ")[2]
        if len(self) < _MOST_NAMES:
            self[name] = local
        return local


LOCAL = _LocalNames()
"""Names of elements without their namespaces."""


class XmlPart:
    """One pass over the XML in a stream.

    Args:
        start: called with the name of each element and its attributes. Names are
            "NAMESPACE name", or "name" where there is none; `LOCAL` has their last words.
        end: called with the name of each element that ends.
        name: of the file, for messages.

    Attributes:
        read_bytes: how far it is.
    """

    def __init__(
        self, start: Callable[[str, Attributes], None], end: Callable[[str], object], *, name: str
    ) -> None:
        self.read_bytes = 0
        self._name = name
        self._pieces: list[str] = []
        self._characters = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.buffer_size = _CHUNK_BYTES
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end

    def chunks(self, stream: IO[bytes]) -> Iterator[None]:
        """Read the stream, yielding after each part of it.

        Raises:
            UserError: a cell, tag or comment is too large; entities are declared.
            ExpatError, BadZipFile, zlib.error: it is no whole XML, or its file is damaged.
        """
        while chunk := stream.read(_CHUNK_BYTES):
            self.read_bytes += len(chunk)
            self._parser.Parse(chunk, False)
            if self.read_bytes - self._parser.CurrentByteIndex > _MOST_TAG_BYTES:
                raise tag_too_long(self._name, _MOST_TAG_BYTES)
            yield
        self._parser.Parse(b"", True)

    def collect(self, wanted: bool) -> None:
        """Collect the text that comes from now on, or leave it out."""
        self._parser.CharacterDataHandler = self.add if wanted else None

    def add(self, text: str) -> None:
        """Add to the text that is collected."""
        self._pieces.append(text)
        self._characters += len(text)
        if self._characters > MAX_CELL_CHARACTERS:
            raise UserError(
                "sheet-cell-too-long",
                "A cell of {file} is longer than {limit:,} characters. Split its text into rows.",
                file=self._name,
                limit=MAX_CELL_CHARACTERS,
            )

    def take(self) -> str:
        """The text that was collected, which is then forgotten."""
        if not self._pieces:
            return ""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._characters = 0
        return text

    def _refuse_doctype(self, *_declaration: object) -> None:
        raise xml_entities(self._name)
