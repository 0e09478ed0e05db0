"""The texts of an Excel workbook that its cells refer to by number."""

from __future__ import annotations

import re
from zipfile import BadZipFile

from engine.contract.errors import UserError
from engine.data.spreadsheets.archive import Archive
from engine.data.spreadsheets.xml_part import LOCAL, Attributes, XmlPart

_MOST_CHARACTERS = 200_000_000
_MOST_TEXTS = 5_000_000
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedStrings:
    """The texts that cells refer to by number, read no further than they are asked for."""

    def __init__(self, archive: Archive, name: str | None) -> None:
        self._name = archive.path.name
        self._texts: list[str] = []
        self._characters = 0
        self._is_phonetic = False
        self._part = XmlPart(self._start, self._end, name=archive.path.name)
        self._stream = archive.open(name) if name is not None else None
        self._chunks = self._part.chunks(self._stream) if self._stream is not None else iter(())

    def __getitem__(self, number: int) -> str:
        """The text of this number.

        Raises:
            BadZipFile: there is none.
            UserError: the texts are more than fit into memory.
        """
        while number >= len(self._texts):
            try:
                next(self._chunks)
            except StopIteration:
                raise BadZipFile(f"the text number {number} is missing") from None
        if number < 0:
            raise BadZipFile(f"there is no text number {number}")
        return self._texts[number]

    def close(self) -> None:
        """Close the part."""
        if self._stream is not None:
            self._stream.close()

    def _start(self, name: str, _values: Attributes) -> None:
        tag = LOCAL[name]
        if tag == "t" and not self._is_phonetic:
            self._part.collect(True)
        elif tag == "rPh":  # how Japanese is pronounced, above the text
            self._is_phonetic = True

    def _end(self, name: str) -> None:
        tag = LOCAL[name]
        if tag == "t":
            self._part.collect(False)
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "si":
            text = unescaped(self._part.take())
            self._texts.append(text)
            self._characters += len(text)
            if self._characters > _MOST_CHARACTERS or len(self._texts) > _MOST_TEXTS:
                raise UserError(
                    "too-many-cell-texts",
                    "{file} has more than {limit:,} characters or {text_limit:,} texts in its "
                    "shared strings, too many to fit in memory. Save the sheet as CSV.",
                    file=self._name,
                    limit=_MOST_CHARACTERS,
                    text_limit=_MOST_TEXTS,
                )


def unescaped(text: str) -> str:
    r"""Text with Excel's _xHHHH_ for characters that XML cannot hold put back."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
