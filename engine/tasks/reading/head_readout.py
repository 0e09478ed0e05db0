"""The part that all readouts by a head have in common."""

from __future__ import annotations

import torch

from engine.contract.tasks.readouts import HeadSpec
from engine.tasks.head import Head
from engine.tasks.reading.readout import A, Readout, ReadoutForm
from engine.tasks.reading.texts import TextEncoder


class HeadReadout(Readout[A]):
    """Reads answers by a head on the hidden states of a text.

    Attributes:
        encoder: makes token ids of texts.
        head: what is trained, beside the method.

    Args:
        form: how inputs are read.
        spec: of the head.
        outputs: numbers that the head gives for each state.
        most_tokens: of a text; None as the form has it.
    """

    def __init__(
        self, form: ReadoutForm, spec: HeadSpec, *, outputs: int, most_tokens: int | None = None
    ) -> None:
        super().__init__(form)
        self.encoder = TextEncoder(
            form.backbone,
            most_tokens=form.source_tokens if most_tokens is None else most_tokens,
            position_offset=form.position_offset,
        )
        self.head = Head(
            form.backbone.shape.width,
            outputs,
            spec,
            seed=form.seed,
            device=form.backbone.model.device,
        )

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """The head's."""
        return self.head.trainable()
