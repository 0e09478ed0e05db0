"""What the form holds: every setting of a `RunSpec` by its dotted name, valid or not yet.

A frozen contract dataclass refuses a wrong value at once, but a form must be able to hold
one while its user is typing. So the form edits a `Draft`, and `to_spec` either makes the
`RunSpec` or raises the contract's own sentence. The names are those of `Remedy.changes`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from engine.contract import codec
from engine.contract.backbone import BackboneShape
from engine.contract.errors import ProtocolError, UserError
from engine.contract.methods.prefix import MethodSpec, PrefixMethod
from engine.contract.options import METHODS, OPTIONS, value_at
from engine.contract.schema import SettingField, is_visible, settings_of
from engine.contract.specs.data import DataSpec
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.specs.training import DecodingSpec, TrainingSpec
from engine.contract.tasks.generation import GenerationTask

S = TypeVar("S")


class MethodKind(enum.Enum):
    """Which method the form is set to, by its word in `METHODS`; those of the others are kept.

    Settings of one name are one setting, whichever methods have it.
    """

    PREFIX = "prefix"
    FINETUNE = "finetune"
    TOP_LAYERS = "top-layers"
    BITFIT = "bitfit"
    ADAPTER = "adapter"
    LORA = "lora"
    PROMPT = "prompt"
    P_TUNING = "p-tuning"

    @property
    def spec(self) -> type[MethodSpec]:
        """The method's dataclass."""
        return METHODS[self.value]


DATA_FIELDS = tuple(item.name for item in settings_of(DataSpec))
"""The fields of `DataSpec` that the form sets; the Data page sets the others."""

SETTINGS: Mapping[str, SettingField] = MappingProxyType(
    {
        name: item
        for name, item in OPTIONS.items()
        if not name.startswith(("data.linearisation.", "data.split."))
    }
)
"""The settings that the form has, beside backbone and method."""

KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "backbone": str,
        "method.kind": MethodKind,
        **{
            name: item.kind | None if item.optional else item.kind
            for name, item in SETTINGS.items()
        },
    }
)
"""The type of everything in a draft."""


@dataclass(frozen=True)
class Draft:
    """A form's content; `values` has exactly the names of `KINDS`."""

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """One setting."""
        return self.values[name]

    @property
    def kind(self) -> MethodKind:
        """The chosen method."""
        kind: MethodKind = self.values["method.kind"]
        return kind

    def uses(self, name: str, shape: BackboneShape | None = None) -> bool:
        """Whether a setting means anything beside the others, and on the backbone if one is given.

        A text that should be empty but is not counts as used, so that it can be emptied.
        """
        part, _, own = name.rpartition(".")
        if part == "method" and own not in {item.name for item in settings_of(self.kind.spec)}:
            return False
        setting = SETTINGS[name].setting
        if shape is not None and not setting.architecture.fits(
            encoder_decoder=shape.encoder_decoder
        ):
            return False
        others = {other: self[f"{part}.{other}"] for other, _ in setting.visible_when}
        blocks = SETTINGS[name].kind is str and bool(setting.none and self[name])
        return is_visible(setting, others) or blocks

    def changed(self, changes: Mapping[str, Any]) -> Draft:
        """The same with other values; an unknown name raises `ProtocolError`."""
        for name in changes:
            _kind(name)
        return Draft(MappingProxyType({**self.values, **changes}))

    def method(self) -> MethodSpec:
        """The chosen method; raise `UserError` where a value is out of range."""
        return self._section("method", self.kind.spec)

    def training(self) -> TrainingSpec:
        """How it is optimised; raise `UserError` where a value is out of range."""
        return self._section("training", TrainingSpec)

    def decoding(self) -> DecodingSpec:
        """How outputs are decoded; raise `UserError` where a value is out of range."""
        return self._section("decoding", DecodingSpec)

    def to_spec(self, run_id: str, data: DataSpec) -> RunSpec:
        """The run; raise `UserError` naming the first value that is out of range."""
        if not self["backbone"]:
            raise UserError("no-backbone", "No backbone is chosen. Choose one in the list.")
        own = {name: self[f"data.{name}"] for name in DATA_FIELDS}
        return RunSpec(
            run_id=run_id,
            backbone=self["backbone"],
            method=self.method(),
            data=dataclasses.replace(data, **own),
            training=self.training(),
            task=GenerationTask(self.decoding()),
        )

    def _section(self, section: str, kind: type[S]) -> S:
        return kind(**{item.name: self[f"{section}.{item.name}"] for item in settings_of(kind)})


def default_draft(backbone: str = "") -> Draft:
    """The chosen defaults for a prefix."""
    return Draft(
        MappingProxyType(
            {
                "backbone": backbone,
                "method.kind": MethodKind.PREFIX,
                **{name: item.default for name, item in SETTINGS.items()},
                **_training_values(default_training(PrefixMethod())),
            }
        )
    )


def draft_of(spec: RunSpec) -> Draft:
    """The form's content for a run like this one; the other methods have their defaults."""
    values: dict[str, Any] = {
        "backbone": spec.backbone,
        "method.kind": next(kind for kind in MethodKind if isinstance(spec.method, kind.spec)),
    }
    for name in SETTINGS:
        with contextlib.suppress(KeyError):  # another method's
            values[name] = value_at(spec, name)
    return default_draft().changed(values)


def apply_remedy(draft: Draft, changes: Iterable[tuple[str, str]]) -> Draft:
    """The draft with the changes of a `Remedy`, whose values are JSON text."""
    return draft.changed({name: decode_value(name, json.loads(text)) for name, text in changes})


def switch_method(draft: Draft, kind: MethodKind) -> Draft:
    """The draft for another method; its training defaults come along where still untouched."""
    return change(draft, "method.kind", kind)


def change(draft: Draft, name: str, value: Any) -> Draft:
    """The draft with one other setting; training defaults that follow from it come along.

    A prefix that is trained itself, for one, has another learning rate than one made by an MLP.
    """
    changed = draft.changed({name: value})
    if not name.startswith("method."):
        return changed
    before, after = _default_training(draft), _default_training(changed)
    moved = {name: value for name, value in after.items() if draft[name] == before[name]}
    return changed.changed(moved)


def _default_training(draft: Draft) -> dict[str, Any]:
    try:
        method = draft.method()
    except UserError:  # a value is out of range just now
        method = draft.kind.spec()
    return _training_values(default_training(method))


def to_text(draft: Draft) -> str:
    """The draft as JSON, for the settings file."""
    return json.dumps({name: codec.to_plain(value) for name, value in draft.values.items()})


def from_text(text: str) -> Draft:
    """Read what `to_text` wrote; settings it lacks have their defaults.

    Raises:
        ProtocolError: no JSON, an unknown name or a value of another type.
    """
    plain = codec.parse(text)
    if not isinstance(plain, dict):
        raise ProtocolError(
            "form-not-an-object", "expected an object, found {found!r}", found=plain
        )
    return default_draft().changed(
        {name: decode_value(name, value) for name, value in plain.items()}
    )


def decode_value(name: str, plain: object) -> Any:
    """A setting's value from JSON; raise `ProtocolError` where name or type is wrong."""
    return codec.from_plain(_kind(name), plain, name)


def _kind(name: str) -> Any:
    if name not in KINDS:
        raise ProtocolError("no-such-setting", "a run has no setting {name!r}", name=name)
    return KINDS[name]


def _training_values(training: TrainingSpec) -> dict[str, Any]:
    return {
        f"training.{item.name}": getattr(training, item.name) for item in settings_of(TrainingSpec)
    }
