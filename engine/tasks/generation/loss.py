"""The loss of a batch: target and end-of-sequence tokens only (Li & Liang 2021, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy

from engine.fast.packing import PackedBatch, pack_rows
from engine.methods.base import System
from engine.tasks.generation.batches import IGNORED, TextBatch


def loss_sum(system: System, batch: TextBatch, rows: Sequence[int] = ()) -> torch.Tensor:
    """The summed loss of all target tokens of a batch, in nats; inside `system.active()`.

    Logits are computed for the last K columns only: prompt tokens carry no loss.

    Args:
        system: whose loss.
        batch: rows of one forward pass.
        rows: their places in the whole input, for systems that ask.
    """
    fast, trained = system.fast(rows), system.trained()
    if fast is not None:
        decoder, prefix = fast
        packed = _packed(batch, share=prefix.is_shared)
        if decoder.has_room_for(prefix, packed):
            return decoder.loss(prefix, packed)
    elif trained is not None:
        return trained.loss(_packed(batch, share=True))
    logits = target_logits(system, batch, rows)
    return cross_entropy(
        logits.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def target_logits(system: System, batch: TextBatch, rows: Sequence[int] = ()) -> torch.Tensor:
    """The logits of a batch's target columns, [B, K, vocabulary]; arguments as `loss_sum`'s."""
    with system.batch(rows, batch.attention_mask, _behind(batch)) as positions:
        if batch.decoder_input_ids is not None:
            return _encoder_decoder_logits(system, batch)
        return _decoder_logits(system, batch, positions)


def _packed(batch: TextBatch, *, share: bool) -> PackedBatch:
    rows = batch.token_rows
    made = pack_rows([row.source for row in rows], [row.target for row in rows], share=share)
    return made.to(batch.labels.device)


def _behind(batch: TextBatch) -> torch.Tensor:
    """[B, T]: the columns whose next token carries loss; none in an encoder's input."""
    behind = torch.zeros_like(batch.attention_mask, dtype=torch.bool)
    if batch.decoder_input_ids is None:
        behind[:, -batch.labels.shape[1] :] = batch.labels != IGNORED
    return behind


def _decoder_logits(system: System, batch: TextBatch, positions: torch.Tensor) -> torch.Tensor:
    length = batch.labels.shape[1]
    output = system.backbone.model(
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        position_ids=positions,
        use_cache=False,
        logits_to_keep=length,
    )
    logits: torch.Tensor = output.logits[:, -length:].float()  # [B, K, vocabulary]
    return logits


def _encoder_decoder_logits(system: System, batch: TextBatch) -> torch.Tensor:
    # Padding of a target stands behind its tokens, where causal attention does not look.
    output = system.backbone.model(
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        decoder_input_ids=batch.decoder_input_ids,
        use_cache=False,
    )
    logits: torch.Tensor = output.logits.float()  # [B, K, vocabulary]
    return logits
