"""The settings of a run by their dotted names, and the options of the command line that set them.

The command line builds its parser from `OPTIONS`, the window its form and the command for what it
is about to do, and the guide its tables.
"""

from __future__ import annotations

import dataclasses
import enum
import shlex
from collections.abc import Iterator
from typing import Any

from engine.contract import codec
from engine.contract.errors import UserError
from engine.contract.methods.all import METHODS, info_of
from engine.contract.reading.options import reading_args
from engine.contract.reading.reading import ReadOptions
from engine.contract.schema import SettingField, settings_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import DataSpec, Linearisation, Mapping, Role, Split, SplitKind
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.specs.training import TrainingSpec
from engine.contract.tasks.all import TASKS, task_info

_TASK_PARTS = {name: kind for info in TASKS for name, kind in info.parts}


def _options() -> Iterator[tuple[str, SettingField]]:
    parts: tuple[tuple[str, type], ...] = (
        ("data.linearisation", Linearisation),
        ("data.split", Split),
        ("data", DataSpec),
        *(("method", info.spec) for info in METHODS),
        ("training", TrainingSpec),
        *_TASK_PARTS.items(),
    )
    for part, spec in parts:
        for item in settings_of(spec):
            yield f"{part}.{item.name}", item


OPTIONS: dict[str, SettingField] = dict(_options())
"""The settings of a `RunSpec` by their dotted names, such as "method.prefix_length". Methods that
have one of the same name have the same one.

Each is an option of `train`, those of a task of `decode` too. Options whose field is a bool are
switches: giving one sets the opposite of its default."""


def answers_of(field: str) -> tuple[AnswerKind, ...]:
    """The kinds of answers for whose tasks a dotted field means anything."""
    tasks = [info.answer for info in TASKS if field.partition(".")[0] in dict(info.parts)]
    own = OPTIONS[field].setting.answers
    return tuple(kind for kind in tasks or AnswerKind if not own or kind in own)


INPUT_FLAGS = {
    Role.FIELD: "--field",
    Role.MEANING: "--meaning",
    Role.TRIPLES: "--triples",
    Role.SOURCE: "--text",
}
"""Options that name an input column and say what it holds; `--source` leaves that to a guess."""


def value_at(spec: object, field: str) -> Any:
    """The value of a dotted field.

    Raises:
        KeyError: this spec has no such field (another method's or task's, say).
    """
    *parents, name = field_path(field)
    for parent in parents:
        spec = getattr(spec, parent, None)
    if not dataclasses.is_dataclass(spec) or name not in spec.__dataclass_fields__:
        raise KeyError(field)
    return getattr(spec, name)


def field_path(field: str) -> list[str]:
    """Where a dotted field stands in a `RunSpec`: the task's settings go without its name."""
    parts = field.split(".")
    return ["task", *parts] if parts[0] in _TASK_PARTS else parts


def parse_value(kind: type[Any], flag: str, text: str, *, optional: bool = False) -> Any:
    """An option's text as its field's type; with `optional`, "none" is None.

    Raises:
        UserError: it does not read as one, naming the flag, the text and what is expected.
    """
    if issubclass(kind, enum.Enum):
        known = [str(member.value) for member in kind]
        if text not in known:
            raise wrong_value(flag, text, f"one of {', '.join(known)}")
        return kind(text)
    if optional and text == "none":
        return None
    try:
        value = kind(text)
    except ValueError as error:
        expected = "a whole number" if kind is int else "a number"
        raise wrong_value(flag, text, expected) from error
    if isinstance(value, int) and value not in codec.INTEGERS:
        raise wrong_value(flag, text, "a whole number of at most 18 digits")
    return value


def option_value(item: SettingField, flag: str, text: str | None, present: Any) -> Any:
    """What an option sets its field to.

    Args:
        flag: as it was given, for the sentence.
        text: None for a switch.
        present: the field's value, which a switch turns over.
    """
    if item.kind is bool:
        return not present
    return parse_value(item.kind, flag, text or "", optional=item.optional)


def wrong_value(flag: str, text: str, expected: str) -> UserError:
    """An option's text that does not read as what is expected, such as "a number"."""
    return UserError(
        "wrong-value",
        "{flag} is {text!r}. It must be {expected}.",
        flag=flag,
        text=text,
        expected=expected,
    )


def command_line(spec: RunSpec, *, data: str, out: str, reading: ReadOptions | None = None) -> str:
    """The `python main.py train …` command that makes this run; defaults are left out."""
    words = ["python", "main.py", "train", *option_args("--data", data)]
    words += reading_args(reading or ReadOptions())
    words += column_args(spec.data.mapping, spec.data.split)
    method = info_of(spec.method).name
    words += [*option_args("--backbone", spec.backbone), "--method", method]
    words += spec_args(spec)
    return shlex.join([*words, *option_args("--out", out)])


def column_args(mapping: Mapping, split: Split) -> list[str]:
    """Flags that name the columns with their roles, and the categories held out."""
    words: list[str] = []
    for column in mapping.inputs:
        words += option_args(INPUT_FLAGS[column.role], column.name)
    if mapping.answer is not AnswerKind.TEXT:
        words += ["--task", mapping.answer.value]
    for flag, role, wanted in (
        ("--target", Role.TARGET, True),
        ("--start", Role.START, mapping.answer is AnswerKind.SPAN),
        # The option does not only name the column: it also chooses the kind of split.
        ("--split-column", Role.SPLIT, split.kind is SplitKind.COLUMN),
        ("--category-column", Role.CATEGORY, True),
    ):
        name = mapping.column_of(role)
        if name is not None and wanted:
            words += option_args(flag, name)
    for name in mapping.named(Role.REFERENCES):
        words += option_args("--references", name)
    if split.kind is SplitKind.CATEGORY:
        for category in split.unseen_categories:
            words += option_args("--unseen", category)
    return words


def option_args(flag: str, value: str) -> list[str]:
    """A flag and its value; one word where the value would look like a flag itself."""
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]


def spec_args(spec: RunSpec, *, room: str = "") -> list[str]:
    """Flags and values of all fields that differ from the method's defaults.

    Args:
        room: start of the fields wanted, such as "data.".
    """
    default = default_spec(spec)
    words: list[str] = []
    for field, item in OPTIONS.items():
        if not field.startswith(room):
            continue
        try:
            value = value_at(spec, field)
        except KeyError:
            continue
        if value == value_at(default, field) and field != "method.prefix_length":
            continue
        words += [item.flag] if item.kind is bool else option_args(item.flag, value_text(value))
    return words


def value_text(value: object) -> str:
    """A setting's value as the command line reads it."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return "none" if value is None else str(value.value if isinstance(value, enum.Enum) else value)


def default_spec(spec: RunSpec) -> RunSpec:
    """The same run with chosen defaults everywhere but in data set, mapping and method kind."""
    method = info_of(spec.method).default(task_info(spec.task).answer)
    split = Split(kind=spec.data.split.kind, unseen_categories=spec.data.split.unseen_categories)
    data = DataSpec(spec.data.dataset, spec.data.fingerprint, spec.data.mapping, split=split)
    return dataclasses.replace(
        spec,
        method=method,
        data=data,
        training=default_training(spec.method, spec.task),
        task=type(spec.task)(),
    )
