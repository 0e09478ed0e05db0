"""Held-out inputs, and the loss over all their references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.data.examples import EvalInput
from engine.methods.base import System
from engine.reporter import Reporter
from engine.tasks.generation.batches import TokenRow, collate_for
from engine.tasks.generation.loss import loss_sum


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
    """Nats per target token over all references.

    References of an input are in one batch where it is read once for all of them.
    """
    total, tokens = 0.0, 0
    with torch.inference_mode(), system.active():
        by_source = system.fast((0,)) is not None or system.trained() is not None
        order = sorted(range(len(rows)), key=lambda row: _order(rows[row], by_source=by_source))
        for at in range(0, len(order), batch_size):
            reporter.update(at, len(order), "rows")
            chosen = order[at : at + batch_size]
            batch = collate_for(system.backbone, [rows[row] for row in chosen])
            total += loss_sum(system, batch, chosen).item()
            tokens += batch.targets
    return total / max(tokens, 1)


def _order(row: TokenRow, *, by_source: bool) -> tuple[int, bytes, int]:
    """Rows of about one length are neighbours."""
    if by_source:
        return len(row.source), row.source.tobytes(), len(row.target)
    return len(row), b"", 0
