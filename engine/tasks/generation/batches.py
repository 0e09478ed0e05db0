"""Rows as token ids, and padded batches of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.backbones.loading import Backbone

IGNORED = -100
"""Label of a token that carries no loss (the default of torch's cross-entropy)."""


@dataclass(frozen=True)
class TokenRow:
    """One training row: source with its separator, then target with its end token."""

    source: array[int]
    target: array[int]

    def __len__(self) -> int:
        return len(self.source) + len(self.target)


def token_row(source: Iterable[int], target: Iterable[int]) -> TokenRow:
    """A row in 4 bytes a token."""
    return TokenRow(array("i", source), array("i", target))


@dataclass(frozen=True)
class TextBatch:
    """Rows of one forward pass.

    Decoder-only rows are padded on the left, so that all targets end at the last column. Of an
    encoder–decoder, sources and targets are padded on the right, where its positions count
    from the first column.

    Attributes:
        input_ids, attention_mask: [B, T].
        labels: [B, K], the next tokens of the last K columns, or of the decoder's; IGNORED
            where there is no loss.
        decoder_input_ids: [B, K] of an encoder–decoder, else None.
        token_rows: the rows themselves.
        rows: B.
        targets: target tokens, which carry loss.
        tokens: source and target tokens, padding not counted.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    token_rows: Sequence[TokenRow]
    rows: int
    targets: int
    tokens: int
    decoder_input_ids: torch.Tensor | None = None


def collate(
    rows: Sequence[TokenRow], *, pad_id: int, device: torch.device, start_id: int | None = None
) -> TextBatch:
    """Pad rows to the longest.

    On decoder-only backbones the last target token is predicted but never read, so T is one less
    than the longest row and K the longest target: only the last K columns need logits.

    Args:
        rows: source and target; for an encoder–decoder with what its tokenizer puts around both.
        pad_id: of the padding token.
        device: of the tensors.
        start_id: of the token that an encoder–decoder's decoder reads before the first of a
            target; None for a decoder-only backbone.
    """
    left = start_id is None
    targets = [row.target for row in rows]
    read = [(row.source + row.target)[:-1] if left else row.source for row in rows]
    decoder_ids = None
    if start_id is not None:
        decoder_ids = _padded([[start_id, *target[:-1]] for target in targets], pad_id, left=False)
    return TextBatch(
        input_ids=_padded(read, pad_id, left=left).to(device),
        attention_mask=_padded([[1] * len(ids) for ids in read], 0, left=left).to(device),
        labels=_padded(targets, IGNORED, left=left).to(device),
        token_rows=rows,
        rows=len(rows),
        targets=sum(map(len, targets)),
        tokens=sum(map(len, rows)),
        decoder_input_ids=None if decoder_ids is None else decoder_ids.to(device),
    )


def _padded(rows: Sequence[Sequence[int]], fill: int, *, left: bool) -> torch.Tensor:
    """Rows of token ids, filled to the longest: [B, longest]."""
    longest = max(map(len, rows))
    padded = np.full((len(rows), longest), fill, dtype=np.int64)
    for index, ids in enumerate(rows):
        start = longest - len(ids) if left else 0
        padded[index, start : start + len(ids)] = ids
    return torch.from_numpy(padded)


def collate_for(backbone: Backbone, rows: Sequence[TokenRow]) -> TextBatch:
    """Pad rows as this backbone reads them."""
    return collate(
        rows,
        pad_id=backbone.tokenizer.pad_token_id,
        device=backbone.model.device,
        start_id=backbone.decoder_start_id if backbone.is_encoder_decoder else None,
    )
