"""One row as the tokens that a backbone reads a label, tags or a span of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.contract.reading.reading import PreviewToken
from engine.contract.specs.answer import AnswerKind
from engine.data.inputs import RowReader
from engine.data.sequences import items_of


def reading_tokens(
    tokenizer: Any, reader: RowReader, cells: tuple[str, ...], *, pairs: bool
) -> list[PreviewToken]:
    """The tokens of a row, marked where its answer is learned: at words, or in the answer.

    A label is learned at the whole text, so that no token is marked.

    Args:
        tokenizer: as `engine.backbones.loading.load_tokenizer` gives it.
        pairs: whether two texts are given as a pair; else they are lines of one.
    """
    texts, places = _texts(reader, cells)
    joined = _joined(texts, pairs=pairs)
    shift = len(joined[-1]) - len(texts[-1]) if texts else 0  # the source ends the last text
    spans = [(start + shift, end + shift) for start, end in places]
    return [
        PreviewToken(
            tokenizer.decode([token]),
            token,
            part == len(joined) - 1 and any(low < end and start < high for low, high in spans),
        )
        for token, part, start, end in _located(tokenizer, joined)
    ]


def _joined(texts: tuple[str, ...], *, pairs: bool) -> tuple[str, ...]:
    """As a tokenizer is given them (`engine.tasks.reading.texts.TextEncoder`)."""
    if not pairs:
        return ("\n".join(texts),)
    return (texts[0], " ".join(texts[1:])) if len(texts) > 1 else texts or ("",)


def _texts(
    reader: RowReader, cells: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    """What is read, the source last, and the characters of it at which something is learned."""
    if reader.kind is AnswerKind.TAGS:
        words, places, at = items_of(reader.source_cell(cells)), [], 0
        for word in words:
            places.append((at, at + 1))
            at += len(word) + 1
        return (" ".join(words),), places
    parts = reader.parts(cells)
    if reader.kind is AnswerKind.SPAN:
        source, answer = reader.source_cell(cells), reader.answer(cells)
        others = [part for part in parts if part != source]
        span = (answer.start, answer.start + len(answer.targets[0])) if answer.start >= 0 else None
        return (*others, source), [span] if span else []
    return parts, []


def _located(tokenizer: Any, texts: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Id, text and characters of each token; -1 as text where nothing says where it stands."""
    locate = getattr(tokenizer, "located", None)
    if locate is not None:
        tokens: list[tuple[int, int, int, int]] = locate(*texts)
        return tokens
    return [(token, -1, 0, 0) for token in tokenizer(*texts, verbose=False)["input_ids"]]
