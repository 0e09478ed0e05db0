"""BERTScore (Zhang et al. 2020): each token's nearest in the other text, by an encoder's vectors.

The encoder is named by the user, and is a folder or already in the hub's cache: nothing is
downloaded, and without one there is no score. As in the authors' package bert-score, the tokens
that begin and end a text weigh nothing but may be matched, and nothing is rescaled by a baseline.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError

from engine.contract.runs.scores import Encoder
from engine.metrics.metric import Array, MeanOverExamples, Unavailable
from engine.reporter import Reporter

if TYPE_CHECKING:
    import torch

CHUNK = 16
"""Examples whose vectors are held at once."""
BATCH = 64
"""Texts that the encoder reads at once."""


@dataclass(frozen=True)
class _Read:
    """A text as the encoder reads it: T tokens, width D, vectors of length 1."""

    vectors: torch.Tensor  # [T, D]
    weights: torch.Tensor  # [T]


class Bertscore(MeanOverExamples):
    """Mean F × 100 over examples; of several references the best one for each output counts.

    Statistics [N, 2]: the example's F × 100, and 1.
    """

    def signature(self) -> str:
        """The encoder, its layer, weights and the version that ran it."""
        from transformers import __version__

        chosen = self._encoder
        name = Path(chosen.name).resolve().name if Path(chosen.name).is_dir() else chosen.name
        layer = "last" if chosen.layer is None else chosen.layer
        weights = "yes" if chosen.idf else "no"
        plain = name.replace("|", ",").replace(":", ",")
        return (
            f"encoder:{plain}|layer:{layer}|idf:{weights}|stat:f|multi:best|"
            f"transformers:{__version__}"
        )

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Encode and match; see `Metric.statistics`.

        Raises:
            Unavailable: no encoder was named, it is not on this machine or cannot be read, or it
                has no such layer.
        """
        reader = _reader(self._encoder.name, self._encoder.layer)
        known = [text for group in references for text in group] if self._encoder.idf else []
        reader.weigh_by(known)
        scored = np.ones((len(hypotheses), 2))
        for start in range(0, len(hypotheses), CHUNK):
            reporter.update(start, len(hypotheses), "rows", self.name)
            outputs, groups = hypotheses[start : start + CHUNK], references[start : start + CHUNK]
            read = reader.read([*outputs, *(text for group in groups for text in group)])
            for i, (output, group) in enumerate(zip(outputs, groups, strict=True), start=start):
                reporter.update(i, len(hypotheses), "rows", self.name)
                scored[i, 0] = 100 * max(_f(read[output], read[text]) for text in group)
        return scored


def check_encoder(encoder: Encoder) -> None:
    """Load an encoder, as a score by it would.

    Raises:
        Unavailable: as `Bertscore.statistics`.
    """
    _reader(encoder.name, encoder.layer)


@functools.lru_cache(maxsize=1)
def _reader(name: str, layer: int | None) -> _Reader:
    """The encoder that was asked for last stays in memory: a study asks once a run."""
    return _Reader(name, layer)


class _Reader:
    """Tokenizer and encoder, loaded once."""

    def __init__(self, name: str, layer: int | None) -> None:
        if not name:
            raise Unavailable(
                "bertscore-without-encoder",
                "bertscore needs an encoder, and none is named. Name one with --encoder DIR "
                "(or a hub id that is in the cache), in the window under Scores, or leave "
                "bertscore out.",
            )
        import torch
        import transformers

        from engine.backbones.model import quiet
        from engine.backbones.regular import check_folder

        here = {"local_files_only": True, "trust_remote_code": False}
        if Path(name).is_dir():
            check_folder(Path(name))
        try:
            with quiet(transformers):
                self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name, **here)
                model: Any = transformers.AutoModel.from_pretrained(name, **here)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise Unavailable(
                "encoder-not-readable",
                "The encoder {name!r} cannot be read ({reason}). Name a folder with config, "
                "tokenizer and weights, or fetch it first with `hf download`.",
                name=name,
                reason=reason,
            ) from error
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        layers = model.config.num_hidden_layers
        self._layer = layers if layer is None else layer
        if not 0 <= self._layer <= layers:
            raise Unavailable(
                "no-such-encoder-layer",
                "There is no layer {layer} in the encoder {name!r} for bertscore. It has "
                "layers 0 to {layers}; 0 is the embeddings.",
                layer=layer,
                name=name,
                layers=layers,
            )
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.to(self._device).eval()
        tokenizer = self._tokenizer
        self._ends = {
            *(tokenizer.cls_token_id, tokenizer.sep_token_id),
            *(tokenizer.bos_token_id, tokenizer.eos_token_id),
        }
        self._weights: dict[int, float] | None = None
        self._unseen = 1.0
        # Fast tokenizers without a limit give a number of 30 digits. RoBERTa's positions
        # begin at 2.
        positions = getattr(model.config, "max_position_embeddings", 512) - 2
        limit = self._tokenizer.model_max_length
        self._limit = limit if limit < 100_000 else positions

    def weigh_by(self, references: Sequence[str]) -> None:
        """Take idf weights, smoothed by one, from the references (section 3); none: equal ones."""
        self._weights = None
        if not references:
            return
        documents: Counter[int] = Counter()
        for text in references:
            documents.update(set(self._ids(text)))
        self._unseen = math.log(len(references) + 1)
        self._weights = {
            token: math.log((len(references) + 1) / (count + 1))
            for token, count in documents.items()
        }

    def read(self, texts: Sequence[str]) -> dict[str, _Read]:
        """Vectors and weights of each text."""
        import torch

        vectors = {}
        ids = {text: self._ids(text) for text in texts}
        ordered = sorted(ids, key=lambda text: len(ids[text]))
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            longest = max(len(ids[text]) for text in batch)
            if longest == 0:
                empty = torch.zeros(0, 1)
                vectors.update({text: _Read(empty, empty[:, 0]) for text in batch})
                continue
            padded = torch.zeros(len(batch), longest, dtype=torch.long)
            mask = torch.zeros(len(batch), longest, dtype=torch.long)
            for row, text in enumerate(batch):
                padded[row, : len(ids[text])] = torch.tensor(ids[text])
                mask[row, : len(ids[text])] = 1
            with torch.no_grad():
                states = self._model(
                    input_ids=padded.to(self._device),
                    attention_mask=mask.to(self._device),
                    output_hidden_states=True,
                ).hidden_states[self._layer]
            unit = torch.nn.functional.normalize(states.float(), dim=-1).cpu()  # [B, T, D]
            for row, text in enumerate(batch):
                weights = torch.tensor([self._weight(token) for token in ids[text]])
                vectors[text] = _Read(unit[row, : len(ids[text])], weights)
        return vectors

    def _ids(self, text: str) -> list[int]:
        encoded = self._tokenizer(text.strip(), truncation=True, max_length=self._limit)
        return list(encoded["input_ids"])

    def _weight(self, token: int) -> float:
        if token in self._ends:
            return 0.0
        return 1.0 if self._weights is None else self._weights.get(token, self._unseen)


def _f(output: _Read, reference: _Read) -> float:
    """F of greedy matching (section 3): each token counts by its nearest in the other text."""
    if not (output.weights.sum() > 0 and reference.weights.sum() > 0):
        return 0.0
    similar = output.vectors @ reference.vectors.T  # [output's T, reference's T]
    precision = (similar.amax(dim=1) * output.weights).sum() / output.weights.sum()
    recall = (similar.amax(dim=0) * reference.weights).sum() / reference.weights.sum()
    below = float(precision + recall)
    return 2 * float(precision * recall) / below if below > 0 else 0.0
