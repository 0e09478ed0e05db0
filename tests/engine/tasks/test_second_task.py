"""A second task in a test alone: a label that the text names, by a linear head on the last token.

Nothing in `engine.training`, `engine.run` or `workers` knows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy

from engine.backbones.loading import Backbone
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.events import Evaluation, OutputsSaved, RunCancelled, RunFinished, Sample
from engine.contract.runs.folder import RunFolder, StopRequest
from engine.contract.runs.scores import OutputRow, Score
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import TrainingSpec
from engine.data.examples import EvalInput, ExampleSets
from engine.data.importing import import_file
from engine.methods.base import Method, System
from engine.reporter import Reporter, Silent
from engine.run import EXIT_CANCELLED, EXIT_FINISHED, run_folder
from engine.tasks.base import Evaluated, Predictions, PredictionTimes
from engine.training.probing import probe_speed
from tests.helpers.tiny_runs import Workshop, entries, results, write_table

LABELS = ("soup", "bread", "stew")
TRAINING = TrainingSpec(
    max_steps=60, batch_size=8, learning_rate=3e-2, evaluate_every_steps=20, seed=3
)


@dataclass(frozen=True)
class LabelBatch:
    input_ids: torch.Tensor  # [B, T], padded on the left
    mask: torch.Tensor  # [B, T]
    labels: torch.Tensor  # [B]

    @property
    def rows(self) -> int:
        return len(self.labels)

    targets = rows

    @property
    def tokens(self) -> int:
        return int(self.mask.sum())


@dataclass(frozen=True)
class LabelRow:
    ids: list[int]
    label: int

    def __len__(self) -> int:
        return len(self.ids)


class LabelTask:
    """`engine.tasks.base.Task` with a head of its own."""

    notes = ()
    packages = ()

    def __init__(
        self,
        spec: RunSpec,
        examples: ExampleSets,
        backbone: Backbone,
        reporter: Reporter,
        *,
        position_offset: int,
    ) -> None:
        self.backbone, self.spec = backbone, spec.task
        self.valid, self.test = examples.valid, examples.test
        self.valid_inputs, self.test_inputs = len(self.valid), len(self.test)
        self.train_rows = [self.encode(row.source, row.target) for row in examples.train]
        torch.manual_seed(spec.training.seed)
        self.head = torch.nn.Linear(backbone.model.config.hidden_size, len(LABELS))

    def encode(self, text: str, label: str) -> LabelRow:
        return LabelRow(self.backbone.tokenizer(text)["input_ids"], LABELS.index(label))

    def source_of(self, row: LabelRow) -> int:
        return id(row)

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        return {f"head.{name}": value for name, value in self.head.named_parameters()}

    def computed_by(self, method: Method) -> str:
        return "transformers"

    def check(self, system: System) -> None:
        pass

    def collate(self, rows: Sequence[LabelRow]) -> LabelBatch:
        width = max(map(len, rows))
        pad = self.backbone.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(row)) + row.ids for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        return LabelBatch(ids, mask, torch.tensor([row.label for row in rows]))

    def logits(self, system: System, batch: LabelBatch) -> torch.Tensor:
        nowhere = torch.zeros_like(batch.mask, dtype=torch.bool)
        with system.batch(range(batch.rows), batch.mask, nowhere) as positions:
            output = self.backbone.model(
                input_ids=batch.input_ids,
                attention_mask=batch.mask,
                position_ids=positions,
                output_hidden_states=True,
                use_cache=False,
            )
        logits: torch.Tensor = self.head(output.hidden_states[-1][:, -1])  # [B, labels]
        return logits

    def loss(self, system: System, batch: LabelBatch) -> torch.Tensor:
        return cross_entropy(self.logits(system, batch), batch.labels, reduction="sum")

    def predicted(self, system: System, inputs: Sequence[EvalInput]) -> tuple[list[str], float]:
        """Labels, and the loss of an input."""
        batch = self.collate([self.encode(item.source, item.references[0]) for item in inputs])
        with torch.inference_mode(), system.active():
            logits = self.logits(system, batch)
        loss = cross_entropy(logits, batch.labels).item()
        return [LABELS[index] for index in logits.argmax(dim=1)], loss

    def evaluate(self, system: System, reporter: Reporter) -> Evaluated:
        labels, loss = self.predicted(system, self.valid)
        samples = [
            Sample(item.example_id, item.source, label, item.references)
            for item, label in zip(self.valid, labels, strict=True)
        ]
        return Evaluated(loss, (accuracy(self.valid, labels),), tuple(samples[:2]))

    def predict(
        self, system: System, reporter: Reporter, *, clock: Callable[[], float]
    ) -> Predictions:
        labels, _ = self.predicted(system, self.test)
        rows = tuple(
            OutputRow(item.example_id, item.source, label, item.references)
            for item, label in zip(self.test, labels, strict=True)
        )
        return Predictions(rows, (accuracy(self.test, labels),), (), "argmax", 1.0, 1.0)

    def measure(self, system: System, reporter: Reporter) -> PredictionTimes:
        return PredictionTimes(0.5, 0.25)


HEAD = "head.safetensors"


def accuracy(inputs: Sequence[EvalInput], labels: Sequence[str]) -> Score:
    right = sum(label == item.references[0] for item, label in zip(inputs, labels, strict=True))
    return Score("accuracy", 100 * right / len(inputs), f"accuracy|n:{len(inputs)}")


def events(folder: RunFolder, kind: type[Any]) -> list[Any]:
    return [entry.event for entry in entries(folder) if isinstance(entry.event, kind)]


def labelled(workshop: Workshop, place: Path) -> RunSpec:
    rows = [(f"Hut {number} has {LABELS[number % 3]}", LABELS[number % 3]) for number in range(40)]
    table = write_table(place / "labels.csv", [("text", "label"), *rows])
    dataset = place / "labels.sqlite"
    command = ImportFile(str(table), ReadOptions(), str(dataset))
    fingerprint = import_file(command, Silent()).fingerprint
    mapping = Mapping((Column("text", Role.SOURCE), Column("label", Role.TARGET)))
    spec = workshop.spec("direct", training=TRAINING)
    data = replace(spec.data, dataset=str(dataset), fingerprint=fingerprint, mapping=mapping)
    return replace(spec, data=data)


def test_it_trains_is_scored_and_resumes_where_it_was(workshop: Workshop, tmp_path: Path) -> None:
    spec = labelled(workshop, tmp_path)
    whole = workshop.run(tmp_path / "whole", spec)
    assert run_folder(whole.path, make_task=LabelTask) == EXIT_FINISHED
    assert events(whole, RunFinished)[0].step == TRAINING.max_steps
    evaluations = events(whole, Evaluation)
    assert [event.step for event in evaluations] == [20, 40, 60]
    assert evaluations[-1].valid_loss < evaluations[0].valid_loss < math.log(len(LABELS)) * 1.5
    (score,) = events(whole, OutputsSaved)[0].scores
    assert (score.metric, score.value) == ("accuracy", 100.0)

    folder = workshop.run(tmp_path / "run", spec)

    def stop(heard: object) -> None:
        if getattr(getattr(heard, "event", None), "step", None) == 33:
            folder.request(StopRequest(save=True))

    assert run_folder(folder.path, listener=stop, make_task=LabelTask) == EXIT_CANCELLED
    assert events(folder, RunCancelled)[0].saved_step == 33
    assert run_folder(folder.path, make_task=LabelTask) == EXIT_FINISHED
    assert results(folder) == results(whole)
    assert head(folder).keys() == {"head.weight", "head.bias"}


def test_its_speed_is_measured_before_a_run_is_made(workshop: Workshop, tmp_path: Path) -> None:
    speed = probe_speed(ProbeSpeed(labelled(workshop, tmp_path)), Silent(), make_task=LabelTask)
    assert speed.row_s > 0
    assert speed.evaluate_input_s > 0.5
    assert speed.decode_input_s == 0.25


def head(folder: RunFolder) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = load_file(folder.prefix / HEAD)
    return tensors
