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
        rows: B.
        targets: target tokens, which carry loss.
        tokens: source and target tokens, padding not counted.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    rows: int
    targets: int
    tokens: int
    decoder_input_ids: torch.Tensor | None = None


def collate(rows: Sequence[TokenRow], *, pad_id: int, device: torch.device) -> TextBatch:
    """Pad rows to the longest.

    The last target token is predicted but never read, so T is one less than the longest row
    and K the longest target: only the last K columns need logits.
    """
    width = max(len(row) for row in rows) - 1
    longest = max(len(row.target) for row in rows)
    input_ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    attention = np.zeros((len(rows), width), dtype=np.int64)
    labels = np.full((len(rows), longest), IGNORED, dtype=np.int64)
    for index, row in enumerate(rows):
        read = (row.source + row.target)[:-1]
        input_ids[index, width - len(read) :] = read
        attention[index, width - len(read) :] = 1
        labels[index, longest - len(row.target) :] = row.target
    return TextBatch(
        input_ids=torch.from_numpy(input_ids).to(device),
        attention_mask=torch.from_numpy(attention).to(device),
        labels=torch.from_numpy(labels).to(device),
        rows=len(rows),
        targets=sum(len(row.target) for row in rows),
        tokens=sum(len(row) for row in rows),
    )


def collate_sides(
    rows: Sequence[TokenRow], *, pad_id: int, start_id: int, device: torch.device
) -> TextBatch:
    """Pad sources and targets to the longest, for an encoder–decoder.

    Args:
        rows: the whole source, and the target with what its tokenizer puts around it.
        pad_id: of the padding token, in sources and in the decoder's input.
        start_id: of the token that the decoder reads before the first of a target.
        device: of the tensors.
    """
    width = max(len(row.source) for row in rows)
    longest = max(len(row.target) for row in rows)
    input_ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    attention = np.zeros((len(rows), width), dtype=np.int64)
    decoder_ids = np.full((len(rows), longest), pad_id, dtype=np.int64)
    labels = np.full((len(rows), longest), IGNORED, dtype=np.int64)
    for index, row in enumerate(rows):
        input_ids[index, : len(row.source)] = row.source
        attention[index, : len(row.source)] = 1
        decoder_ids[index, : len(row.target)] = [start_id, *row.target[:-1]]
        labels[index, : len(row.target)] = row.target
    return TextBatch(
        input_ids=torch.from_numpy(input_ids).to(device),
        attention_mask=torch.from_numpy(attention).to(device),
        labels=torch.from_numpy(labels).to(device),
        rows=len(rows),
        targets=sum(len(row.target) for row in rows),
        tokens=sum(len(row) for row in rows),
        decoder_input_ids=torch.from_numpy(decoder_ids).to(device),
    )


def collate_for(backbone: Backbone, rows: Sequence[TokenRow]) -> TextBatch:
    """Pad rows as this backbone reads them."""
    pad, device = backbone.tokenizer.pad_token_id, backbone.model.device
    if backbone.is_encoder_decoder:
        return collate_sides(rows, pad_id=pad, start_id=backbone.decoder_start_id, device=device)
    return collate(rows, pad_id=pad, device=device)
