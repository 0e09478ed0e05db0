"""Rows of a length that nobody writes: bounded time and memory, and the row is named.

Promised: each metric either takes a text in proportion to its length, or refuses it with the row's
number and the limit. Not promised: that a text of a million words gets a score.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from engine.cli.main import EXIT_USER, run
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputRow, Score
from engine.metrics.known import metric_named
from engine.metrics.scoring import score_rows, score_whole
from tests.helpers.errors import refused
from tests.helpers.metrics import LOCAL

GROWTH_MB = 700
SECONDS = 60
SHORT = "A hut in the north."


def row(output: str, reference: str) -> OutputRow:
    return OutputRow(output[:9], f"name : {reference[:20]}", output, (reference,))


def distinct(count: int) -> str:
    return " ".join(f"w{number}" for number in range(count))


LONG = {
    "distinct words": distinct(300_000),
    "one word again": "word " * 300_000,
    "one letter again": "a" * 8_000_000,
    "signs": "?! " * 1_000_000,
    "Chinese": "酒店位于河边" * 500_000,
}


@pytest.mark.parametrize("where", ["output", "reference"])
@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("metric", [*LOCAL, "slot_error"])
def test_a_row_without_end_is_named(metric: str, kind: str, where: str) -> None:
    text = LONG[kind]
    long = row(text, SHORT) if where == "output" else row(SHORT, text)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    rows = [row(SHORT, SHORT), long]
    if metric == "slot_error" and where == "reference":  # it reads no references
        score_rows(rows, [metric], decoding="")
    else:
        with refused("text-too-long-for-metric", side=where, row=2, metric=metric):
            score_rows(rows, [metric], decoding="")
    assert time.monotonic() - start < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1000 * GROWTH_MB


@pytest.mark.parametrize("metric", LOCAL)
def test_the_longest_that_is_taken_is_bounded_too(metric: str) -> None:
    text = distinct(metric_named(metric).longest())
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    (found,) = score_whole([row(text, text), row(SHORT, SHORT)], [metric], decoding="")[0]
    assert isinstance(found, Score)
    assert time.monotonic() - start < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1000 * GROWTH_MB


def test_the_command_ends_with_the_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_outputs(tmp_path / "out.jsonl", [row(LONG["distinct words"], SHORT)])
    assert run(["score", str(tmp_path / "out.jsonl")]) == EXIT_USER
    said = capsys.readouterr().err
    assert all(value in said for value in ("row 1", "300,000", "bleu"))
    assert said.count("\n") == 1
