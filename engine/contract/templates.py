r"""Templates: how a row becomes an input with a blank, at which words are compared.

    Review: {text}\nSentiment: [blank]

A template is plain words with special parts between them:

| part | stands for |
| --- | --- |
| `{column}` | a cell of the row; `{column:start}` is cut at its start, `{column:whole}` never |
| `[blank]` | the place of the word, exactly one |
| `[soft*3]` | three trained vectors |
| `[examples]` | rows with their right words, written as what follows |

A backslash makes the next sign a plain one, `\n` a line break, `\t` a tab. Only a template is
read so, never a cell. The idea of the parts is that of Schick & Schütze 2021 (patterns), Gao et al.
2021 (templates) and Liu et al. 2021 (trained vectors between words).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.specs.starting import MAX_PREFIX_LENGTH

MAX_TEMPLATE = 10_000
"""Characters of a template."""
_ESCAPES = {"n": "\n", "t": "\t", **{sign: sign for sign in "\\{}[]"}}
_WRITTEN = {sign: f"\\{letter}" for letter, sign in _ESCAPES.items()}


class FieldCut(enum.Enum):
    """From which side a field that is too long is cut."""

    END = "end"
    START = "start"
    WHOLE = "whole"
    """It is not cut."""


@dataclass(frozen=True)
class WordsPart:
    """Plain words."""

    text: str


@dataclass(frozen=True)
class FieldPart:
    """A cell of the row."""

    column: str
    cut: FieldCut = FieldCut.END


@dataclass(frozen=True)
class BlankPart:
    """Where a word is compared with others."""


@dataclass(frozen=True)
class SoftPart:
    """So many trained vectors."""

    count: int


@dataclass(frozen=True)
class ExamplesPart:
    """Rows with their right words."""


TemplatePart = WordsPart | FieldPart | BlankPart | SoftPart | ExamplesPart


@dataclass(frozen=True)
class Template:
    """A template, parsed.

    Raises:
        UserError: no blank or two, examples twice or behind a field, or too many trained vectors.
    """

    parts: tuple[TemplatePart, ...]

    def __post_init__(self) -> None:
        blanks = sum(isinstance(part, BlankPart) for part in self.parts)
        if blanks != 1:
            raise UserError(
                "template-blanks",
                "The template has {count} blanks. Write [blank] once, where the label's word "
                "stands.",
                count=blanks,
            )
        if self.soft > MAX_PREFIX_LENGTH:
            raise UserError(
                "template-too-many-vectors",
                "The template has {count} trained vectors ([soft*n]); at most {limit} are "
                "possible.",
                count=self.soft,
                limit=MAX_PREFIX_LENGTH,
            )
        before = self._before_examples()
        if before is None:
            return
        if any(not isinstance(part, (WordsPart, SoftPart)) for part in before) or (
            self.parts.count(ExamplesPart()) > 1
        ):
            raise UserError(
                "template-examples-not-first",
                "[examples] stands behind a field or the blank, or twice. Write it once, before "
                "all fields; what follows it is how each example is written.",
            )

    @property
    def soft(self) -> int:
        """How many trained vectors it has."""
        return sum(part.count for part in self.parts if isinstance(part, SoftPart))

    @property
    def has_examples(self) -> bool:
        """Whether rows with their right words are shown."""
        return ExamplesPart() in self.parts

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once, in order."""
        names = (part.column for part in self.parts if isinstance(part, FieldPart))
        return tuple(dict.fromkeys(names))

    def shown(self) -> tuple[TemplatePart, ...]:
        """How an example is written: what follows `[examples]`."""
        if not self.has_examples:
            return self.parts
        return self.parts[self.parts.index(ExamplesPart()) + 1 :]

    def introduction(self) -> tuple[TemplatePart, ...]:
        """What stands before the examples."""
        return self._before_examples() or ()

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise `UserError` for a field that is none of the input columns."""
        for name in self.columns:
            if name not in columns:
                raise UserError(
                    "template-unknown-field",
                    "The template reads {{{field}}}, but the input columns are {columns}. Correct "
                    "the name, or give that column a role on the Data page.",
                    field=name,
                    columns=", ".join(columns),
                )

    def check_kind(self, kind: BackboneKind) -> None:
        """Raise `UserError` where the backbone cannot read a word at this blank."""
        if kind is BackboneKind.ENCODER:
            raise UserError(
                "template-without-head-for-blanks",
                "This backbone is an encoder without a trained head for blanks, so it has no words "
                "to compare. Read the label by a head, or choose a masked model, a decoder or an "
                "encoder–decoder.",
            )
        if kind is not BackboneKind.MASKED and not isinstance(self.parts[-1], BlankPart):
            behind = format_template(self.parts[self.parts.index(BlankPart()) + 1 :])
            reason = (
                "a decoder sees only what stands before it"
                if kind is BackboneKind.DECODER
                else "the blank is what the decoder writes first, after all that the encoder reads"
            )
            raise UserError(
                "template-blank-not-last",
                "{behind!r} stands behind the blank, but {reason}. Put [blank] at the end.",
                behind=behind,
                reason=reason,
            )

    def _before_examples(self) -> tuple[TemplatePart, ...] | None:
        if not self.has_examples:
            return None
        return self.parts[: self.parts.index(ExamplesPart())]


def null_template(columns: Iterable[str]) -> Template:
    """The fields in their order, then the blank (Logan et al. 2021: null prompts)."""
    parts: list[TemplatePart] = []
    for name in columns:
        parts += [FieldPart(name), WordsPart(" ")]
    return Template((*parts, BlankPart()))


def template_of(text: str, columns: Iterable[str]) -> Template:
    """What a setting says; the null template where it is empty; raise as `parse_template`."""
    return parse_template(text) if text.strip() else null_template(columns)


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        UserError: a bracket without its other, an unknown part, or what `Template` refuses.
    """
    if len(text) > MAX_TEMPLATE:
        raise UserError(
            "template-too-long",
            "The template has {count:,} characters; at most {limit:,} are possible.",
            count=len(text),
            limit=MAX_TEMPLATE,
        )
    return Template(tuple(_joined(_parts(text))))


