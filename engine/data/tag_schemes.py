"""How tags mark entities: IOB2, and the schemes that are written anew as IOB2.

IOB2 begins each entity with B- and continues it with I-. IOB1 begins with I-, and with B- only
next to an entity of the same type (Tjong Kim Sang & Veenstra 1999). IOBES and BILOU also mark an
entity's end (E-, L-) and an entity of one word (S-, U-).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Sequence

TAG = re.compile(r"O|[BIESLU]-\S+")
"""A tag of an entity in any of the schemes."""
_ENDS = {"S": "B", "U": "B", "E": "I", "L": "I"}


class TagScheme(enum.Enum):
    """How a file marks entities; the value is its name."""

    IOB2 = "IOB2"
    IOB1 = "IOB1"
    IOBES = "IOBES"
    BILOU = "BILOU"


def entity_types(tags: Iterable[str]) -> Iterator[str]:
    """The type of each entity; a tag without B- or I- is a type of its own.

    As conlleval does, I- after O or after another type begins an entity.
    """
    before = ""
    for tag in tags:
        mark, kind = parts_of(tag)
        if mark not in ("", "O") and not (mark == "I" and kind == before):
            yield kind
        elif not mark:
            yield tag
        before = kind


def breaks_iob2(tags: Iterable[str]) -> bool:
    """Whether a tag continues an entity that was not begun."""
    before = ""
    for tag in tags:
        mark, kind = parts_of(tag)
        if mark == "I" and kind != before:
            return True
        before = kind
    return False


def scheme_of(sentences: Iterable[Sequence[str]]) -> TagScheme:
    """The scheme of these tags.

    It is IOB1 where entities begin with I-, and B- stands only where that scheme asks for it.
    """
    marks: set[str] = set()
    begins_with_i, is_iob1 = False, True
    for tags in sentences:
        before = ""
        for tag in tags:
            mark, kind = parts_of(tag)
            marks.add(mark)
            begins_with_i = begins_with_i or (mark == "I" and kind != before)
            is_iob1 = is_iob1 and not (mark == "B" and kind != before)
            before = kind
    if marks & {"S", "E"}:
        return TagScheme.IOBES
    if marks & {"U", "L"}:
        return TagScheme.BILOU
    return TagScheme.IOB1 if begins_with_i and is_iob1 else TagScheme.IOB2


def as_iob2(tags: Sequence[str], scheme: TagScheme) -> list[str]:
    """The tags in IOB2."""
    if scheme is TagScheme.IOB2:
        return list(tags)
    written, before = [], ""
    for tag in tags:
        mark, kind = parts_of(tag)
        if scheme is TagScheme.IOB1:
            mark = "B" if mark == "I" and kind != before else mark
        else:
            mark = _ENDS.get(mark, mark)
        written.append(f"{mark}-{kind}" if kind else tag)
        before = kind
    return written


def parts_of(tag: str) -> tuple[str, str]:
    """The mark and the type of a tag: ("B", "PER"), ("O", ""); ("", "") of one that has neither."""
    if tag == "O":
        return "O", ""
    return (tag[0], tag[2:]) if TAG.fullmatch(tag) else ("", "")
