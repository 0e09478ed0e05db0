"""From the fields of a table and source texts to the one text that a backbone reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.contract.specs.data import Linearisation, Preset
from engine.data.meaning import Field
from engine.data.triples import Triple

_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


Part = Field | Triple
"""What a table's text is made of: (key, value), or (subject, relation, object)."""


def linearise(parts: Sequence[Part], sources: Sequence[str], form: Linearisation) -> str:
    """Write fields and triples in the form's preset, then the source texts, a line each.

    Line breaks inside a value become spaces: a field stays on one line.
    """
    written = _write(_prepare(parts, form), form.preset)
    return "\n".join([written, *sources] if written else sources)


def as_field(part: Part) -> Field:
    """A part as key and value; a triple's key is "subject : relation"."""
    if isinstance(part, Triple):
        return f"{part.subject} : {part.relation}", part.object
    return part


def shown_field(part: Part) -> Field:
    """As `as_field`, with WebNLG's underscores and quotes removed from a triple, for people."""
    if isinstance(part, Triple):
        subject, value = (text.replace("_", " ") for text in (part.subject, part.object))
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        return f"{subject} : {part.relation}", value
    return part


def _prepare(parts: Sequence[Part], form: Linearisation) -> list[Field]:
    prepared = []
    lower_relations = form.lower_keys or form.preset is Preset.DART
    for part in parts:
        if isinstance(part, Triple):
            relation = part.relation.lower() if lower_relations else part.relation
            part = part._replace(relation=relation)
        key, value = as_field(part)
        if form.skip_empty and not value.strip():
            continue
        if form.lower_keys and not isinstance(part, Triple):
            key = key.lower()
        prepared.append((_LINE_BREAKS.sub(" ", key), _LINE_BREAKS.sub(" ", value)))
    return prepared


def _write(fields: list[Field], preset: Preset) -> str:
    if preset in (Preset.PAPER, Preset.DART):
        return " | ".join(f"{key} : {value}" for key, value in fields)
    if preset is Preset.WEBNLG:
        return "".join(f" | {key} : {value}" for key, value in fields)
    if preset is Preset.BRACKETS:
        return ", ".join(f"{key}[{value}]" for key, value in fields)
    if preset is Preset.LINES:
        return "\n".join(f"{key}: {value}" for key, value in fields)
    between = "\n" if preset is Preset.TEXT else ", "
    return between.join(value for _, value in fields)
