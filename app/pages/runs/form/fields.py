"""What describes one setting of the form: label, tooltip and editor."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from app.pages.runs.form.draft import Draft
from engine.contract.backbone import BackboneShape


@dataclass(frozen=True)
class Whole:
    """A whole number; with `none`, `low - 1` stands for None and is shown as these words."""

    low: int
    high: int
    none: str = ""


@dataclass(frozen=True)
class Real:
    """A number; `factor` above 1 makes the arrows multiply, else they add `step`."""

    low: float
    high: float
    step: float = 0.1
    factor: float = 1.0


@dataclass(frozen=True)
class Choice:
    """One of an enum's members, with the words for each."""

    words: tuple[tuple[enum.Enum, str], ...]


@dataclass(frozen=True)
class Switch:
    """Yes or no."""


@dataclass(frozen=True)
class Words:
    """A line of text."""


Kind = Whole | Real | Choice | Switch | Words


def always(_draft: Draft) -> bool:
    """Whether a setting means anything: it does."""
    return True


def any_backbone(_shape: BackboneShape) -> bool:
    """Whether a setting means anything on a backbone: it does."""
    return True


def encoder_decoder(shape: BackboneShape) -> bool:
    """The same, of one that only encoder–decoders have."""
    return shape.encoder_decoder


def decoder_only(shape: BackboneShape) -> bool:
    """The same, of one that only decoder-only backbones have."""
    return not shape.encoder_decoder


@dataclass(frozen=True)
class Field:
    """One setting: its name in the draft, words, editor, and when it means anything."""

    name: str
    label: str
    tip: str
    kind: Kind
    used: Callable[[Draft], bool] = always
    fits: Callable[[BackboneShape], bool] = any_backbone


@dataclass(frozen=True)
class Section:
    """Settings under one heading."""

    title: str
    fields: tuple[Field, ...]
