"""Rows in a template, as tokens that fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.templates import (
    BlankPart,
    ExamplesPart,
    FieldCut,
    FieldPart,
    SoftPart,
    Template,
    TemplatePart,
    WordsPart,
)
from engine.templates.pieces import Pieces, PieceTokenizer

_BETWEEN = "\n\n"
"""Behind each example shown."""
_TOKEN_CHARS = 64
"""A field is cut to so many characters for each of its tokens before the right number is sought."""


@dataclass(frozen=True)
class Filled:
    """A row in the template.

    Attributes:
        pieces: as tokens, without what stands around an input.
        cut: tokens that its fields lost.
    """

    pieces: Pieces
    cut: int


class TemplateFiller:
    """Fills a template with rows.

    Args:
        template: checked for this kind of backbone.
        columns: names of the cells of a row, in their order.
        tokenizer: of the backbone.
        max_tokens: of a row, with what stands around it; examples shown are not counted.

    Attributes:
        has_space: whether the template has a space before the blank.

    Raises:
        UserError: the template does not fit the columns or the backbone.
    """

    def __init__(
        self,
        template: Template,
        columns: Sequence[str],
        *,
        tokenizer: PieceTokenizer,
        max_tokens: int,
    ) -> None:
        template.check_columns(columns)
        template.check_kind(tokenizer.kind)
        self.template, self._columns, self._tokenizer = template, tuple(columns), tokenizer
        self._around = len(tokenizer.before) + len(tokenizer.after)
        self._room, self._max_tokens = max_tokens - self._around, max_tokens
        before = template.parts[: template.parts.index(BlankPart())]
        self.has_space = bool(before) and _ends_with_space(before[-1])
        shown = template.shown()
        own = template.introduction()
        self._own, self._shown = own, shown
        self._first_soft = sum(part.count for part in own if isinstance(part, SoftPart))

    def fit_into(self, tokens: int) -> None:
        """Cut rows so that an input without examples has at most so many tokens, if that is less.

        Where the template alone has more, nothing changes.
        """
        introduction = len(self.whole(Pieces())) - self._around
        limit = min(self._max_tokens, tokens - introduction)
        if limit > self._around:
            self._room, self._max_tokens = limit - self._around, limit

    def row(self, cells: Sequence[str]) -> Filled:
        """A row with its blank.

        Raises:
            UserError: what may not be cut is too long.
        """
        values = dict(zip(self._columns, cells, strict=True))
        return self._fitted(values, word=None)

    def empty(self) -> Filled:
        """The template with empty fields."""
        return self.row([""] * len(self._columns))

    def example(self, cells: Sequence[str], word: str) -> Filled:
        """A row with its right word at the blank, as it is shown before others."""
        values = dict(zip(self._columns, cells, strict=True))
        return self._fitted(values, word=word)

    def whole(self, row: Pieces, examples: Iterable[Pieces] = ()) -> Pieces:
        """An input: what introduces it, examples, the row, and what stands around all."""
        pieces = self._tokenizer.start()
        if self._own:
            pieces.join(self._filled(self._own, {}, first_soft=0, word=None))
        for example in examples:
            pieces.join(example)
        pieces.join(row)
        return self._tokenizer.finish(pieces)

    def _fitted(self, values: Mapping[str, str], *, word: str | None) -> Filled:
        def filled(shortened: Mapping[str, str]) -> Pieces:
            return self._filled(self._shown, shortened, first_soft=self._first_soft, word=word)

        pieces = filled(values)
        uncut = excess = len(pieces) - self._room
        if excess <= 0:
            return Filled(pieces, 0)
        sides = {
            part.column: part.cut
            for part in self._shown
            if isinstance(part, FieldPart) and part.cut is not FieldCut.WHOLE
        }
        whole = {name: len(self._tokenizer.text(values[name])) for name in sides}
        lengths, shorter = dict(whole), dict(values)
        while excess > 0:
            if not any(lengths.values()):
                raise UserError(
                    "template-longer-than-limit",
                    "What may not be cut of a row has {tokens:,} tokens in the template, and there "
                    "is room for {limit:,} (--max-source-tokens, or the backbone's positions). "
                    "Shorten the template, or let more fields be cut.",
                    tokens=len(pieces) + self._max_tokens - self._room,
                    limit=self._max_tokens,
                )
            lengths = _levelled(lengths, excess)
            for name, side in sides.items():
                if lengths[name] < whole[name]:
                    shorter[name] = self._cut(values[name], lengths[name], side)
            pieces = filled(shorter)
            excess = len(pieces) - self._room
        return Filled(pieces, uncut + self._room - len(pieces))

    def _filled(
        self,
        parts: Sequence[TemplatePart],
        values: Mapping[str, str],
        *,
        first_soft: int,
        word: str | None,
    ) -> Pieces:
        pieces, text, soft = Pieces(), "", first_soft
        for index, part in enumerate(parts):
            match part:
                case WordsPart(words):
                    # A space before the blank, or before a vector, is part of what stands there.
                    is_before = isinstance(next(iter(parts[index + 1 :]), None), _PLACES)
                    text += words.removesuffix(" ") if is_before else words
                case FieldPart(column):
                    text += values[column]
                case SoftPart(count):
                    pieces.add(self._tokenizer.text(text))
                    text = ""
                    start = len(pieces)
                    pieces.soft += [(start + each, soft + each) for each in range(count)]
                    pieces.add([self._tokenizer.stand_in] * count)
                    soft += count
                case BlankPart():
                    pieces.add(self._tokenizer.text(text))
                    text = ""
                    self._add_blank(pieces, word)
                case ExamplesPart():
                    pass  # neither what introduces them nor what follows has it
        pieces.add(self._tokenizer.text(text))
        if word is not None:
            pieces.add(self._tokenizer.text(_BETWEEN))
            pieces.blank = -1
        return pieces

    def _add_blank(self, pieces: Pieces, word: str | None) -> None:
        if word is not None:
            # An encoder reads an example's word where its space is.
            text = f" {word}" if self.has_space else word
            pieces.add(self._tokenizer.text(text))
            return
        pieces.blank = len(pieces)
        if self._tokenizer.kind is BackboneKind.MASKED and self._tokenizer.mask_id is not None:
            pieces.add([self._tokenizer.mask_id])

    def _cut(self, text: str, tokens: int, side: FieldCut) -> str:
        """The longest stretch of so many tokens, from the text's start, or its end."""
        if tokens == 0:
            return ""
        limit = tokens * _TOKEN_CHARS
        from_start = side is FieldCut.START
        text = text[-limit:] if from_start else text[:limit]
        fits, too_long = 0, len(text) + 1
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            stretch = text[-middle:] if from_start else text[:middle]
            if len(self._tokenizer.text(stretch)) <= tokens:
                fits = middle
            else:
                too_long = middle
        return text[len(text) - fits :] if from_start else text[:fits]


_PLACES = (BlankPart, SoftPart)


def _ends_with_space(part: TemplatePart) -> bool:
    return isinstance(part, WordsPart) and part.text.endswith(" ")


def _levelled(lengths: Mapping[str, int], excess: int) -> dict[str, int]:
    """Lengths that are `excess` smaller together, the longest cut first, and none below 0."""
    wanted = max(0, sum(lengths.values()) - excess)
    low, high = 0, max(lengths.values())  # the largest level at which they are few enough
    while low < high:
        level = (low + high + 1) // 2
        if sum(min(length, level) for length in lengths.values()) <= wanted:
            low = level
        else:
            high = level - 1
    level, left = low, wanted
    cut = {name: min(length, level) for name, length in lengths.items()}
    left -= sum(cut.values())
    for name, length in lengths.items():  # what is left over goes to the first
        if left and length > level:
            cut[name] += 1
            left -= 1
    return cut
