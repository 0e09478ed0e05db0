"""Hypothesis strategies for every dataclass of the contract, made from their own type hints.

Classes that refuse some values have their ranges here; all others follow from their fields.
"""

import dataclasses
import enum
import functools
import importlib
import pkgutil
import types
import typing
from typing import Any

from hypothesis import strategies as st

import engine.contract
from engine.contract import schema
from engine.contract.label_words import LabelWords
from engine.contract.methods.prefix import Depth, Init, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.projects.project import DatasetEntry
from engine.contract.runs.cards import Card, PrefixShape
from engine.contract.schema import SettingField, settings_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role, Split
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import DecodingSpec, TrainingSpec
from engine.contract.studies.keys import Factor
from engine.contract.studies.recipes import StudySettings
from engine.contract.studies.study import StudySpec
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import CategoryNames
from engine.contract.tasks.spans import SpanSpec
from engine.contract.tasks.tags import TagTask
from engine.contract.tasks.words import WordsSpec
from engine.contract.templates import BlankPart, Template, WordsPart

# Any text, lone surrogates (file names that are no UTF-8) and line separators included.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
INTS = st.integers(-(2**63), 2**63 - 1)
SECONDS = st.floats(-2.5e11, 2.5e11)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-ü", min_size=1, max_size=12)


def contract_dataclasses() -> list[type]:
    """Every dataclass of the contract; those with functions or classes are written to no file."""
    kinds: list[type] = []
    for module in pkgutil.walk_packages(engine.contract.__path__, "engine.contract."):
        for kind in vars(importlib.import_module(module.name)).values():
            ours = isinstance(kind, type) and kind.__module__ == module.name
            if ours and dataclasses.is_dataclass(kind) and module.name != schema.__name__:
                hints = " ".join(str(field.type) for field in dataclasses.fields(kind))
                if not any(word in hints for word in ("Callable", "Mapping[", "type]")):
                    kinds.append(kind)
    return kinds


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it stands in a dataclass of the contract."""
    if kind in SCALARS:
        return SCALARS[kind]
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return st.one_of([values(member) for member in typing.get_args(kind)])
    if typing.get_origin(kind) is tuple:
        members = typing.get_args(kind)
        if members[-1] is Ellipsis:
            return st.lists(values(members[0]), max_size=2).map(tuple)
        return st.tuples(*(values(member) for member in members))
    if issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    return st.deferred(lambda: built(kind))


@functools.cache
def built(kind: type) -> st.SearchStrategy[Any]:
    """Objects of a dataclass, all fields filled in."""
    hints = typing.get_type_hints(kind)
    own = {**{item.name: of_setting(item) for item in settings_of(kind)}, **RANGES.get(kind, {})}
    fields = {
        field.name: own[field.name] if field.name in own else of_field(field.name, hints)
        for field in dataclasses.fields(kind)
        if field.name != "version"
    }
    if kind is Mapping:
        return mappings()
    return st.builds(kind, **fields)


def of_setting(item: SettingField) -> st.SearchStrategy[Any]:
    """Values within a setting's bounds."""
    setting = item.setting
    if item.kind is int:
        low, high = setting.low, setting.high
        numbers: st.SearchStrategy[Any] = st.integers(
            -(2**63) if low is None else int(low), 10**9 if high is None else int(high)
        )
    elif item.kind is float:
        numbers = st.floats(
            setting.low if setting.above is None else setting.above,
            setting.high if setting.below is None else setting.below,
            exclude_min=setting.above is not None,
            exclude_max=setting.below is not None,
            allow_nan=False,
            allow_infinity=False,
        )
    else:
        return values(item.kind)
    return optional(numbers) if item.optional else numbers


def of_field(name: str, hints: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a field by its type; those of a time are times."""
    if name.endswith("_s") and hints[name] in (float, float | None):
        return SECONDS if hints[name] is float else optional(SECONDS)
    return values(hints[name])


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    """Mappings with at most one target, split, category and start."""
    roles = draw(st.lists(st.sampled_from(Role), max_size=5))
    single = (Role.TARGET, Role.SPLIT, Role.CATEGORY, Role.START)
    kept = [role for i, role in enumerate(roles) if role not in single or role not in roles[:i]]
    columns = tuple(Column(draw(TEXT), role) for role in kept)
    return Mapping(columns, draw(st.sampled_from(AnswerKind)))


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    float: FLOATS,
    int: INTS,
    bool: st.booleans(),
    type(None): st.none(),
}
START: dict[str, st.SearchStrategy[Any]] = {
    "init": st.sampled_from((Init.WORDS, Init.RANDOM)),  # what was trained goes on directly
    "init_prefix": NAMES,
}
CATEGORIES = st.lists(NAMES, unique=True, max_size=2).map(
    lambda names: tuple(CategoryNames(name, ("a", "b")) for name in names)
)
RANGES: dict[type, dict[str, st.SearchStrategy[Any]]] = {
    RunSpec: {"run_id": NAMES},
    DatasetEntry: {"dataset_id": NAMES},
    StudySpec: {"study_id": NAMES},
    Factor: {"value": values(str | bool | int | PrefixMethod | None) | st.floats(-1e9, 1e9)},
    Card: {"method": values(PrefixMethod), "shape": values(PrefixShape)},
    Split: {"valid_fraction": st.floats(0, 0.4), "test_fraction": st.floats(0, 0.4)},
    PrefixMethod: {
        "depth": st.just(Depth.ALL_LAYERS),  # an infix has no other
        "decoder_self": st.just(True),  # one of the three must be on
        "layers": st.sampled_from(["", "0", "3-7", " 2 ,5-900000:1"]),
        "init_text": TEXT.map(lambda text: text + "x"),
        **START,
    },
    PromptMethod: {"init_text": TEXT.map(lambda text: text + "x"), **START},
    TrainingSpec: {"evaluate_bleu": st.just(True)},  # BLEU may be what selects
    StudySettings: {
        "base": st.deferred(lambda: built(RunSpec)).filter(
            lambda spec: isinstance(spec.method, PrefixMethod)
        ),
        "sizes": st.just((50, 100)),
        "shots": st.just((4, 16)),
        "lengths": st.just((1,)),
        "words": st.just(("a", "b")),
        "seeds": st.just((0, 7)),
        "samples": st.integers(0, 9),
    },
    WordsSpec: {
        "template": st.sampled_from(["", "{text} [blank]", "[soft*2]{a}: [blank]."]),
        "label_words": st.sampled_from(["", "a=b", "good=great, bad=terrible"]),
        "prior": st.lists(st.floats(-1e9, 1e9), max_size=3).map(tuple),
    },
    Template: {"parts": st.just((WordsPart("It was "), BlankPart()))},
    LabelWords: {"pairs": st.just((("good", "great"), ("bad", "terrible")))},
    LabelTask: {
        "labels": st.lists(TEXT, unique=True, max_size=3).map(tuple),
        "categories": CATEGORIES,
    },
    TagTask: {
        "tags": st.lists(TEXT, unique=True, max_size=3).map(tuple),
        "categories": CATEGORIES,
    },
    SpanSpec: {
        "window_tokens": st.integers(128, 10**9),
        "stride_tokens": st.integers(0, 63),
    },
    DecodingSpec: {
        "min_new_tokens": st.integers(0, 10),
        "max_new_tokens": st.integers(10, 10**9),
    },
}
