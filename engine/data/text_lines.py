"""The lines of a text file, none longer than memory should hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from engine.contract.errors import UserError
from engine.data.dialects import MAX_CELL_CHARACTERS


def lines_of(text: TextIO, *, name: str, cut: bool) -> Iterator[str]:
    """Lines with their ends; without the last where the text is `cut` within it.

    Args:
        text: from the beginning of the file, with its line ends as they stand.
        name: of the file, for the message.

    Raises:
        UserError: a line is too long.
    """
    number = 1
    line = text.readline(MAX_CELL_CHARACTERS).removeprefix("\ufeff")
    while line:
        if len(line) == MAX_CELL_CHARACTERS:
            raise UserError(
                "line-too-long",
                "Line {line} of {file} is longer than {limit:,} characters. Choose a file with "
                "one row per line.",
                line=number,
                file=name,
                limit=MAX_CELL_CHARACTERS,
            )
        following = text.readline(MAX_CELL_CHARACTERS)
        if cut and not following and number > 1:
            return
        yield line
        line = following
        number += 1


def head_lines(head: bytes) -> list[str]:
    """The whole lines of a file's first bytes, for telling its format."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.splitlines()
    return lines[:-1] if len(lines) > 1 and not text.endswith(("\n", "\r")) else lines
