"""What a template's texts are as tokens; without torch, so that the window's preview has the same.

Special tokens are never read out of a text: the mask, and what stands around a text, are put there
by number.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.backbones.explaining import explained_text
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.data.prompt import Tokenizer


@dataclass
class Pieces:
    """Tokens of an input, growing to the right.

    Attributes:
        ids: with a stand-in where a trained vector stands.
        soft: index in `ids` and number of each trained vector.
        blank: index of the blank: of the mask token, or of what is written next; -1 until it came.
    """

    ids: array[int] = field(default_factory=lambda: array("i"))
    soft: list[tuple[int, int]] = field(default_factory=list)
    blank: int = -1

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, ids: Iterable[int]) -> None:
        """Tokens."""
        self.ids.extend(ids)

    def join(self, other: Pieces) -> None:
        """Another's tokens; its blank is theirs, where it has one."""
        start = len(self.ids)
        self.ids.extend(other.ids)
        self.soft += [(start + index, number) for index, number in other.soft]
        if other.blank >= 0:
            self.blank = start + other.blank


class PieceTokenizer:
    """A backbone's tokenizer, as templates use it.

    Attributes:
        kind: of the backbone.
        before, after: ids around an input, such as [CLS] and [SEP].
        mask_id: of the token that a masked model fills; None elsewhere.
        decoder_start: ids that an encoder–decoder's decoder reads before a word.
        stand_in: of a token to stand where a trained vector does.
        unknown_id: of the token for what the vocabulary does not have, or None.

    Raises:
        UserError: a masked model's tokenizer has no mask token.
    """

    def __init__(self, tokenizer: Tokenizer, kind: BackboneKind) -> None:
        self._tokenizer, self.kind = tokenizer, kind
        before, after = _around(tokenizer)
        self.mask_id: int | None = None
        self.decoder_start: list[int] = []
        if kind is BackboneKind.DECODER:
            after = []
            if not before:
                # A decoder needs something to go on from, even where the fields are empty.
                start = tokenizer.bos_token_id
                start = tokenizer.eos_token_id if start is None else start
                self._empty = [int(start)]
        elif kind is BackboneKind.ENCODER_DECODER:
            self.decoder_start = before
        elif kind is BackboneKind.MASKED:
            self.mask_id = getattr(tokenizer, "mask_token_id", None)
            if self.mask_id is None:
                raise UserError(
                    "no-mask-token",
                    "The backbone's tokenizer has no mask token, so there is no blank to fill. "
                    "Name it in its tokenizer_config.json, or read the label by a head.",
                )
        self.before, self.after = before, after
        self.stand_in = int(tokenizer.pad_token_id)
        self.unknown_id: int | None = tokenizer.unk_token_id

    def text(self, text: str) -> list[int]:
        """Ids of a text, without special tokens."""
        if not text:
            return []
        with explained_text(text):
            encoded = self._tokenizer(
                text, add_special_tokens=False, split_special_tokens=True, verbose=False
            )
        return [int(token) for token in encoded["input_ids"]]

    def word(self, word: str, *, space: bool) -> list[int]:
        """Ids of a label word.

        Args:
            space: whether a space stands before the blank; byte-level tokenizers make it a part of
                the word, and what an encoder–decoder writes first has none.
        """
        has_space = space and self.kind is not BackboneKind.ENCODER_DECODER
        return self.text(f" {word}" if has_space else word)

    def start(self) -> Pieces:
        """The beginning of an input."""
        pieces = Pieces()
        pieces.add(self.before)
        return pieces

    def finish(self, pieces: Pieces) -> Pieces:
        """The end of an input; a decoder has something to go on from."""
        if not pieces.ids and self.kind is BackboneKind.DECODER:
            pieces.add(self._empty)
            pieces.blank = 1
        pieces.add(self.after)
        return pieces

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Each token as text."""
        return [self._tokenizer.decode([token]) for token in ids]


def _around(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """What the tokenizer puts before and behind every text."""
    bare = [int(each) for each in tokenizer("a", add_special_tokens=False)["input_ids"]]
    whole = [int(each) for each in tokenizer("a")["input_ids"]]
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return whole[:start], whole[start + len(bare) :]
    return [], []
