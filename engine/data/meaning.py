"""Meaning representations as the E2E challenge writes them: "name[Blue Spice], area[riverside]".

Values may hold commas and brackets. A bracket closes a value only where a comma or the end
follows; where brackets come in pairs inside a value, the pairs are kept together.
"""

from __future__ import annotations

import re

Field = tuple[str, str]
"""A key and its value."""

_AFTER = re.compile(r"\s*(?:,\s*|\Z)")
_BRACKET = re.compile(r"[\[\]]")


class NotAMeaningError(ValueError):
    """The text is no meaning representation; the message says where it stops being one."""


def parse_meaning(text: str) -> tuple[Field, ...]:
    """Keys and values in order; an empty text has none.

    Raises:
        NotAMeaningError: with the position of what does not fit.
    """
    fields: list[Field] = []
    position, end = 0, len(text.rstrip())
    # Once brackets have turned out not to come in pairs, they are not counted any more: so
    # the time stays proportional to the length.
    paired = True
    while position < end:
        opening = text.find("[", position)
        key = text[position:opening].strip() if opening >= 0 else ""
        if not key or "," in key or "]" in key:
            raise NotAMeaningError(
                f"at character {position + 1}, expected key[value], found "
                f"{text[position : position + 20]!r}"
            )
        stop = _value_end(text, opening + 1, paired=True) if paired else None
        if stop is None:
            paired = False
            stop = _value_end(text, opening + 1, paired=False)
        if stop is None:
            raise NotAMeaningError(
                f"the value of {key!r}, at character {opening + 1}, is never closed by ]"
            )
        fields.append((key, text[opening + 1 : stop].strip()))
        after = _AFTER.match(text, stop + 1)
        assert after is not None
        position = after.end()
    return tuple(fields)


def is_meaning(text: str) -> bool:
    """Whether the text is a meaning representation with at least one field."""
    try:
        return bool(parse_meaning(text))
    except NotAMeaningError:
        return False


def _value_end(text: str, start: int, *, paired: bool) -> int | None:
    """Where the bracket stands that closes the value starting at `start`."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        position = bracket.start()
        if bracket.group() == "[":
            depth += 1
        elif (depth == 0 or not paired) and _AFTER.match(text, position + 1):
            return position
        else:
            depth = max(0, depth - 1)
    return None
