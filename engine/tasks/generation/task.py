"""Text generation: targets are learned token by token, and decoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from engine.backbones.loading import Backbone
from engine.contract.runs.events import Sample
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.all import decoding_of
from engine.contract.tasks.generation import GENERATION
from engine.data.examples import ExampleSets
from engine.decoding.decoder import check_positions
from engine.decoding.files import decode_and_score
from engine.methods.base import Method, System
from engine.reporter import Reporter
from engine.tasks.base import Evaluated, Predictions, PredictionTimes
from engine.tasks.generation.batches import TextBatch, TokenRow, collate_for
from engine.tasks.generation.encoding import encode
from engine.tasks.generation.held_out import held_out_loss
from engine.tasks.generation.loss import loss_sum
from engine.tasks.generation.timing import input_seconds


class Generation:
    """The task on the examples of a run (`engine.tasks.base.Task`).

    Raises:
        UserError: a row does not fit into the backbone's positions behind the prefix.
    """

    packages: tuple[str, ...] = ("sacrebleu",)

    def __init__(
        self,
        spec: RunSpec,
        examples: ExampleSets,
        backbone: Backbone,
        reporter: Reporter,
        *,
        position_offset: int,
    ) -> None:
        self._backbone, self._training = backbone, spec.training
        self.spec = spec.task
        self._decoding = decoding = decoding_of(spec.task)
        self._greedy = DecodingSpec(
            strategy=Strategy.GREEDY,
            max_new_tokens=decoding.max_new_tokens,
            batch_size=decoding.batch_size,
        )
        encoded = encode(spec.data, examples, backbone, reporter, position_offset=position_offset)
        self.train_rows: Sequence[TokenRow] = encoded.train
        self.notes = encoded.notes
        self.valid, self.test = encoded.valid, encoded.test
        self.valid_inputs, self.test_inputs = len(self.valid.inputs), len(self.test.inputs)

    def source_of(self, row: TokenRow) -> bytes:
        """The tokens that are read."""
        return row.source.tobytes()

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """None: the backbone has its head."""
        return {}

    def computed_by(self, method: Method) -> str:
        """As the method has it."""
        return method.computed_by

    def check(self, system: System) -> None:
        """Raise `UserError` where a prompt and its output have no room."""
        shown = self.valid.prompts[: self._decoded_valid_inputs]
        for prompts in (shown, self.test.prompts):
            check_positions(system, prompts, self._decoding)

    def collate(self, rows: Sequence[TokenRow]) -> TextBatch:
        """Pad rows as the backbone reads them."""
        return collate_for(self._backbone, rows)

    def loss(self, system: System, batch: TextBatch) -> torch.Tensor:
        """Cross-entropy over target and end tokens."""
        return loss_sum(system, batch)

    def evaluate(self, system: System, reporter: Reporter) -> Evaluated:
        """The loss over all references, and greedy outputs."""
        training, valid, loss = self._training, self.valid, float("nan")
        if valid.rows:
            loss = held_out_loss(system, valid.rows, training.batch_size, reporter)
        count = self._decoded_valid_inputs
        scored = decode_and_score(
            system,
            valid.inputs[:count],
            valid.prompts[:count],
            self._greedy,
            reporter,
            metrics=GENERATION.quick_metrics,
        )
        samples = tuple(
            Sample(row.example_id, row.input, row.output, row.references)
            for row in scored.rows[: training.sample_count]
        )
        return Evaluated(loss, scored.scores if training.evaluate_bleu else (), samples)

    def predict(
        self, system: System, reporter: Reporter, *, clock: Callable[[], float]
    ) -> Predictions:
        """Decode the test inputs and score them."""
        return decode_and_score(
            system,
            self.test.inputs,
            self.test.prompts,
            self._decoding,
            reporter,
            metrics=GENERATION.metrics,
            clock=clock,
        )

    def measure(self, system: System, reporter: Reporter) -> PredictionTimes:
        """Decode a few tokens."""
        evaluate_s = 0.0
        if self._training.evaluate_bleu:
            evaluate_s = input_seconds(system, self.test, self._greedy, reporter)
        predict_s = input_seconds(system, self.test, self._decoding, reporter)
        return PredictionTimes(evaluate_s, predict_s)

    @property
    def _decoded_valid_inputs(self) -> int:
        """How many validation inputs are decoded at each evaluation."""
        training = self._training
        return self.valid_inputs if training.evaluate_bleu else training.sample_count
