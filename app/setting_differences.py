"""In which settings runs differ, from their specs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.contract import codec
from engine.contract.options import METHODS, OPTIONS
from engine.contract.run_spec import RunSpec

ABSENT = "–"
_HELP = {option.field: option.help for option in OPTIONS}
_METHOD_NAMES = {kind.__name__: name for name, kind in METHODS.items()}
_UNIMPORTANT = frozenset({"run_id", "version"})
HASH_CHARS = 12


@dataclass(frozen=True)
class SettingDifference:
    """A setting that is not the same in all runs.

    Attributes:
        field: dotted name in the spec, such as "training.batch_size".
        help: what it means, where an option of the command line says so.
        values: one a run; "–" where its method has no such setting.
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
    flat = [dict(_flatten(codec.to_plain(spec))) for spec in specs]
    fields = dict.fromkeys(field for settings in flat for field in settings)
    found = []
    for field in fields:
        values = tuple(settings.get(field, ABSENT) for settings in flat)
        if len(set(values)) > 1:
            found.append(SettingDifference(field, _HELP.get(field, ""), values))
    return tuple(found)


def _flatten(plain: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(dotted field, value in words) of each setting; lists stay whole."""
    for name, value in plain.items():
        field = f"{prefix}{name}"
        if field in _UNIMPORTANT:
            continue
        if name == "type":
            if field == "method.type":
                yield "method", _METHOD_NAMES.get(value, value)
        elif isinstance(value, dict):
            yield from _flatten(value, f"{field}.")
        elif name == "fingerprint":
            yield field, str(value)[:HASH_CHARS]
        else:
            yield field, _say(value)


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(_say, value)) or "none"
    if isinstance(value, dict):
        return ": ".join(_say(part) for name, part in value.items() if name != "type")
    return "none" if value is None or value == "" else str(value)
