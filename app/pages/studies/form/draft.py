"""What the form of a new study holds: texts as they are typed, valid or not yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.contract.errors import UserError
from engine.contract.specs.run import RunSpec
from engine.contract.studies.options import DEFAULT_METHODS, FIELDS, compared_method
from engine.contract.studies.recipes import PAPER_WORDS, StudySettings
from engine.contract.studies.study import StudyKind


def _typed(field: str) -> str:
    return ", ".join(map(str, getattr(StudySettings, field)))


@dataclass(frozen=True)
class StudyDraft:
    """The form's content.

    Attributes:
        sizes, lengths, seeds: whole numbers with commas or spaces between them.
        words: one text a line.
        methods: names as in `study_options.METHOD_NAMES`.
    """

    kind: StudyKind = StudyKind.LOW_DATA
    name: str = ""
    sizes: str = _typed("sizes")
    lengths: str = _typed("lengths")
    words: str = "\n".join(PAPER_WORDS)
    methods: tuple[str, ...] = DEFAULT_METHODS
    seeds: str = _typed("seeds")
    samples: int = 0

    def typed(self, field: str, text: str) -> StudyDraft:
        """The same with another text in sizes, lengths or seeds."""
        if field == "sizes":
            return replace(self, sizes=text)
        return replace(self, lengths=text) if field == "lengths" else replace(self, seeds=text)

    def settings(self, base: RunSpec) -> StudySettings:
        """What the recipe reads; the other fields have their defaults.

        Raises:
            UserError: a text does not read, or a value is outside its range.
        """
        read = FIELDS[self.kind]
        settings = StudySettings(
            self.kind,
            base,
            sizes=_numbers(self, "sizes") if "sizes" in read else StudySettings.sizes,
            lengths=_numbers(self, "lengths") if "lengths" in read else StudySettings.lengths,
            words=lines(self.words) if "words" in read else StudySettings.words,
            seeds=_numbers(self, "seeds"),
            samples=self.samples,
        )
        if "methods" not in read:
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
        UserError: a part is none.
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


def _numbers(draft: StudyDraft, field: str) -> tuple[int, ...]:
    return whole_numbers(field, getattr(draft, field))
