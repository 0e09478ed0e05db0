"""A study on the command line: the methods by name, and the command that makes the same study."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping, Sequence

from engine.contract.errors import UserError
from engine.contract.method_spec import FinetuneMethod, MethodSpec
from engine.contract.options import column_words, option_words, spec_words
from engine.contract.recipes import RECIPES, StudySettings
from engine.contract.run_spec import RunSpec, default_training
from engine.contract.study import StudyKind

OWN = "prefix"
"""The method that a study starts from, in `--methods`."""
RIVALS: Mapping[str, MethodSpec] = {"finetune": FinetuneMethod()}
"""What it can be compared with, each with its defaults."""
METHOD_NAMES = (OWN, *RIVALS)
DEFAULT_METHODS = (OWN, "finetune")
"""What `StudySettings` takes without any."""

FIELDS: Mapping[StudyKind, tuple[str, ...]] = {
    StudyKind.LOW_DATA: ("sizes", "methods"),
    StudyKind.LENGTH: ("lengths",),
    StudyKind.INITIALISATION: ("words",),
    StudyKind.PARAMETRISATION: (),
    StudyKind.PLACEMENT: ("lengths",),
    StudyKind.METHODS: ("methods",),
    StudyKind.EXTRAPOLATION: ("methods",),
}
"""The fields of `StudySettings` that a recipe reads, beside seeds and samples."""


def compared_method(name: str, base: RunSpec) -> MethodSpec:
    """A method that `--methods` names.

    Raises:
        UserError: there is no such method.
    """
    if name == OWN:
        return base.method
    if name in RIVALS:
        return RIVALS[name]
    raise UserError(f"--methods has {name!r}: each must be one of {', '.join(METHOD_NAMES)}.")


def study_command(
    settings: StudySettings, *, project: str, data: str, name: str, metrics: Sequence[str] = ()
) -> str:
    """The `python main.py study …` command that plans the same runs; defaults are left out.

    Args:
        name: of the study; that of its recipe is left out.
        metrics: where they are not the usual ones.
    """
    kind = settings.kind
    words = ["python", "main.py", "study", kind.value, *option_words("--data", data)]
    if name != RECIPES[kind].title:
        words += option_words("--name", name)
    words += column_words(settings.base.data.mapping, settings.base.data.split)
    words += _own_words(settings)
    if metrics:
        words += ["--metrics", ",".join(metrics)]
    words += option_words("--backbone", settings.base.backbone)
    words += spec_words(_unseeded(settings.base))
    return shlex.join([*words, *option_words("--project", project)])


def _own_words(settings: StudySettings) -> list[str]:
    """Flags of what the recipe reads, as far as it is not the default."""
    usual = {
        field.name: field.default
        for field in dataclasses.fields(StudySettings)
        if field.default is not dataclasses.MISSING
    }
    words: list[str] = []
    for name in (*FIELDS[settings.kind], "seeds"):
        values = getattr(settings, name)
        if name == "methods":
            values = tuple(_method_name(method, settings.base) for method in values)
            if values == DEFAULT_METHODS:
                continue
        if values and values != usual[name]:
            words += _several(f"--{name}", [str(value) for value in values])
    if settings.samples:
        words += ["--samples", str(settings.samples)]
    return words


def _method_name(method: MethodSpec, base: RunSpec) -> str:
    found = [name for name in METHOD_NAMES if compared_method(name, base) == method]
    assert found, method
    return found[0]


def _several(flag: str, texts: Sequence[str]) -> list[str]:
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
