"""Files of well-known data sets that hold only a part: which, and what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.reader_errors import inputs_without_texts

_BOX = re.compile(r"(?:[^\s:]+:[^\t]*\t){2,}[^\s:]+:[^\t]*")
_NUMBERED = re.compile(r"(?:^|\t)[^\s:\t]+_1:")
_RECORDS = re.compile(r"(?:\S+￨\S+ ){10}")


def refuse_parts(path: Path, head: bytes) -> None:
    """Raise `UserError` for a file of inputs whose texts stand in another file.

    Args:
        path: for the message.
        head: the first bytes of the file.
    """
    line = head.decode("utf-8", "replace").partition("\n")[0].rstrip("\r")
    if _BOX.fullmatch(line) and _NUMBERED.search(line):
        raise inputs_without_texts(path.name, "WikiBio")
    if _RECORDS.match(line):
        raise inputs_without_texts(path.name, "RotoWire")
