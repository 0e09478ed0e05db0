"""A setting, said once: its words, bounds and flag stand in the metadata of its field.

The check of a spec, the options of the command line, the editors of the form and the tables of
the guide are all made of it.

    rank: int = setting(8, label="Rank", help="Rank of LoRA's matrices.", low=1, high=4096)
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError

_KEY = "setting"


class Architecture(enum.Enum):
    """The backbones on which a setting means anything."""

    ANY = "any"
    DECODER_ONLY = BackboneKind.DECODER.value
    ENCODER_DECODER = BackboneKind.ENCODER_DECODER.value

    def fits(self, kind: BackboneKind) -> bool:
        """Whether a backbone is one of them."""
        return self is Architecture.ANY or self.value == kind.value


@dataclass(frozen=True)
class Setting:
    """What there is to say of a field.

    Attributes:
        label: in the form; no full stop.
        help: one or two sentences for the tooltip, `--help` and the guide; they name the unit.
        flag: of the command line; "" for the field's name with hyphens. The flag of a switch
            gives the opposite of its default.
        unit: such as "tokens"; "" where there is none.
        low, high: the least and the largest value, both allowed; None for no bound.
        above, below: the same, not allowed themselves.
        none: what the form shows for None, such as "by epochs", or for an empty text; "" where
            neither is allowed.
        labels: each member of an enum with its words, in the order of the form.
        step: what the arrows of an editor add.
        factor: what they multiply by, where that suits better; 0 to add.
        percent: whether an editor shows 0.1 as 10 %.
        visible_when: other fields of the same spec, each with the values for which this one means
            anything.
        architecture: the backbones on which it does.
        answers: members of `AnswerKind`, the kinds of task in which it does; empty for all.
    """

    label: str
    help: str
    flag: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    none: str = ""
    labels: tuple[tuple[enum.Enum, str], ...] = ()
    step: float = 1
    factor: float = 0.0
    percent: bool = False
    visible_when: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    architecture: Architecture = Architecture.ANY
    answers: tuple[enum.Enum, ...] = ()

    @property
    def is_bounded(self) -> bool:
        """Whether there is a bound."""
        return (self.low, self.high, self.above, self.below) != (None, None, None, None)

    @property
    def allowed(self) -> str:
        """The bounds in words: "from 1 to 512 tokens", "above 0"."""
        match self.low, self.above, self.high, self.below:
            case None, None, None, None:
                words = "a number"
            case low, None, None, None:
                words = f"{low:g} or more"
            case None, above, None, None:
                words = f"above {above:g}"
            case None, None, high, None:
                words = f"at most {high:g}"
            case low, None, high, None:
                words = f"from {low:,g} to {_plain(high)}"
            case _:
                least = f"at least {self.low:g}" if self.above is None else f"above {self.above:g}"
                most = f"at most {self.high:g}" if self.below is None else f"below {self.below:g}"
                words = f"{least} and {most}"
        return f"{words} {self.unit}".rstrip()

    def allows(self, value: float) -> bool:
        """Whether a number is finite and within the bounds."""
        return (
            math.isfinite(value)
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def setting(default: Any, *, label: str, help: str, **more: Any) -> Any:
    """A dataclass field that is a setting; the arguments are `Setting`'s."""
    return field(default=default, metadata={_KEY: Setting(label, help, **more)})


@dataclass(frozen=True)
class SettingField:
    """A setting with its place in a spec.

    Attributes:
        name: of the field.
        kind: its type, such as int; without None.
        optional: whether it may be None.
    """

    name: str
    kind: type
    optional: bool
    default: Any
    setting: Setting

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return self.setting.flag or "--" + self.name.replace("_", "-")

    def words(self, value: Any) -> str:
        """A value as people read it."""
        if value is None or value == "":
            return self.setting.none
        if self.kind is bool:
            return "yes" if value else "no"
        if isinstance(value, enum.Enum):
            return dict(self.setting.labels)[value]
        return f"{value:g}" if isinstance(value, float) else str(value)


def settings_of(spec: type) -> tuple[SettingField, ...]:
    """The settings of a spec's class, in the order of its fields."""
    return _settings_of(spec)


@functools.cache
def _settings_of(spec: type) -> tuple[SettingField, ...]:
    return tuple(_read(spec))


def _read(spec: type) -> Iterator[SettingField]:
    hints = typing.get_type_hints(spec)
    for item in dataclasses.fields(spec):
        if _KEY in item.metadata:
            kinds = typing.get_args(hints[item.name]) or (hints[item.name],)
            kind = next(kind for kind in kinds if kind is not type(None))
            optional = type(None) in kinds
            yield SettingField(item.name, kind, optional, item.default, item.metadata[_KEY])


def check_settings(spec: Any) -> None:
    """Raise `UserError` for the first setting outside its bounds, with both."""
    for item in settings_of(type(spec)):
        value = getattr(spec, item.name)
        if item.kind in (int, float) and value is not None and not item.setting.allows(value):
            raise _out_of_range(item.name, value, item.setting)


def check_range(name: str, value: float | None, **bounds: float) -> None:
    """Raise `UserError` for a number outside bounds, named as those of `Setting`."""
    setting = Setting("", "", **bounds)  # type: ignore[arg-type]  # numbers only
    if value is not None and not setting.allows(value):
        raise _out_of_range(name, value, setting)


def _out_of_range(name: str, value: float, setting: Setting) -> UserError:
    return UserError(
        "setting-out-of-range",
        "{name} is {value}: it must be {allowed}.",
        name=name,
        value=value,
        allowed=setting.allowed,
    )


def is_visible(item: Setting, values: Mapping[str, Any]) -> bool:
    """Whether a setting means anything beside these values of its spec's other fields."""
    return all(values[name] in wanted for name, wanted in item.visible_when)


def _plain(number: float | None) -> str:
    return str(int(number)) if number is not None and number == int(number) else f"{number:g}"
