"""What tells the runs of a study apart: the fields of their specs that it varies."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.methods.all import MethodSpec
from engine.contract.specs.run import RunSpec

Value = MethodSpec | bool | int | str | float | None


@dataclass(frozen=True)
class Factor:
    """A field that a study varies, at one of its values.

    Attributes:
        field: dotted, within `RunSpec`, such as "method.prefix_length".
        value: finite; of an enum, its string; None also where the run's method has no such field.
    """

    field: str
    value: Value


Factors = tuple[Factor, ...]


@dataclass(frozen=True)
class StudyKey:
    """Where a run belongs in the figure; runs of other seeds have the same key.

    Attributes:
        series: what the runs of a line, or of one colour, have in common.
        point: what differs along the axis, or between categories.
    """

    series: Factors = ()
    point: Factors = ()


def factors_of(spec: RunSpec, fields: Sequence[str]) -> Factors:
    """These fields of a spec with their values."""
    return tuple(Factor(field, _value(spec, field)) for field in fields)


def _value(spec: RunSpec, field: str) -> Value:
    value: object = spec
    for name in field.split("."):
        value = getattr(value, name, None)
    if isinstance(value, enum.Enum):
        value = value.value
    return value  # type: ignore[return-value]  # a scalar or a method: a recipe's fields are
