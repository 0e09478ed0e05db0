"""How likely each label's word is at the blank.

On decoders and encoder–decoders a word's score is the summed log-likelihood of its tokens, of which
there may be several; on masked models it is the log-likelihood of its one token at the mask.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import torch
from torch.nn.functional import log_softmax

from engine.contract.backbone import BackboneKind
from engine.methods.base import System
from engine.tasks.generation.batches import collate_for, token_row
from engine.tasks.generation.loss import target_logits
from engine.tasks.reading.readout import ReadoutRow
from engine.tasks.states import accepted, text_tensors
from engine.templates.context import Pair, shared_length, shared_logits
from engine.templates.label_words import is_single_pass
from engine.templates.pieces import Pieces


class WordScorer:
    """Scores words at the blanks of inputs.

    Args:
        words: token ids of each label's word.
        decoder_start: what an encoder–decoder's decoder reads before a word.
    """

    def __init__(
        self,
        words: Sequence[Sequence[int]],
        kind: BackboneKind,
        *,
        decoder_start: Sequence[int] = (),
    ) -> None:
        self._words, self._kind = [list(ids) for ids in words], kind
        self._decoder_start = list(decoder_start)
        self._is_single_pass = is_single_pass(self._words)

    def scores(
        self,
        system: System,
        inputs: Sequence[Sequence[int]],
        blanks: Sequence[int],
        *,
        rows: Sequence[int] = (),
    ) -> torch.Tensor:
        """The log-likelihood of each label's word, [B, labels], in nats; inside `active()`.

        Args:
            system: whose words.
            inputs: token ids, as `read_ids` gives them.
            blanks: of a masked model, where the mask stands in each.
            rows: their places in the whole input, for systems that ask.
        """
        if self._kind is BackboneKind.MASKED:
            logits = _mask_logits(system, inputs, blanks, rows)
        elif self._is_single_pass:
            logits = self._logits(system, [(ids, self._words[0]) for ids in inputs], rows)[:, -1]
        else:
            pairs = [(ids, word) for ids in inputs for word in self._words]
            repeated = [row for row in rows for _ in self._words]
            return self._summed(system, pairs, repeated).view(len(inputs), -1)
        chosen = torch.tensor([ids[0] for ids in self._words], device=logits.device)
        return log_softmax(logits, dim=-1)[:, chosen]

    def _summed(self, system: System, pairs: Sequence[Pair], rows: Sequence[int]) -> torch.Tensor:
        log_probs = log_softmax(self._logits(system, pairs, rows), dim=-1)
        columns = log_probs.shape[1]
        summed = []
        for index, (_, word) in enumerate(pairs):
            # Decoder-only rows end at the last column; an encoder–decoder's begin at the first.
            is_decoder = self._kind is BackboneKind.DECODER
            first = columns - len(word) if is_decoder else len(self._decoder_start)
            where = torch.arange(first, first + len(word), device=log_probs.device)
            what = torch.tensor(list(word), device=log_probs.device)
            summed.append(log_probs[index, where, what].sum())
        return torch.stack(summed)

    def _logits(self, system: System, pairs: Sequence[Pair], rows: Sequence[int]) -> torch.Tensor:
        """The logits from which words are read, [B, K, vocabulary]."""
        length = shared_length(system, pairs)
        if length:
            return shared_logits(system, pairs, length)
        start = self._decoder_start if self._kind is BackboneKind.ENCODER_DECODER else []
        token_rows = [token_row(ids, [*start, *word]) for ids, word in pairs]
        return target_logits(system, collate_for(system.backbone, token_rows), rows)


def read_ids(pieces: Pieces, vocabulary: int) -> list[int]:
    """An input's ids; the number of a trained vector is counted on from the vocabulary's."""
    ids = pieces.ids.tolist()
    for index, number in pieces.soft:
        ids[index] = vocabulary + number
    return ids


def _mask_logits(
    system: System, inputs: Sequence[Sequence[int]], blanks: Sequence[int], rows: Sequence[int]
) -> torch.Tensor:
    """The logits at the masks, [B, vocabulary]."""
    read: list[ReadoutRow[int]] = [ReadoutRow(array("i", ids), array("i"), 0, ()) for ids in inputs]
    texts, model = text_tensors(system.backbone, read), system.backbone.model
    with system.batch(rows, texts.mask, texts.mask.bool()) as positions:
        sides = accepted(model, {"position_ids": positions})
        output = model(input_ids=texts.ids, attention_mask=texts.mask, **sides)
    # What a method puts into the input stands before the text.
    logits: torch.Tensor = output.logits[:, -texts.ids.shape[1] :]
    where = torch.arange(len(read), device=logits.device)
    chosen: torch.Tensor = logits[where, torch.tensor(blanks, device=logits.device)].float()
    return chosen
