"""A look at held-out inputs: loss over all their references, scores of their outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.contract.scores import OutputRow, Score
from engine.contract.training_spec import DecodingSpec
from engine.data.examples import EvalInput
from engine.decoding.decoder import Decoded, decode, decoding_signature
from engine.decoding.files import output_rows
from engine.methods.base import System
from engine.metrics.scoring import score_rows
from engine.reporter import Reporter
from engine.training.batches import TokenRow, collate
from engine.training.loss import loss_sum


@dataclass(frozen=True)
class HeldOut:
    """Held-out inputs, tokenised once.

    Attributes:
        inputs: one per distinct input.
        prompts: token ids of each input.
        rows: one per reference, for the loss.
    """

    inputs: Sequence[EvalInput]
    prompts: Sequence[Sequence[int]]
    rows: Sequence[TokenRow]


def held_out_loss(
    system: System, rows: Sequence[TokenRow], batch_size: int, reporter: Reporter
) -> float:
    """Nats per target token over all references."""
    ordered = sorted(rows, key=len)
    pad = system.backbone.tokenizer.pad_token_id
    device = system.backbone.model.device
    total, tokens = 0.0, 0
    with torch.inference_mode(), system.active():
        for at in range(0, len(ordered), batch_size):
            reporter.update(at, len(ordered), "rows")
            batch = collate(ordered[at : at + batch_size], pad_id=pad, device=device)
            total += loss_sum(system, batch).item()
            tokens += batch.target_tokens
    return total / max(tokens, 1)


def decode_and_score(
    system: System,
    held_out: HeldOut,
    decoding: DecodingSpec,
    reporter: Reporter,
    *,
    metrics: Sequence[str],
) -> tuple[tuple[Score, ...], tuple[OutputRow, ...], Decoded]:
    """Decode every held-out input and score the outputs against all its references."""
    decoded = decode(system, held_out.prompts, decoding, reporter)
    rows = output_rows(held_out.inputs, decoded.texts)
    scores, scored = score_rows(
        rows, metrics, decoding=decoding_signature(decoding), seed=0, reporter=reporter
    )
    return scores, scored, decoded
