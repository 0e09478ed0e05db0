"""What the target of a row says, by what is to be predicted: a text, a label, tags or a span."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.contract.reading.reading import FindingKind
from engine.contract.runs.answers import label_of
from engine.data.sequences import items_of, tags_of
from engine.data.tag_schemes import TagScheme, as_iob2
from engine.data.text_lists import parse_list, texts_in

_NEAR_CHARACTERS = 32
"""So far from where it should start an answer is searched that the text has several times."""
_MOST_DIGITS = 12
_NUMBER_MARKS = re.compile(r"[\[\]\"',]")


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The target of a row.

    Attributes:
        targets: what is learned, several where each is an example of its own; "" for a question
            without an answer; () where there is nothing to learn.
        references: what is right.
        starts: where the references start in the text, in characters; -1 where the text does not
            have one. Of spans only.
        problem: why there is nothing to learn, or what was corrected; None for an empty cell.
    """

    targets: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    problem: FindingKind | None = None

    @property
    def start(self) -> int:
        """Where the span to learn starts, -1 for none."""
        return next((start for start in self.starts if start >= 0), -1)


def text_answer(cell: str, further: tuple[str, ...] = ()) -> RowAnswer:
    """Texts to write; where the cell is empty they are the further references."""
    targets = texts_in(cell) or further
    return RowAnswer(targets, tuple(dict.fromkeys((*targets, *further))) if further else targets)


def label_answer(cell: str) -> RowAnswer:
    """A label, or several that are all right."""
    texts = parse_list(cell) or (cell,)
    labels = tuple(dict.fromkeys(label for text in texts if (label := label_of(text))))
    return RowAnswer(labels, labels)


def tags_answer(words: str, cell: str, scheme: TagScheme = TagScheme.IOB2) -> RowAnswer:
    """The tags of a cell in IOB2, joined by blanks; none where there is not one for each word.

    Args:
        scheme: that the cell's are in.
    """
    tags = tags_of(cell)
    if not tags:
        return RowAnswer()
    if len(tags) != len(items_of(words)):
        return RowAnswer(problem=FindingKind.UNEVEN_TAGS)
    tags = tuple("_".join(tag.split()) or "_" for tag in tags)
    anew = as_iob2(tags, scheme)
    joined = " ".join(anew)
    problem = None if tuple(anew) == tags else FindingKind.TAG_SCHEME
    return RowAnswer((joined,), (joined,), problem=problem)


def span_answer(context: str, cell: str, starts: str = "") -> RowAnswer:
    """The stretches of a text that a cell names, each where it stands in the text.

    An answer that does not stand where it should is searched for: where the text has it once, or
    once nearby, that is meant. What is learned is the first answer that the text has.
    """
    texts = parse_list(cell)
    if texts is None:
        texts = (cell,) if cell.strip() not in ("", "[]") else ()
    if not any(map(str.strip, texts)):
        return RowAnswer(("",), ("",), (-1,))
    numbers = numbers_in(starts)
    places: dict[str, int] = {}
    problem = None
    for index, text in enumerate(texts):
        answer = text.strip()
        if not answer or places.get(answer, -1) >= 0:
            continue
        start = numbers[index] if index < len(numbers) else None
        if start is not None:
            start += len(text) - len(text.lstrip())
        places[answer], as_given = locate(context, answer, start)
        if not as_given:
            problem = FindingKind.MOVED_ANSWER
    target = next((answer for answer, start in places.items() if start >= 0), None)
    if target is None:
        return RowAnswer(problem=FindingKind.LOST_ANSWER)
    return RowAnswer((target,), tuple(places), tuple(places.values()), problem)


def locate(context: str, answer: str, start: int | None) -> tuple[int, bool]:
    """Where an answer stands in a text, or -1; and whether that is where it was said to be.

    Args:
        start: where it should; None for the first place.
    """
    if start is None:
        first = context.find(answer)
        return first, first >= 0
    if start >= 0 and context.startswith(answer, start):
        return start, True
    first = context.find(answer)
    if first < 0 or context.find(answer, first + 1) < 0:
        return first, False
    low = max(0, start - _NEAR_CHARACTERS)
    high = max(0, start + _NEAR_CHARACTERS + len(answer))
    near = context.find(answer, low, high)
    if near < 0 or context.find(answer, near + 1, high) >= 0:
        return -1, False
    return near, False


def numbers_in(cell: str) -> tuple[int | None, ...]:
    """The numbers of a cell, one or a list; None for what is no whole number."""
    return tuple(map(_number, _NUMBER_MARKS.sub(" ", cell).split()))


def _number(word: str) -> int | None:
    digits = word.removesuffix(".0").removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_DIGITS:
        return None
    return -int(digits) if "-" in word else int(digits)
