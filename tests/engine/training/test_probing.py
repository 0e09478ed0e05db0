"""The speed of a run that has not been made: measured on the run's own method and data."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled
from engine.contract.methods.lora import LoraMethod
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.runs.speed import Workload, run_time
from engine.contract.specs.training import Strategy
from engine.contract.tasks.generation import GenerationTask
from engine.reporter import Silent
from engine.training.probing import probe_speed
from tests.helpers.tiny_runs import METHODS, TRAINING, Workshop


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("method", [*METHODS, "lora"])
def test_a_probe_measures_and_leaves_nothing(method: str, workshop: Workshop) -> None:
    spec = workshop.spec(METHODS.get(method, LoraMethod(rank=2)))
    spec = replace(
        spec, task=GenerationTask(replace(spec.task.decoding, strategy=Strategy.BEAM, num_beams=2))
    )
    before = files(workshop.folder)
    speed = probe_speed(ProbeSpeed(spec), Silent())
    assert files(workshop.folder) == before
    assert speed.data == spec.data.fingerprint
    found = (speed.row_s, speed.row_tokens, speed.evaluate_input_s, speed.decode_input_s)
    assert all(math.isfinite(number) and number > 0 for number in found)


def test_a_dataset_of_a_few_rows_can_be_probed(workshop: Workshop) -> None:
    training = replace(TRAINING, batch_size=500)
    assert probe_speed(ProbeSpeed(workshop.spec("mlp", training=training)), Silent()).row_s > 0


def test_a_probe_can_be_given_up_in_every_part(workshop: Workshop) -> None:
    class Upto:
        def __init__(self, unit: str) -> None:
            self.unit = unit

        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            if unit == self.unit:
                raise Cancelled

    for unit in ("rows", "steps", "tokens"):
        with pytest.raises(Cancelled):
            probe_speed(ProbeSpeed(workshop.spec("mlp")), Upto(unit))


def test_a_runs_time_counts_evaluations_and_outputs_apart(workshop: Workshop) -> None:
    spec = workshop.spec("mlp")  # 12 steps of 8 rows, evaluated three times
    speed = probe_speed(ProbeSpeed(spec), Silent())
    speed = replace(speed, row_s=0.5, row_tokens=40.0, evaluate_input_s=2.0, decode_input_s=3.0)
    load = Workload(spec.data.fingerprint, 30, 6, 9, row_tokens=80.0)
    found = run_time(speed, spec.training, load)
    assert (found.training_s, found.evaluation_s, found.decoding_s) == (48.0, 36.0, 27.0)
    other = run_time(speed, spec.training, replace(load, data="of rows twice as long"))
    assert other.total_s == pytest.approx(2 * found.total_s)
