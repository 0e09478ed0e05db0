"""Runs in a made-up project that predict labels, tags or answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.models.run import RunModel
from app.pages.compare.systems import model as systems_model
from app.pages.compare.systems.systems import SystemEntry, run_entry
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.metrics import default_metrics
from engine.contract.runs.outputs import read_meta, split_fingerprint, write_outputs
from engine.contract.runs.scores import OutputRow, Score
from engine.contract.specs.answer import AnswerKind
from engine.metrics.scoring import score_whole
from tests.helpers.projects import make_run

LABELS = ("positive", "negative", "neutral")
TAGS = ("O", "O", "B-PER", "I-PER", "B-LOC")
WORDS = ("Ada", "Lowe", "walked", "from", "Elland", "to", "Moorside", "in", "May")
TEXT = (
    "The hut lies above Elland, on the northern side of the moor. It was built in 1932 by "
    "the Alpine Club and has thirty beds. In winter it is closed."
)
ANSWERS = ("1932", "thirty", "above Elland", "the Alpine Club", "")

Make = Callable[[random.Random, int, float], OutputRow]


def _label(rng: random.Random, number: int, skill: float) -> OutputRow:
    gold = LABELS[number % len(LABELS)]
    said = gold if rng.random() < skill else rng.choice(LABELS)
    share = 0.4 + 0.6 * rng.random()
    rest = (1 - share) / 2
    return OutputRow(
        f"id-{number}",
        f"sentence {number} | about a hut",
        said,
        (gold,),
        fields=(("sentence", f"sentence {number} of a review"), ("topic", "about a hut")),
        probabilities=tuple((label, share if label == said else rest) for label in LABELS),
    )


def _tags(rng: random.Random, number: int, skill: float) -> OutputRow:
    draw = random.Random(number)
    words = [draw.choice(WORDS) for _ in range(9)]
    gold = [draw.choice(TAGS) for _ in words]
    said = [tag if rng.random() < skill else rng.choice(TAGS) for tag in gold]
    return OutputRow(f"id-{number}", " ".join(words), " ".join(said), (" ".join(gold),))


def _span(rng: random.Random, number: int, skill: float) -> OutputRow:
    gold = ANSWERS[number % len(ANSWERS)]
    said = gold if rng.random() < skill else rng.choice((*ANSWERS, "built in 1932"))
    question = f"What is asked by question {number}?"
    return OutputRow(
        f"id-{number}",
        f"question : {question}\n{TEXT}",
        said,
        (gold,),
        fields=(("question", question),),
    )


MAKERS: dict[AnswerKind, Make] = {
    AnswerKind.LABEL: _label,
    AnswerKind.TAGS: _tags,
    AnswerKind.SPAN: _span,
}


def predictions(answer: AnswerKind, rows: int, *, skill: float, seed: int) -> list[OutputRow]:
    """Rows of a system that is right in that share of its decisions, at least."""
    rng = random.Random(seed)
    return [MAKERS[answer](rng, number, skill) for number in range(rows)]


def make_answer_runs(project: Path, answer: AnswerKind, *, rows: int = 24) -> None:
    """Two finished runs, "good" and "bad", over the same rows."""
    for number, (name, skill) in enumerate((("good", 0.85), ("bad", 0.4)), start=11):
        run = make_run(project, number, method=PrefixMethod(prefix_length=number), name=name)
        path = run / "outputs" / "test.jsonl"
        made = predictions(answer, rows, skill=skill, seed=number)
        scores, scored = score_whole(made, default_metrics(answer), decoding="argmax")
        meta = read_meta(path)
        assert meta is not None
        kept = tuple(score for score in scores if isinstance(score, Score))
        write_outputs(
            path,
            scored,
            replace(
                meta, scores=kept, decoding="argmax", split_fingerprint=split_fingerprint(scored)
            ),
        )


def predict(monkeypatch: pytest.MonkeyPatch, answer: AnswerKind) -> None:
    """Let the runs named good and bad be of this task, whatever their specs say."""

    def entry(run: RunModel, style: int) -> SystemEntry:
        made = run_entry(run, style)
        return replace(made, task=answer.value) if run.meta.name in ("good", "bad") else made

    monkeypatch.setattr(systems_model, "run_entry", entry)
