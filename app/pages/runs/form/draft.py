"""What the form holds: every setting of a `RunSpec` by its dotted name, valid or not yet.

A frozen contract dataclass refuses a wrong value at once, but a form must be able to hold
one while its user is typing. So the form edits a `Draft`, and `to_spec` either makes the
`RunSpec` or raises the contract's own sentence. The names are those of `Remedy.changes`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.contract import codec
from engine.contract.backbone import BackboneShape
from engine.contract.errors import ProtocolError, UserError
from engine.contract.methods.all import METHODS, METHODS_BY_NAME, MethodSpec, info_of
from engine.contract.methods.info import MethodInfo
from engine.contract.methods.prefix import PREFIX
from engine.contract.options import OPTIONS, answers_of, value_at
from engine.contract.schema import SettingField, is_visible, settings_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import DataSpec
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.specs.training import TrainingSpec
from engine.contract.tasks.all import TaskSpec, task_for, task_info
from engine.contract.tasks.readouts import HeadSpec
from engine.contract.tasks.words import ReadoutKind

S = TypeVar("S")

SETTINGS: Mapping[str, SettingField] = {
    name: item
    for name, item in OPTIONS.items()
    if not name.startswith(("data.linearisation.", "data.split."))
}
"""The settings that the form has, beside backbone and method."""


@dataclass(frozen=True)
class Draft:
    """A form's content: backbone, "method.kind" (as on the command line) and all of `SETTINGS`.

    It has the settings of all methods and tasks; those of methods with the same name are one
    setting. Its "answer" is what the dataset says.
    """

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """One setting."""
        return self.values[name]

    @property
    def info(self) -> MethodInfo[Any]:
        """The chosen method."""
        return METHODS_BY_NAME[self["method.kind"]]

    def uses(self, name: str, shape: BackboneShape | None = None) -> bool:
        """Whether a setting means anything beside the others, and on the backbone if one is given.

        A text that should be empty but is not counts as used, so that it can be emptied.
        """
        part, _, field = name.rpartition(".")
        if part == "method" and field not in {item.name for item in settings_of(self.info.spec)}:
            return False
        setting = SETTINGS[name].setting
        if self["answer"] not in answers_of(name) or (part == "head" and not self.has_head):
            return False
        if shape is not None and not setting.architecture.fits(shape.kind):
            return False
        others = {other: self[f"{part}.{other}"] for other, _ in setting.visible_when}
        blocks = SETTINGS[name].kind is str and bool(setting.none and self[name])
        return is_visible(setting, others) or blocks

    @property
    def has_head(self) -> bool:
        """Whether the answer is read by a head."""
        by_words = self["words.readout"] is ReadoutKind.WORDS
        return {AnswerKind.TEXT: False, AnswerKind.LABEL: not by_words}.get(self["answer"], True)

    def head(self) -> HeadSpec:
        """The head; raise `UserError` where a value is out of range."""
        return self._part("head", HeadSpec)

    def changed(self, changes: Mapping[str, Any]) -> Draft:
        """The same with other values; an unknown name raises `ProtocolError`."""
        for name in changes:
            _kind(name)
        return Draft({**self.values, **changes})

    def method(self) -> MethodSpec:
        """The chosen method; raise `UserError` where a value is out of range."""
        method: MethodSpec = self._part("method", self.info.spec)
        return method

    def training(self) -> TrainingSpec:
        """How it is optimised; raise `UserError` where a value is out of range."""
        return self._part("training", TrainingSpec)

    def task(self) -> TaskSpec:
        """What is predicted, and how; raise `UserError` where a value is out of range."""
        info = task_info(task_for(self["answer"]))
        task: TaskSpec = info.spec(**{part: self._part(part, kind) for part, kind in info.parts})
        return task

    def to_spec(self, run_id: str, data: DataSpec) -> RunSpec:
        """The run; raise `UserError` naming the first value that is out of range."""
        if not self["backbone"]:
            raise UserError("no-backbone", "No backbone is chosen. Choose one in the list.")
        return RunSpec(
            run_id=run_id,
            backbone=self["backbone"],
            method=self.method(),
            data=dataclasses.replace(data, **self._values("data", DataSpec)),
            training=self.training(),
            task=self.task(),
        )

    def _part(self, part: str, kind: type[S]) -> S:
        return kind(**self._values(part, kind))

    def _values(self, part: str, kind: type) -> dict[str, Any]:
        return {item.name: self[f"{part}.{item.name}"] for item in settings_of(kind)}


@functools.cache
def default_draft(backbone: str = "", answer: AnswerKind = AnswerKind.TEXT) -> Draft:
    """The recommended settings for a prefix."""
    return Draft(
        {
            "backbone": backbone,
            "answer": answer,
            "method.kind": PREFIX.name,
            **{name: item.default for name, item in SETTINGS.items()},
            **_default_methods(answer),
            **_default_training(PREFIX.default(answer), answer),
        }
    )


def draft_of(spec: RunSpec) -> Draft:
    """The form's content for a run like this one; the other methods have their defaults."""
    values: dict[str, Any] = {
        "backbone": spec.backbone,
        "answer": task_info(spec.task).answer,
        "method.kind": info_of(spec.method).name,
    }
    for name in SETTINGS:
        with contextlib.suppress(KeyError):  # another method's
            values[name] = value_at(spec, name)
    return default_draft(answer=values["answer"]).changed(values)


