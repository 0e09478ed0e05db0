r"""Label words: which word at the blank stands for which label.

As text they are "positive=great, negative=terrible"; a backslash makes a comma, an equals sign or a
backslash part of a label or a word. A label without a word has its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.contract.errors import UserError

_SIGNS = ",=\\"


@dataclass(frozen=True)
class LabelWords:
    """Words for some labels.

    Attributes:
        pairs: label and word, each label once.

    Raises:
        UserError: a label twice, or an empty label or word.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        labels: set[str] = set()
        for label, word in self.pairs:
            if not label or not word.strip():
                raise UserError(
                    "label-word-empty",
                    "The label words have {label!r}={word!r}. Give each label a word, such as "
                    "positive=great.",
                    label=label,
                    word=word,
                )
            if label in labels:
                raise UserError(
                    "label-word-given-twice",
                    "The label {label!r} has two label words. Give it one.",
                    label=label,
                )
            labels.add(label)

    def of(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The word of each label.

        Raises:
            UserError: a word of a label that is not there, or one word for two labels.
        """
        given = dict(self.pairs)
        for label in given:
            if label not in labels:
                raise UserError(
                    "label-word-of-unknown-label",
                    "There is a word for {label!r}, but the labels are {labels}. Correct it.",
                    label=label,
                    labels=_listed(labels),
                )
        words = tuple(given.get(label, label).strip() for label in labels)
        owners: dict[str, str] = {}
        for label, word in zip(labels, words, strict=True):
            if word in owners:
                raise UserError(
                    "label-words-equal",
                    "The labels {first!r} and {second!r} have the same word {word!r}. Give each "
                    "its own.",
                    first=owners[word],
                    second=label,
                    word=word,
                )
            owners[word] = label
        return words


@dataclass(frozen=True)
class LabelWordTokens:
    """A label's word as a backbone has it.

    Attributes:
        ids, tokens: of the word, a space before it included where the template has one.
        problem: what is wrong with it, without a full stop; "" where nothing is.
        is_refused: whether it cannot be used.
    """

    label: str
    word: str
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    problem: str = ""
    is_refused: bool = False


def parse_label_words(text: str) -> LabelWords:
    """Read "label=word, label=word"; raise `UserError` where it does not read so."""
    pairs = []
    for item in _split(text, ","):
        if not item.strip():
            continue
        label, *words = _split(item, "=")
        if len(words) != 1:
            raise UserError(
                "label-words-unreadable",
                "{item!r} is no label word. Write label=word, with commas between them; a comma or "
                "an equals sign of a label has a backslash before it.",
                item=item.strip(),
            )
        pairs.append((_plain(label), _plain(words[0])))
    return LabelWords(tuple(pairs))


def format_label_words(pairs: Iterable[tuple[str, str]]) -> str:
    """The text that `parse_label_words` reads as these pairs."""
    return ", ".join(f"{_escaped(label)}={_escaped(word)}" for label, word in pairs)


def _split(text: str, separator: str) -> Iterator[str]:
    """The stretches between separators that have no backslash, escapes as they stand."""
    start, position = 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == separator:
            yield text[start:position]
            start = position + 1
        position += 1
    yield text[start:]


def _plain(text: str) -> str:
    signs = iter(text.strip())
    return "".join(next(signs, "\\") if sign == "\\" else sign for sign in signs)


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in text)


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:10])
    return shown if len(labels) <= 10 else f"{shown} and {len(labels) - 10} more"
