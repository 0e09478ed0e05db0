"""Files of well-known data sets that hold only a part: which, and what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

from engine.contract.errors import UserError

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
        raise UserError(
            "wikibio-without-texts",
            "{file} has WikiBio's form, one box of fields per line. Its texts are in "
            "separate files (.sent and .nb). Write a table with one row per person, or use "
            "WikiBio as parquet, which holds both.",
            file=path.name,
        )
    if _RECORDS.match(line):
        raise UserError(
            "rotowire-without-texts",
            "{file} has RotoWire's form, the records of one game per line. Its texts are "
            "in a separate file. Write a table with the records in one column and the text "
            "in another.",
            file=path.name,
        )
