"""A study on the command line: the methods by name, and the command that makes the same study."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from typing import Any

from engine.contract.errors import UserError
from engine.contract.methods.all import (
    BASELINE,
    METHODS,
    METHODS_BY_NAME,
    MethodSpec,
    info_of,
)
from engine.contract.options import (
    column_args,
    option_args,
    option_value,
    spec_args,
    value_text,
    wrong_value,
)
from engine.contract.reading.options import reading_args
from engine.contract.reading.reading import ReadOptions
from engine.contract.schema import settings_of
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.studies.recipes import RECIPES, StudySettings
from engine.contract.tasks.all import task_info

OWN = "prefix"
"""The method that a study starts from, in `--methods`."""
METHOD_NAMES = tuple(
    f"{info.name}:{options}" if options else info.name
    for info in METHODS
    for options in info.offered
)
"""What the window offers."""
DEFAULT_METHODS = (OWN, BASELINE.name)
"""What `StudySettings` compares where it names none."""


def compared_method(text: str, base: RunSpec) -> MethodSpec:
    """A method that `--methods` names: NAME, or NAME:OPTION=VALUE,OPTION=VALUE.

    Names are those of `train --method`, options those of `train` without their dashes: "lora",
    "adapter:budget=3", "prefix:prefix-length=20,parametrisation=direct". "prefix" alone is the
    study's own, and its options change that; others start from their defaults.

    Raises:
        UserError: there is no such method or option, or a value does not fit.
    """
    name, _, options = text.partition(":")
    if name not in METHODS_BY_NAME:
        raise wrong_value("--methods", text, f"one of {', '.join(METHODS_BY_NAME)}")
    start = _start(name, base)
    changes: dict[str, Any] = {}
    known = {item.flag.removeprefix("--"): item for item in settings_of(type(start))}
    for part in filter(None, options.split(",")):
        flag, _, value = part.partition("=")
        if flag not in known:
            raise UserError(
                "no-such-method-option",
                "--methods has {text!r}, but {method} has no option {option!r}. Its options: "
                "{known}.",
                text=text,
                method=name,
                option=flag,
                known=", ".join(known) or "none",
            )
        item = known[flag]
        present = getattr(start, item.name)
        changes[item.name] = option_value(item, f"--methods {text}", value, present)
    return dataclasses.replace(start, **changes)


def method_text(method: MethodSpec, base: RunSpec) -> str:
    """What `compared_method` reads as this method."""
    name = info_of(method).name
    start = _start(name, base)
    parts = []
    for item in settings_of(type(method)):
        value = getattr(method, item.name)
        if value != getattr(start, item.name):
            flag = item.flag.removeprefix("--")
            parts.append(flag if item.kind is bool else f"{flag}={value_text(value)}")
    return f"{name}:{','.join(parts)}" if parts else name


def _start(name: str, base: RunSpec) -> MethodSpec:
    """A method as it is before its options: the study's own, or the defaults."""
    if name == OWN:
        return base.method
    method: MethodSpec = METHODS_BY_NAME[name].default(task_info(base.task).answer)
    return method


def study_command(
    settings: StudySettings,
    *,
    project: str,
    data: str,
    name: str,
    metrics: Sequence[str] = (),
    reading: ReadOptions | None = None,
) -> str:
    """The `python main.py study …` command that plans the same runs; defaults are left out.

    Args:
        name: of the study; that of its recipe is left out.
        metrics: where they are not the default.
        reading: how the data are read, as far as it is settled.
    """
    kind = settings.kind
    args = ["python", "main.py", "study", kind.value, *option_args("--data", data)]
    args += reading_args(reading or ReadOptions())
    if name != RECIPES[kind].title:
        args += option_args("--name", name)
    args += column_args(settings.base.data.mapping, settings.base.data.split)
    args += _own_args(settings)
    if metrics:
        args += ["--metrics", ",".join(metrics)]
    args += option_args("--backbone", settings.base.backbone)
    args += spec_args(_unseeded(settings.base))
    return shlex.join([*args, *option_args("--project", project)])


def _own_args(settings: StudySettings) -> list[str]:
    """Flags of what the recipe reads, as far as it is not the default."""
    args: list[str] = []
    for name in (*RECIPES[settings.kind].settings, "seeds"):
        values, default = getattr(settings, name), getattr(StudySettings, name)
        if name == "methods":
            values = tuple(method_text(method, settings.base) for method in values)
            default = DEFAULT_METHODS
        if values and values != default:
            args += _list_args(f"--{name}", [str(value) for value in values])
    if settings.samples:
        args += ["--samples", str(settings.samples)]
    return args


def _list_args(flag: str, texts: Sequence[str]) -> list[str]:
    """A flag and its values; of words, one flag each where one would look like a flag itself."""
    if flag == "--words" and any(text.startswith("-") for text in texts):
        return [f"{flag}={text}" for text in texts]
    return [flag, *texts]


def _unseeded(base: RunSpec) -> RunSpec:
    """Without the seeds, which a study sets itself."""
    split = dataclasses.replace(base.data.split, sample_seed=None)
    seed = default_training(base.method).seed
    return dataclasses.replace(
        base,
        data=dataclasses.replace(base.data, split=split),
        training=dataclasses.replace(base.training, seed=seed),
    )
