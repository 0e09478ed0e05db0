"""The values of a JSON file one after another, as text, without reading the whole file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from engine.data.reader_errors import item_too_long

MAX_VALUE_CHARACTERS = 64 * 2**20
"""Longest item that is read."""
SHOWN_CHARACTERS = 10_000
"""How much is shown of a rest that cannot be read."""

CHUNK_CHARACTERS = 2**20
DECODED_CHARACTERS = 4 * 2**20
"""What is decoded to find the end of a value; in more text than this its brackets are counted."""
_SPACE = re.compile(r"[\s,]*")
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SCALAR_END = re.compile(r"[\s,\]}]")
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Value:
    """One value; `problem` says what is wrong where it is not whole.

    Attributes:
        line: where it starts, 1-based.
        text: as it stands in the file; of a `problem` the first 10,000 characters.
        key: of the entry of an object that it is, or in whose list it stands.
    """

    line: int
    text: str
    problem: str = ""
    key: str = ""


def line_values(stream: TextIO, *, name: str, cut: bool) -> Iterator[Value]:
    """One value a line, blank lines as empty values.

    Args:
        stream: text with its line ends as they stand.
        name: of the file, for messages.
        cut: the text is only the first part of a file; its last line is left out.

    Raises:
        UserError: a line is longer than `MAX_VALUE_CHARACTERS`.
    """
    line = stream.readline(MAX_VALUE_CHARACTERS).removeprefix("\ufeff")
    number = 1
    while line:
        if len(line) == MAX_VALUE_CHARACTERS:
            raise item_too_long(name, number, MAX_VALUE_CHARACTERS)
        following = stream.readline(MAX_VALUE_CHARACTERS)
        if cut and not following and number > 1:
            return
        yield Value(number, line.strip())
        line = following
        number += 1


class JsonWalker:
    """Goes through a JSON file, and holds no more of its text than the value it is at.

    The end of an item that does not parse is found by its brackets, so that reading goes on with
    the next one.

    Args:
        stream: text of the file.
        name: of the file, for messages.
        cut: the text is only the first part of a file; what is open at its end is no fault.

    Raises:
        UserError: (from all methods) a value is longer than `MAX_VALUE_CHARACTERS`.
    """

    def __init__(self, stream: TextIO, *, name: str, cut: bool) -> None:
        self._stream, self._name, self._cut = stream, name, cut
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._broken = False

    def next_letter(self) -> str:
        """Go to the next character that is neither space nor comma; "" at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            assert match is not None
            self._go_to(match.end())
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def values(self) -> Iterator[Value]:
        """The values that stand one after another, up to the end of the file."""
        while self.next_letter():
            value = self.value()
            if value is None:
                return
            yield value

    def items(self, key: str = "") -> Iterator[Value]:
        """The items of the list that starts here.

        Args:
            key: for the values.
        """
        self._go_to(self._at + 1)
        while letter := self.next_letter():
            if letter == "]":
                self._go_to(self._at + 1)
                return
            value = self.value(key)
            if value is not None:
                yield value
            if value is None or value.problem:
                return
        yield from self._unless_cut("the list is never closed by ]: the file may have been cut")

    def entries(self) -> Iterator[Value]:
        """The entries of the object that starts here, each before its value.

        Whoever iterates takes the value, with `value`, `items` or `entries`, or `skip`s it.
        """
        self._go_to(self._at + 1)
        while letter := self.next_letter():
            if letter == "}":
                self._go_to(self._at + 1)
                return
            start = self._line
            name = self.value() if letter == '"' else None
            if name is None or self.next_letter() != ":":
                yield from self._unless_cut("an entry of the object has no key and value")
                self._go_to(len(self._buffer))
                return
            self._go_to(self._at + 1)
            self.next_letter()
            yield Value(start, "", key=_key(name.text))
        yield from self._unless_cut("the object is never closed by }: the file may have been cut")

    def value(self, key: str = "") -> Value | None:
        """The value that starts here; None where a text that is only a part ends within it."""
        end = self._value_end() if self.next_letter() else None
        if end is None:
            rest = next(self._unless_cut("the file ends within this item"), None)
            self._go_to(len(self._buffer))
            return rest
        value = Value(self._line, self._buffer[self._at : end], key=key)
        self._go_to(end)
        return value

    def skip(self) -> None:
        """Go behind the value that starts here."""
        end = self._bracket_end() if self.next_letter() in _OPENING else self._scalar_end()
        self._go_to(len(self._buffer) if end is None else end)

    def rest(self, letters: str = "") -> Iterator[Value]:
        """What stands here, as one value with a problem, after these closing brackets."""
        for letter in letters:
            if self.next_letter() == letter:
                self._go_to(self._at + 1)
        if self.next_letter():
            yield from self._unless_cut("this stands after the end of the list and is not read")

    def _unless_cut(self, problem: str) -> Iterator[Value]:
        if not self._cut and not self._broken:
            self._broken = True
            text = self._buffer[self._at : self._at + SHOWN_CHARACTERS].rstrip()
            yield Value(self._line, text, problem)

    def _value_end(self) -> int | None:
        """Where the value ends that starts here; None where the file ends before."""
        opening = self._buffer[self._at] in _OPENING
        if len(self._buffer) - self._at <= DECODED_CHARACTERS:
            try:
                _, end = _decode(self._buffer, self._at)
                if opening or end < len(self._buffer):
                    return int(end)
            except (ValueError, RecursionError):
                pass  # broken, or not yet read to its end: the brackets say which
        return self._bracket_end() if opening else self._scalar_end()

    def _scalar_end(self) -> int | None:
        while (match := _SCALAR_END.search(self._buffer, self._at + 1)) is None:
            if not self._more():
                return len(self._buffer)
        return match.start()

    def _bracket_end(self) -> int | None:
        depth = 0
        position = 0  # relative to the value's start, which moves when more is read
        while True:
            match = _OUTSIDE.search(self._buffer, self._at + position)
            if match is None:
                position = len(self._buffer) - self._at
                if self._more():
                    continue
                return None
            position = match.end() - self._at
            sign = match.group()
            if sign == '"':
                ended = self._text_end(position)
                if ended is None:
                    return None
                position = ended
            else:
                depth += 1 if sign in "{[" else -1
            if depth <= 0:
                return self._at + position

    def _text_end(self, position: int) -> int | None:
        """Where a text in quotes ends that goes on at `position`; both relative to the value."""
        while True:
            match = _INSIDE.match(self._buffer, self._at + position)
            assert match is not None
            position = match.end() - self._at
            if match.end() < len(self._buffer) and self._buffer[match.end()] == '"':
                return position + 1
            if not self._more():
                return None

    def _go_to(self, position: int) -> None:
        self._line += self._buffer.count("\n", self._at, position)
        self._at = position

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        if len(self._buffer) - self._at > MAX_VALUE_CHARACTERS:
            raise item_too_long(self._name, self._line, MAX_VALUE_CHARACTERS)
        # As much again as waits, so that a long item is not searched too often.
        wanted = max(CHUNK_CHARACTERS, len(self._buffer) - self._at)
        chunk = self._stream.read(wanted)
        if self._at == 0 and not self._buffer:
            chunk = chunk.removeprefix("\ufeff")
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return bool(chunk)


_OPENING = ("{", "[", '"')


def _key(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text.strip('"')
