"""Texts as a backbone reads them that is asked for no words: one text, or two as a pair."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.backbones.explaining import explained_text
from engine.backbones.loading import Backbone
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.methods.base import max_positions

FEWEST_TOKENS = 8
"""Room for less than that is no room for a text."""


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text as token ids, with those that its tokenizer puts around it.

    Attributes:
        types: which of two texts each token is of; empty where the backbone does not ask.
        spans: of each token its part (-1 for none) and its characters there, start and end; empty
            unless asked for.
        is_cut: whether it was longer than the limit.
    """

    ids: array[int]
    types: array[int]
    spans: tuple[tuple[int, int, int], ...]
    is_cut: bool


class TextEncoder:
    """Encodes texts within a limit.

    Attributes:
        limit: the most tokens of a text, those around it included.

    Args:
        backbone: whose tokenizer encodes.
        most_tokens: as the user set it; less where the backbone has fewer positions.
        position_offset: positions that are in use before the text.

    Raises:
        UserError: there is no room for a text.
    """

    def __init__(self, backbone: Backbone, *, most_tokens: int, position_offset: int) -> None:
        self.backbone, self._tokenizer = backbone, backbone.tokenizer
        positions = max_positions(backbone)
        room = None if positions is None else positions - position_offset
        self.limit = most_tokens if room is None else min(most_tokens, room)
        if room is not None and room < FEWEST_TOKENS:
            raise UserError(
                "no-positions-for-text",
                "The prefix needs {prefix} of the {positions} positions of {backbone}, which "
                "leaves none for texts. Choose a shorter prefix.",
                prefix=position_offset,
                positions=positions,
                backbone=backbone.name,
            )

    @property
    def pairs(self) -> bool:
        """Whether two parts are given as a pair; else they are lines of a text."""
        return self.backbone.shape.kind is not BackboneKind.DECODER

    @property
    def starts_with_special(self) -> bool:
        """Whether the tokenizer puts a token before each text, as BERT's."""
        ids = self._tokenizer("", verbose=False)["input_ids"]
        return bool(ids) and ids[0] in self._tokenizer.all_special_ids

    def encode(
        self, parts: Sequence[str], *, spans: bool = False, cut_last: bool = False
    ) -> EncodedText:
        """Encode the parts of an input.

        Args:
            parts: one or more; those after the second are joined to it by blanks.
            spans: whether the characters of each token are wanted.
            cut_last: whether only the last part of a pair may be cut, not the longer one.

        Raises:
            UserError: the tokenizer cannot tell where tokens stand.
        """
        texts = self._texts(parts)
        encoded = self._call(texts, spans=spans)
        is_cut = len(encoded["input_ids"]) > self.limit
        if is_cut:
            how = "longest_first"
            if cut_last and len(texts) == 2:
                how = "only_second"
            encoded = self._call(texts, spans=spans, truncation=how, max_length=self.limit)
        ids = [int(token) for token in encoded["input_ids"]]
        if not ids:
            end, padding = self._tokenizer.eos_token_id, self._tokenizer.pad_token_id
            ids = [int(padding if end is None else end)]
        self.backbone.check_tokens(ids)
        types = encoded.get("token_type_ids") if self.backbone.takes_token_types else None
        known = self._spans(encoded, parts, len(ids)) if spans else ()
        return EncodedText(array("i", ids), array("i", types or ()), known, is_cut)

    def tokens(self, text: str) -> list[tuple[int, int]]:
        """The characters of each token of a text, without those around it: start and end."""
        encoded = self._call((text,), spans=True, add_special_tokens=False)
        return [(int(start), int(end)) for start, end in encoded["offset_mapping"]]

    def shortened(self, text: str, most_tokens: int) -> str:
        """A text up to its last token within a limit."""
        tokens = self.tokens(text)
        return text if len(tokens) <= most_tokens else text[: tokens[most_tokens - 1][1]]

    def _texts(self, parts: Sequence[str]) -> tuple[str, ...]:
        if not self.pairs:
            return ("\n".join(parts),)
        return (parts[0], " ".join(parts[1:])) if len(parts) > 1 else tuple(parts)

    def _call(self, texts: Sequence[str], *, spans: bool, **more: Any) -> Any:
        if spans and not getattr(self._tokenizer, "is_fast", False):
            raise UserError(
                "tokenizer-without-offsets",
                "The tokenizer of {backbone} does not tell where its tokens stand in a text, which "
                "tags and spans need. Choose a backbone with a tokenizer.json.",
                backbone=self.backbone.name,
            )
        with explained_text(texts[0]):
            return self._tokenizer(
                *texts,
                split_special_tokens=True,
                verbose=False,
                return_offsets_mapping=spans,
                **more,
            )

    def _spans(
        self, encoded: Any, parts: Sequence[str], count: int
    ) -> tuple[tuple[int, int, int], ...]:
        """By parts; tokens of the blank or line break between two parts are of neither."""
        sequences = encoded.sequence_ids(0)
        spans = []
        for sequence, (start, end) in zip(sequences, encoded["offset_mapping"], strict=True):
            if sequence is None or end <= start:
                spans.append((-1, 0, 0))
            elif self.pairs and sequence == 0:
                spans.append((0, int(start), int(end)))
            else:
                first = 1 if self.pairs else 0
                spans.append(_located(parts, first, int(start), int(end)))
        return tuple(spans) or ((-1, 0, 0),) * count


def _located(parts: Sequence[str], first: int, start: int, end: int) -> tuple[int, int, int]:
    """Characters of parts joined by single characters, as those of the part that they are in."""
    for index in range(first, len(parts)):
        length = len(parts[index])
        if start < length and end > 0:
            return index, max(start, 0), min(end, length)
        start, end = start - length - 1, end - length - 1
    return -1, 0, 0
