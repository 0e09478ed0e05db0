"""The values of a JSON file one after another, as text, without reading the whole file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from engine.contract.errors import UserError

MAX_VALUE_CHARACTERS = 64 * 2**20
"""Longest item that is read."""
SHOWN_CHARACTERS = 10_000
"""What is kept of the text of a rest that cannot be read."""

_CHUNK_CHARACTERS = 2**20
_SPACE = re.compile(r"[\s,]*")
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[\s,\]}]")
_WRAPPER = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[(?=\s*\{)')
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Value:
    """One value; `problem` says what is wrong where it is not whole.

    Attributes:
        line: where it starts, 1-based.
        text: as it stands in the file; of a `problem` the first 10,000 characters.
    """

    line: int
    text: str
    problem: str = ""


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
            raise _too_long(name, number)
        following = stream.readline(MAX_VALUE_CHARACTERS)
        if cut and not following and number > 1:
            return
        yield Value(number, line.strip())
        line = following
        number += 1


def wraps_a_list(text: str) -> bool:
    """Whether the text starts an object whose first entry is a list of objects."""
    return _WRAPPER.match(text) is not None


class ListValues:
    """The items of one list, which may be the first entry of an object that wraps it.

    An item that does not parse is found its end by its brackets, so that reading goes on with
    the next one. A file without a list gives the values that stand in it one after another.

    Args:
        stream: text of the file.
        name: of the file, for messages.
        cut: the text is only the first part of a file; what is open at its end is no fault.

    Raises:
        UserError: (from iterating) an item is longer than `MAX_VALUE_CHARACTERS`.
    """

    def __init__(self, stream: TextIO, *, name: str, cut: bool) -> None:
        self._stream, self._name, self._cut = stream, name, cut
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def __iter__(self) -> Iterator[Value]:
        in_list = wrapped = False
        if self._more() and (opening := _WRAPPER.match(self._buffer)):
            in_list = wrapped = True
            self._go_to(opening.end())
        elif self._skip_space() == "[":
            in_list = True
            self._go_to(self._at + 1)
        while letter := self._skip_space():
            if in_list and letter == "]":
                yield from self._after_the_list(wrapped=wrapped)
                return
            end = self._value_end()
            if end is None:
                if not self._cut:
                    yield self._rest("the file ends within this item")
                return
            yield Value(self._line, self._buffer[self._at : end])
            self._go_to(end)
        if in_list and not self._cut:
            yield self._rest("the list is never closed by ]: the file may have been cut")

    def _after_the_list(self, *, wrapped: bool) -> Iterator[Value]:
        self._go_to(self._at + 1)
        if wrapped and self._skip_space() == "}":
            self._go_to(self._at + 1)
        if self._skip_space() and not self._cut:
            yield self._rest("this stands after the end of the list and is not read")

    def _rest(self, problem: str) -> Value:
        return Value(
            self._line, self._buffer[self._at : self._at + SHOWN_CHARACTERS].rstrip(), problem
        )

    def _skip_space(self) -> str:
        """Go to the next character that is neither space nor comma; "" at the end."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            assert found is not None
            self._go_to(found.end())
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _value_end(self) -> int | None:
        """Where the value ends that starts here; None where the file ends before."""
        try:
            _, end = _decode(self._buffer, self._at)
            if self._buffer[self._at] in '{["' or end < len(self._buffer):
                return int(end)
        except (ValueError, RecursionError):
            pass  # broken, or not yet read to its end: the brackets say which
        if self._buffer[self._at] not in '{["':
            return self._scalar_end()
        return self._bracket_end()

    def _scalar_end(self) -> int | None:
        while (found := _SCALAR_END.search(self._buffer, self._at + 1)) is None:
            if not self._more():
                return len(self._buffer)
        return found.start()

    def _bracket_end(self) -> int | None:
        depth, inside = 0, False
        position = 0  # relative to the value's start, which moves when more is read
        while True:
            pattern = _INSIDE if inside else _OUTSIDE
            found = pattern.search(self._buffer, self._at + position)
            if found is None or found.end() == len(self._buffer):
                if self._more():
                    continue
                if found is None:
                    return None
            position = found.end() - self._at
            sign = found.group()
            if sign == "\\":
                position += 1
            elif sign == '"':
                inside = not inside
            else:
                depth += 1 if sign in "{[" else -1
            if depth <= 0 and not inside:
                return self._at + position

    def _go_to(self, position: int) -> None:
        self._line += self._buffer.count("\n", self._at, position)
        self._at = position

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        if len(self._buffer) - self._at > MAX_VALUE_CHARACTERS:
            raise _too_long(self._name, self._line)
        # As much again as waits, so that a long item is not looked through too often.
        wanted = max(_CHUNK_CHARACTERS, len(self._buffer) - self._at)
        chunk = self._stream.read(wanted)
        if self._at == 0 and not self._buffer:
            chunk = chunk.removeprefix("\ufeff")
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        self._ended = not chunk
        return bool(chunk)


def _too_long(name: str, line: int) -> UserError:
    return UserError(
        f"The item in line {line} of {name} is longer than {MAX_VALUE_CHARACTERS:,} characters: "
        "it is no data set with an item for each example."
    )