def change(draft: Draft, name: str, value: Any) -> Draft:
    """The draft with one other setting; untouched defaults come along.

    Each method has its own for each kind of answer, and a prefix that is trained itself has another
    learning rate than one made by an MLP.
    """
    changed = draft.changed({name: value})
    if name == "answer":
        methods = (_default_methods(each["answer"]) for each in (draft, changed))
        changed = _following(draft, changed, *methods)
    if name != "answer" and not name.startswith("method."):
        return changed
    training = (_default_training(_valid_method(each), each["answer"]) for each in (draft, changed))
    return _following(draft, changed, *training)


def _following(
    draft: Draft, changed: Draft, before: dict[str, Any], after: dict[str, Any]
) -> Draft:
    """With the new default of each setting that had the old one."""
    return changed.changed({key: after[key] for key in after if draft[key] == before[key]})


def _default_methods(answer: AnswerKind) -> dict[str, Any]:
    """The settings of all methods; of those that several have, the first's."""
    return {
        f"method.{item.name}": getattr(info.default(answer), item.name)
        for info in reversed(METHODS)
        for item in settings_of(info.spec)
    }


def _valid_method(draft: Draft) -> MethodSpec:
    try:
        return draft.method()
    except UserError:  # a value is out of range just now
        method: MethodSpec = draft.info.default(draft["answer"])
        return method


def _default_training(method: MethodSpec, answer: AnswerKind) -> dict[str, Any]:
    training = default_training(method, task_for(answer))
    return {
        f"training.{item.name}": getattr(training, item.name) for item in settings_of(TrainingSpec)
    }


def to_text(draft: Draft) -> str:
    """The draft as JSON, for the project's folder."""
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
    return _with_plain(default_draft(), plain)


def apply_remedy(draft: Draft, changes: Iterable[tuple[str, str]]) -> Draft:
    """The draft with a `Remedy`'s changes, whose values are JSON; raise as `from_text`."""
    return _with_plain(draft, {name: codec.parse(text) for name, text in changes})


def _with_plain(draft: Draft, plain: Mapping[str, Any]) -> Draft:
    changes = {name: codec.from_plain(_kind(name), plain[name], name) for name in plain}
    method = changes.get("method.kind", PREFIX.name)
    if method not in METHODS_BY_NAME:
        raise codec.unexpected("method.kind", "a method", method)
    return draft.changed(changes)


def _kind(name: str) -> Any:
    """The type of a value in a draft."""
    if name in ("backbone", "method.kind"):
        return str
    if name == "answer":
        return AnswerKind
    if name not in SETTINGS:
        raise ProtocolError("no-such-setting", "a run has no setting {name!r}", name=name)
    item = SETTINGS[name]
    return item.kind | None if item.optional else item.kind
