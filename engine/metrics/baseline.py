"""What predictions have to beat: the most frequent label, no entity, no answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from engine.contract.runs.answers import label_of, right_answers
from engine.contract.runs.entities import OUTSIDE
from engine.contract.runs.scores import BaselineScores, OutputRow, Score
from engine.contract.specs.answer import AnswerKind
from engine.metrics.scoring import score_whole
from engine.reporter import Reporter, Silent

_SILENT = Silent()


def score_baseline(
    rows: Sequence[OutputRow],
    answer: AnswerKind,
    metrics: Sequence[str],
    *,
    reporter: Reporter = _SILENT,
) -> BaselineScores | None:
    """Scores of predicting the same for each row; None for texts, or where nothing is known.

    The label or tag is the most frequent one of the rows' own references, so that no other
    constant prediction is right more often.
    """
    outputs, name = _constant(rows, answer)
    if not name:
        return None
    constant = [
        replace(row, output=output, row_scores=())
        for row, output in zip(rows, outputs, strict=True)
    ]
    scores, _ = score_whole(constant, metrics, decoding=name, reporter=reporter)
    return BaselineScores(name, tuple(score for score in scores if isinstance(score, Score)))


def _constant(rows: Sequence[OutputRow], answer: AnswerKind) -> tuple[list[str], str]:
    """The outputs, and what they are called; "" where there are none."""
    match answer:
        case AnswerKind.LABEL:
            labels = Counter(
                label for row in rows for text in row.references if (label := label_of(text))
            )
            label = _most_frequent(labels)
            return [label] * len(rows), label and f"always {label}"
        case AnswerKind.TAGS:
            gold = [row.references[0].split() if row.references else [] for row in rows]
            tags = Counter(tag for words in gold for tag in words)
            tag = OUTSIDE if OUTSIDE in tags else _most_frequent(tags)
            return [" ".join([tag] * len(words)) for words in gold], tag and f"always {tag}"
        case AnswerKind.SPAN:
            known = any(right_answers(row.references) for row in rows)
            return [""] * len(rows), "never an answer" if known else ""
        case AnswerKind.TEXT:
            return [], ""


def _most_frequent(counts: Counter[str]) -> str:
    """Of equally frequent ones the first by name."""
    return min(counts, key=lambda name: (-counts[name], name), default="")
