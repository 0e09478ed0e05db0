"""Names that become files and folders: of runs, datasets, studies.

A project may come from anyone, so a name from a file is checked before it is a path. The
specs check their ids when they are made, and so when they are decoded.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.contract.errors import UserError

MAX_NAME_BYTES = 200
"""Leaves room for endings: file systems allow 255."""
_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Devices on Windows."""


def check_name(name: str, *, what: str) -> str:
    """Return `name` if it is the name of one file or folder on every system.

    Args:
        what: the field that holds it, for the message.

    Raises:
        UserError: empty, too long, hidden, a device, or with separators or control characters.
    """
    shown = ascii(name if len(name) <= 60 else name[:60] + "…")
    if not name or name[0] in ". " or name[-1] in ". " or _FORBIDDEN.search(name):
        raise UserError(
            "no-plain-name",
            "{what} is {name}. It must be a plain name: no separators, control characters or "
            "invalid characters, and no dot or space at its beginning or end.",
            what=what,
            name=shown,
        )
    if _RESERVED.fullmatch(name):
        raise UserError(
            "name-of-a-device",
            "{what} is {name}, which is a device on some systems. Rename it.",
            what=what,
            name=shown,
        )
    length = len(name.encode("utf-8"))
    if length > MAX_NAME_BYTES:
        raise UserError(
            "name-too-long",
            "{what} has {length} bytes. At most {limit} are allowed.",
            what=what,
            length=length,
            limit=MAX_NAME_BYTES,
        )
    return name


def path_in(folder: Path, name: str, ending: str = "", *, what: str = "name") -> Path:
    """The path of `name` in `folder`: the only way from a name in a file to a path.

    Raises:
        UserError: as `check_name`.
    """
    return folder / (check_name(name, what=what) + ending)
