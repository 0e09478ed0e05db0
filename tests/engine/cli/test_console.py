"""What the command line says of a run."""

import dataclasses
import math

import pytest

from engine.cli.console import Console, RunPrinter
from engine.contract.runs.events import Evaluation, JournalEntry, OutputsSaved, RunStarted
from engine.contract.runs.scores import Score

STARTED = RunStarted(
    total_steps=1,
    resumed_from_step=None,
    device="cpu",
    precision="float32",
    trainable_parameters=1200,
    frozen_parameters=34000,
    train_rows=1,
    valid_inputs=2,
    test_inputs=1,
    backbone_fingerprint="",
)


def test_one_of_something_is_singular(capsys: pytest.CaptureFixture[str]) -> None:
    printer = RunPrinter(Console())
    printer(JournalEntry("r", 0.0, STARTED))
    assert "; 1 row, 2 validation and 1 test input; 1 step on cpu" in capsys.readouterr().out
    several = dataclasses.replace(STARTED, train_rows=1500, test_inputs=2, total_steps=20)
    printer(JournalEntry("r", 0.0, several))
    assert "; 1,500 rows, 2 validation and 2 test inputs; 20 steps" in capsys.readouterr().out


@pytest.mark.parametrize(("writes", "word"), [(True, "decoded"), (False, "predicted")])
def test_outputs_are_decoded_or_predicted(
    writes: bool, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = RunPrinter(Console(), writes=writes)
    saved = OutputsSaved("test", "outputs/test.jsonl", 2, (), 1.0)
    printer(JournalEntry("r", 0.0, saved))
    assert f"2 test inputs {word} in 1 s" in capsys.readouterr().out


def test_what_was_not_measured_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    printer, accuracy = RunPrinter(Console()), Score("accuracy", 50.0, "accuracy")
    for loss, scores, words in (
        (0.5, (), "step     4  validation loss 0.5000  best so far"),
        (math.nan, (accuracy,), "step     4  accuracy 50.0  best so far"),
        (math.nan, (), "step     4  no validation inputs"),
    ):
        evaluation = Evaluation(4, 1.0, loss, scores, 1.0, is_best=True)
        printer(JournalEntry("r", 0.0, evaluation))
        assert capsys.readouterr().out.strip() == words
