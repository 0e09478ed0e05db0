"""Label words as tokens, and what is wrong with them on a backbone."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.label_words import LabelWordTokens
from engine.templates.pieces import PieceTokenizer


def label_word_tokens(
    labels: Sequence[str], words: Sequence[str], tokenizer: PieceTokenizer, *, space: bool
) -> list[LabelWordTokens]:
    """Each label's word as this backbone has it.

    Args:
        words: of the labels, in their order.
        space: whether the template has a space before the blank.
    """
    ids = [tuple(tokenizer.word(word, space=space)) for word in words]
    return [
        LabelWordTokens(
            label, word, own, tuple(tokenizer.tokens(own)), *_problem(index, labels, ids, tokenizer)
        )
        for index, (label, word, own) in enumerate(zip(labels, words, ids, strict=True))
    ]


def check_label_words(words: Sequence[LabelWordTokens], kind: BackboneKind) -> None:
    """Raise `UserError` for the first word that cannot be compared on this kind of backbone."""
    for item in words:
        if item.is_refused:
            raise UserError(
                "label-word-refused",
                "The word {word!r} of the label {label!r} cannot be compared: {problem}. Give the "
                "label another word with --label-words.",
                word=item.word,
                label=item.label,
                problem=item.problem,
                kind=kind.value,
            )


def is_single_pass(words: Sequence[Sequence[int]]) -> bool:
    """Whether one pass scores all: each word is a single token."""
    return all(len(ids) == 1 for ids in words)


def _problem(
    index: int, labels: Sequence[str], ids: Sequence[tuple[int, ...]], tokenizer: PieceTokenizer
) -> tuple[str, bool]:
    """What is wrong with a word, or "", and whether it is refused."""
    own = ids[index]
    if not own or tokenizer.unknown_id in own:
        return "the backbone's vocabulary does not have it", True
    if tokenizer.kind is BackboneKind.MASKED and len(own) != 1:
        return f"it is {len(own)} tokens, and a masked model fills one", True
    for label, other in zip(labels, ids, strict=True):
        if label == labels[index]:
            continue
        if other == own:
            return f"the word of {label!r} is the same token here", True
        if other == own[: len(other)]:
            return f"the word of {label!r} is its beginning, which is never less likely", False
    return "", False
