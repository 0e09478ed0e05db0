"""Labels of texts, by comparing words at a blank (Schick & Schütze 2021; Brown et al. 2020)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.nn.functional import log_softmax

from engine.contract.errors import UserError
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import Calibration, CompareAmong, ExampleChoice
from engine.data.examples import EvalInput, TrainRow
from engine.data.tallies import counted
from engine.methods.base import System, max_positions
from engine.reporter import Reporter
from engine.tasks.labels.readout import label_loss, label_prediction, right_labels
from engine.tasks.reading.predicting import BATCH_SIZE
from engine.tasks.reading.readout import (
    Prediction,
    Readout,
    ReadoutBatch,
    ReadoutForm,
    ReadoutRow,
    right_answers,
)
from engine.templates.filling import TemplateFiller
from engine.templates.label_words import check_label_words, label_word_tokens
from engine.templates.pieces import Pieces, PieceTokenizer
from engine.templates.scoring import WordScorer, read_ids
from engine.templates.shown import Shown, most_similar
from engine.templates.similar import SentenceEncoder

_MOST_POSITIONS = 8192
"""Of an input with its examples, on backbones that know no limit."""
_CALIBRATION_ROWS = 200
"""Training rows over which the mean score is taken."""


class WordReadout(Readout[int]):
    """One label of each input: the one whose word is the most likely at the blank.

    Args:
        task: with its labels, and the rows that are shown.
        form: how inputs are read.

    Raises:
        UserError: the template or the words do not fit the columns, the labels or the backbone.
    """

    def __init__(self, task: LabelTask, form: ReadoutForm) -> None:
        super().__init__(form)
        self.spec: LabelTask = task
        words, backbone = task.words, form.backbone
        self._numbers = {label: number for number, label in enumerate(task.labels)}
        self._columns = tuple(column.name for column in form.mapping.inputs)
        template = words.template_for(self._columns)
        self._tokenizer = PieceTokenizer(backbone.tokenizer, backbone.shape.kind)
        positions = max_positions(backbone)
        self._room = (positions or _MOST_POSITIONS) - form.position_offset
        self._filler = TemplateFiller(
            template, self._columns, tokenizer=self._tokenizer, max_tokens=form.source_tokens
        )
        texts = words.words().of(task.labels)
        tokens = label_word_tokens(
            task.labels, texts, self._tokenizer, space=self._filler.has_space
        )
        check_label_words(tokens, backbone.shape.kind)
        self._word_of = dict(zip(task.labels, texts, strict=True))
        self._word_room = max(len(item.ids) for item in tokens)
        self._filler.fit_into(self._room - self._word_room)
        self._notes = [f"{item.word!r}: {item.problem}." for item in tokens if item.problem]
        self._scorer = WordScorer(
            [item.ids for item in tokens],
            backbone.shape.kind,
            decoder_start=self._tokenizer.decoder_start,
        )
        self._shown = [(each, self._example(each)) for each in words.shown]
        self._encoder = self._sentence_encoder() if words.shown else None
        self._seen: list[ReadoutRow[int]] = []
        self._cut = self._left_out = 0

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """None: the backbone has its output layer."""
        return {}

    @property
    def signature(self) -> str:  # type: ignore[override]
        """How labels are predicted."""
        kind = self.spec.words.calibration
        return "words" if kind is Calibration.NONE else f"words,calibrated:{kind.value}"

    plain_signature = "words"
    read_off = "logits"

    def rows(self, item: TrainRow | EvalInput, number: int) -> list[ReadoutRow[int]]:
        """One row; labels that no training row has carry no loss."""
        cells = self._cells(item)
        filled = self._filler.row(cells)
        self._cut += filled.cut > 0
        pieces = self._filler.whole(filled.pieces, self._fitting(filled.pieces, cells))
        self._check_room(pieces)
        known = [self._numbers[label] for label in right_answers(item) if label in self._numbers]
        row = self._row(pieces, number, tuple(known))
        if isinstance(item, TrainRow) and len(self._seen) < _CALIBRATION_ROWS:
            self._seen.append(row)
        return [row]

    def collate(self, rows: Sequence[ReadoutRow[int]]) -> ReadoutBatch[int]:
        """The rows as they are: the scorer pads them."""
        return ReadoutBatch(None, rows, sum(map(self.targets, rows)))  # type: ignore[arg-type]

    def logits(self, system: System, batch: ReadoutBatch[int], *, training: bool) -> torch.Tensor:
        """The log-likelihood of each label's word, [B, labels]."""
        read = batch.read
        return self._scorer.scores(
            system,
            [row.ids for row in read],
            [int(row.spots) for row in read],
            rows=[row.item for row in read],
        )

    def loss(self, logits: torch.Tensor, batch: ReadoutBatch[int]) -> torch.Tensor:
        """Cross-entropy among the label words, or among all words."""
        if self.spec.words.compare_among is CompareAmong.LABELS:
            return label_loss(logits, batch)
        index, labels = right_labels(batch, logits.device)
        return -logits[index, labels].sum()

    def read(self, logits: torch.Tensor, batch: ReadoutBatch[int]) -> list[list[float]]:
        """The log-probability of each label among all."""
        scores: list[list[float]] = log_softmax(logits.float(), dim=1).tolist()
        return scores

    def predictions(
        self,
        inputs: Sequence[EvalInput],
        rows: Sequence[ReadoutRow[int]],
        read: Sequence[list[float]],
    ) -> list[Prediction]:
        """The most probable label, and the probabilities of all, calibrated."""
        if not read:
            return []
        scores = torch.tensor(read, dtype=torch.float64)
        if prior := self.spec.words.prior:
            scores = scores - torch.tensor(prior, dtype=torch.float64)
        return [
            label_prediction(self.spec.labels, values) for values in scores.softmax(dim=1).tolist()
        ]

    def plain_predictions(self, read: Sequence[Any]) -> list[Prediction] | None:
        """The same without calibration; None where there is none."""
        if not self.spec.words.prior:
            return None
        return [
            label_prediction(self.spec.labels, torch.tensor(values).exp().tolist())
            for values in read
        ]

    def prepare(self, system: System, reporter: Reporter) -> None:
        """Measure the calibration, unless it came with what was saved."""
        words = self.spec.words
        match words.calibration:
            case Calibration.NONE:
                return
            case Calibration.EMPTY:
                rows = [self._empty_row()]
            case Calibration.MEAN:
                rows = self._seen
        if not rows:  # saved with what was trained
            return
        log_probs = []
        with torch.inference_mode(), system.active():
            for at in range(0, len(rows), BATCH_SIZE):
                reporter.update(at, len(rows), "rows", "calibrating")
                batch = self.collate(rows[at : at + BATCH_SIZE])
                log_probs.append(log_softmax(self.logits(system, batch, training=False), dim=1))
        # The mean of probabilities, as Zhao et al. 2021, section 5, over content-free inputs.
        mean = torch.cat(log_probs).double().exp().mean(dim=0).log()
        prior = tuple(float(value) for value in mean)
        self.spec = replace(self.spec, words=replace(words, prior=prior))

    def notes(self) -> tuple[str, ...]:
        """On label words, on texts that were cut and examples that were left out."""
        notes = list(self._notes)
        if self._cut:
            was = "was" if self._cut == 1 else "were"
            notes.append(f"{counted(self._cut, 'input')} {was} too long for the template and cut.")
        if self._left_out:
            notes.append(
                f"{counted(self._left_out, 'input')} had no room for all examples; those furthest "
                "from the input were left out."
            )
        return tuple(notes)

    def _cells(self, item: TrainRow | EvalInput) -> tuple[str, ...]:
        """The cells of the columns; a text without columns is the first."""
        cells = self.parts(item)
        if len(cells) == len(self._columns):
            return cells
        return (item.source, *[""] * (len(self._columns) - 1))

    def _row(self, pieces: Pieces, number: int, known: tuple[int, ...]) -> ReadoutRow[int]:
        self.backbone.check_tokens(pieces.ids)
        ids = array("i", read_ids(pieces, self.backbone.embeddings))
        return ReadoutRow(ids, array("i"), number, known, pieces.blank)

    def _empty_row(self) -> ReadoutRow[int]:
        empty = self._filler.empty().pieces
        cells = ("",) * len(self._columns)
        return self._row(self._filler.whole(empty, self._fitting(empty, cells)), 0, ())

    def _example(self, shown: Shown) -> Pieces:
        label, *cells = shown
        if label not in self._word_of or len(cells) != len(self._columns):
            raise UserError(
                "example-of-other-columns",
                "An example shown has the label {label!r} and {cells} cells, but the labels are "
                "{labels} and there are {columns} input columns. Train again on this data.",
                label=label,
                cells=len(cells),
                labels=", ".join(self.spec.labels),
                columns=len(self._columns),
            )
        return self._filler.example(cells, self._word_of[label]).pieces

    def _fitting(self, row: Pieces, cells: Sequence[str]) -> list[Pieces]:
        """The examples shown before a row: never itself, and whole ones only, as many as fit."""
        examples = [made for shown, made in self._choice(cells) if list(shown[1:]) != list(cells)]
        room = self._room - self._word_room - len(self._filler.whole(row))
        fitting: list[Pieces] = []
        for example in reversed(examples):  # the nearest to the row matter most
            room -= len(example)
            if room < 0:
                self._left_out += 1
                break
            fitting.append(example)
        return fitting[::-1]

    def _choice(self, cells: Sequence[str]) -> list[tuple[Shown, Pieces]]:
        if self._encoder is None:
            return self._shown
        similarities = self._encoder.similarities(" ".join(cells))
        pool = [shown for shown, _ in self._shown]
        nearest = most_similar(pool, similarities.__getitem__, per_label=self.spec.words.examples)
        made = dict(self._shown)
        return [(shown, made[shown]) for shown in nearest]

    def _sentence_encoder(self) -> SentenceEncoder | None:
        words = self.spec.words
        if words.example_choice is not ExampleChoice.SIMILAR:
            return None
        texts = [" ".join(shown[1:]) for shown in words.shown]
        return SentenceEncoder(texts, device=self.backbone.model.device)

    def _check_room(self, pieces: Pieces) -> None:
        needed = len(pieces) + self._word_room
        if needed > self._room:
            raise UserError(
                "template-beyond-positions",
                "A row in the template has {needed} tokens with its word, but {backbone} has room "
                "for {room}. Lower the source limit (--max-source-tokens) or the prefix length.",
                needed=needed,
                backbone=self.backbone.name,
                room=self._room,
            )
