"""In which settings runs differ, from their specs."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.contract.methods.all import info_of
from engine.contract.options import OPTIONS
from engine.contract.specs.run import RunSpec

ABSENT = "–"
_UNIMPORTANT = frozenset({"run_id", "version"})
HASH_CHARS = 12


@dataclass(frozen=True)
class SettingDifference:
    """A setting that is not the same in all runs.

    Attributes:
        field: dotted name in the spec, such as "training.batch_size".
        help: what it means, where an option of the command line says so.
        values: of each run; "–" where its method has no such setting.
    """

    field: str
    help: str
    values: tuple[str, ...]

    @property
    def title(self) -> str:
        """The field as people read it, such as "training: batch size"."""
        return self.field.replace("_", " ").replace(".", ": ")


def setting_differences(specs: Sequence[RunSpec]) -> tuple[SettingDifference, ...]:
    """Every setting in which these runs differ, in the order of the spec."""
    flat = [dict(_flatten(spec)) for spec in specs]
    fields = dict.fromkeys(field for settings in flat for field in settings)
    parts = list(dict.fromkeys(field.partition(".")[0] for field in fields))
    differences = []
    for field in sorted(fields, key=lambda field: parts.index(field.partition(".")[0])):
        values = tuple(settings.get(field, ABSENT) for settings in flat)
        if len(set(values)) > 1:
            help_text = OPTIONS[field].setting.help if field in OPTIONS else ""
            differences.append(SettingDifference(field, help_text, values))
    return tuple(differences)


def _flatten(part: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(dotted field, value in words) of each setting; a tuple stays whole."""
    for item in dataclasses.fields(part):
        field, value = f"{prefix}{item.name}", getattr(part, item.name)
        if field == "task":  # its settings go without its name, as on the command line
            yield from _flatten(value)
            continue
        if field in _UNIMPORTANT:
            continue
        if field == "method":
            yield field, info_of(value).name
        if dataclasses.is_dataclass(value):
            yield from _flatten(value, f"{field}.")
        elif item.name == "fingerprint":
            yield field, value[:HASH_CHARS]
        else:
            yield field, _say(value)


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return str(value.value).replace("_", " ")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(map(_say, value)) or "none"
    if dataclasses.is_dataclass(value):
        return ": ".join(_say(getattr(value, item.name)) for item in dataclasses.fields(value))
    return "none" if value is None or value == "" else str(value)
