"""Entities that the tags of words mark, such as B-PER I-PER."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OUTSIDE = "O"
_TAG = re.compile(r"([BIES])(?:-(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Entity:
    """Words of one entity.

    Attributes:
        kind: its type, such as "PER"; "" of tags without one.
        start, end: indices of its words, the end not included.
    """

    kind: str
    start: int
    end: int


def is_entity_tag(tag: str) -> bool:
    """Whether a tag is O, or B, I, E or S, as a rule with a type."""
    return tag == OUTSIDE or _TAG.fullmatch(tag) is not None


def entities(tags: Sequence[str], *, strict: bool = False) -> tuple[Entity, ...]:
    """The entities of one text, in order.

    By the rule of conlleval (Tjong Kim Sang and Buchholz 2000), an I- that continues nothing, or
    something of another type, begins an entity as well; E- ends one and S- is a whole one.

    Args:
        tags: one for each word; what is no tag of an entity counts as O.
        strict: only B- begins an entity, which goes as far as I- of its type follow (IOB2).
    """
    result: list[Entity] = []
    kind: str | None = None  # of the entity that has begun
    start, before = 0, OUTSIDE
    for index, tag in enumerate((*tags, OUTSIDE)):
        match = _TAG.fullmatch(tag)
        prefix, type_ = (match[1], match[2] or "") if match else (OUTSIDE, "")
        continues = prefix == "I" if strict else prefix in "IE" and before not in "ES"
        if kind is not None and not (continues and type_ == kind):
            result.append(Entity(kind, start, index))
            kind = None
        if kind is None and (prefix == "B" if strict else prefix != OUTSIDE):
            kind, start = type_, index
        before = prefix
    return tuple(result)
