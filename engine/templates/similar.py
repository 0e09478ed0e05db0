"""Which rows are like an input: by the angle between mean states of a sentence encoder."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import torch
from torch.nn.functional import normalize

from engine.backbones.catalog import list_backbones
from engine.backbones.loading import Backbone, load_backbone
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.protocol.backbones import ListBackbones
from engine.methods.finetune import BareBackbone
from engine.reporter import Silent
from engine.tasks.reading.readout import ReadoutRow
from engine.tasks.reading.texts import TextEncoder
from engine.tasks.states import hidden_states, text_tensors

MOST_TOKENS = 256
_BATCH = 32


class SentenceEncoder:
    """Compares inputs with candidates.

    Args:
        texts: the candidates.
        device: where it computes.
        backbone: an encoder; by default the catalog's that is on this machine.

    Raises:
        UserError: no sentence encoder is on this machine.
    """

    def __init__(
        self, texts: Sequence[str], *, device: torch.device, backbone: Backbone | None = None
    ) -> None:
        backbone = backbone or _load(device)
        self._system = BareBackbone(backbone)
        limit = TextEncoder(backbone, most_tokens=MOST_TOKENS, position_offset=0)
        self._encoder = limit
        self._candidates = torch.cat(
            [self._embedded(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        )

    def similarities(self, text: str) -> list[float]:
        """The cosine of a text with each candidate."""
        cosines: list[float] = (self._candidates @ self._embedded([text])[0]).tolist()
        return cosines

    @torch.inference_mode()
    def _embedded(self, texts: Sequence[str]) -> torch.Tensor:
        """[texts, d], of length 1: the mean over tokens (Reimers & Gurevych 2019, section 3)."""
        encoded = [self._encoder.encode([text]) for text in texts]
        rows: list[ReadoutRow[int]] = [
            ReadoutRow(each.ids, array("i", each.types), 0, ()) for each in encoded
        ]
        with self._system.active():
            tensors = text_tensors(self._system.backbone, rows)
            states = hidden_states(self._system, tensors).float()
        mask = tensors.mask[..., None].float()
        return normalize((states * mask).sum(dim=1) / mask.sum(dim=1), dim=1)


def _load(device: torch.device) -> Backbone:
    for entry in list_backbones(ListBackbones(()), Silent()).entries:
        if entry.on_disk and entry.shape.kind is BackboneKind.ENCODER:
            return load_backbone(entry.name, device=device, dtype=torch.float32, reporter=Silent())
    raise UserError(
        "no-sentence-encoder",
        "The most similar examples are chosen by a sentence encoder, and none is on this machine. "
        "Fetch one with `python main.py backbones fetch`, or choose examples at random.",
    )