def format_template(parts: Iterable[TemplatePart]) -> str:
    """The text that `parse_template` reads as these parts."""
    return "".join(map(_format, parts))


def _format(part: TemplatePart) -> str:
    match part:
        case WordsPart(text):
            return _escaped(text)
        case FieldPart(column, cut):
            # A name that ends like a mark has one written behind it.
            marked = cut is not FieldCut.END or column.endswith(tuple(_MARKS))
            return "{" + _escaped(column) + (f":{cut.value}" if marked else "") + "}"
        case BlankPart():
            return "[blank]"
        case SoftPart(count):
            return f"[soft*{count}]"
        case ExamplesPart():
            return "[examples]"


_MARKS = {f":{cut.value}": cut for cut in FieldCut}


def _escaped(text: str) -> str:
    return "".join(_WRITTEN.get(sign, sign) for sign in text)


def _parts(text: str) -> Iterator[TemplatePart]:
    signs = iter(text)
    for sign in signs:
        if sign in "}]":
            raise _unbalanced(sign)
        if sign not in "{[":
            yield WordsPart(_plain(sign, signs))
            continue
        inside = _inside(signs, sign, "}" if sign == "{" else "]")
        yield _field(inside) if sign == "{" else _special(inside)


def _inside(signs: Iterator[str], opening: str, closing: str) -> str:
    inside: list[str] = []
    for sign in signs:
        if sign == closing:
            return "".join(inside)
        if sign in "{[]}":
            break
        inside.append(_plain(sign, signs))
    raise _unbalanced(opening)


def _plain(sign: str, signs: Iterator[str]) -> str:
    if sign != "\\":
        return sign
    escaped = next(signs, "")
    if escaped not in _ESCAPES:
        raise UserError(
            "template-unknown-escape",
            "The template has a backslash before {sign!r}. Known are \\n, \\t, and \\\\, \\{{, "
            "\\}}, \\[, \\] for the signs themselves.",
            sign=escaped,
        )
    return _ESCAPES[escaped]


def _field(inside: str) -> FieldPart:
    for mark, cut in _MARKS.items():
        if inside.endswith(mark):
            return FieldPart(inside.removesuffix(mark), cut)
    return FieldPart(inside)


def _special(inside: str) -> TemplatePart:
    if inside == "blank":
        return BlankPart()
    if inside == "examples":
        return ExamplesPart()
    word, _, number = inside.partition("*")
    if word == "soft" and (number.isdecimal() or inside == "soft"):
        # More digits are more than any limit, and int() refuses thousands of them.
        count = 1 if inside == "soft" else int(number[:9])
        if count:
            return SoftPart(count)
    raise UserError(
        "template-unknown-part",
        "The template has [{part}], which is none of [blank], [soft*3] (with 1 or more) and "
        "[examples]. Write \\[ for a plain bracket.",
        part=inside[:40],
    )


def _joined(parts: Iterable[TemplatePart]) -> Iterator[TemplatePart]:
    """Neighbouring words as one part."""
    text: list[str] = []
    for part in parts:
        if isinstance(part, WordsPart):
            text.append(part.text)
            continue
        if text:
            yield WordsPart("".join(text))
            text = []
        yield part
    if text:
        yield WordsPart("".join(text))


def _unbalanced(sign: str) -> UserError:
    return UserError(
        "template-unbalanced",
        "The template has a {sign} without its other bracket. Write \\{sign} for a plain one.",
        sign=sign,
    )
