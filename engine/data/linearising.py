"""From the fields of a table and source texts to the one text that a backbone reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.contract.data_spec import Linearisation, Preset
from engine.data.meaning import Field

_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def linearise(fields: Sequence[Field], sources: Sequence[str], form: Linearisation) -> str:
    """Write fields in the form's preset, then the source texts as they stand, a line each.

    Line breaks inside a value become spaces: a field stays on one line.
    """
    written = _write(_prepare(fields, form), form.preset)
    return "\n".join([written, *sources] if written else sources)


def _prepare(fields: Sequence[Field], form: Linearisation) -> list[Field]:
    prepared = []
    for key, value in fields:
        if form.skip_empty and not value.strip():
            continue
        key = key.lower() if form.lower_keys else key
        prepared.append((_LINE_BREAKS.sub(" ", key), _LINE_BREAKS.sub(" ", value)))
    return prepared


def _write(fields: list[Field], preset: Preset) -> str:
    if preset is Preset.PAPER:
        return " | ".join(f"{key} : {value}" for key, value in fields)
    if preset is Preset.BRACKETS:
        return ", ".join(f"{key}[{value}]" for key, value in fields)
    if preset is Preset.LINES:
        return "\n".join(f"{key}: {value}" for key, value in fields)
    return ", ".join(value for _, value in fields)
