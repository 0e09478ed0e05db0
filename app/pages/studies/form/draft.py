"""What the form of a new study holds: texts as they are typed, valid or not yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.contract.errors import UserError
from engine.contract.schema import settings_of
from engine.contract.specs.run import RunSpec
from engine.contract.studies.options import DEFAULT_METHODS, compared_method
from engine.contract.studies.recipes import RECIPES, StudyKind, StudySettings


def _default_texts() -> dict[str, str]:
    return {
        item.name: ("\n" if item.kind is str else ", ").join(map(str, item.default))
        for item in settings_of(StudySettings)
    }


@dataclass(frozen=True)
class StudyDraft:
    """The form's content.

    Attributes:
        texts: of the lists of `StudySettings`: whole numbers with commas or spaces between them,
            or a text a line.
        methods: names as in `METHOD_NAMES`.
    """

    kind: StudyKind = StudyKind.LOW_DATA
    name: str = ""
    texts: Mapping[str, str] = field(default_factory=_default_texts)
    methods: tuple[str, ...] = DEFAULT_METHODS
    samples: int = 0

    def typed(self, name: str, text: str) -> StudyDraft:
        """The same with another text in one of the lists."""
        return replace(self, texts={**self.texts, name: text})

    def settings(self, base: RunSpec) -> StudySettings:
        """What the recipe reads; the other fields have their defaults.

        Raises:
            UserError: a text does not read, or a value is outside its range.
        """
        names = RECIPES[self.kind].settings
        lists: dict[str, Any] = {}
        for item in settings_of(StudySettings):
            if item.name in (*names, "seeds"):
                text = self.texts[item.name]
                is_text = item.kind is str
                lists[item.name] = lines(text) if is_text else whole_numbers(item.name, text)
        settings = StudySettings(self.kind, base, samples=self.samples, **lists)
        if "methods" not in names:
            return settings
        if len(self.methods) < 2:
            raise UserError(
                "too-few-methods",
                "Fewer than two methods are ticked. Tick at least two to compare.",
            )
        methods = tuple(compared_method(name, base) for name in self.methods)
        return replace(settings, methods=methods)


def whole_numbers(label: str, text: str) -> tuple[int, ...]:
    """Whole numbers as they are typed: "50, 100, 200".

    Raises:
        UserError: a part is no number.
    """
    numbers = []
    for part in filter(None, re.split(r"[\s,;]+", text)):
        if not re.fullmatch(r"-?[0-9]{1,9}", part):
            raise UserError(
                "not-whole-numbers",
                "{label} has {part!r}. Write whole numbers with commas between them, such as "
                "50, 100, 200.",
                label=label,
                part=part,
            )
        numbers.append(int(part))
    return tuple(numbers)


def lines(text: str) -> tuple[str, ...]:
    """The lines that are not empty."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())
