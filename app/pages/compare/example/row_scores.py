"""A system's scores of the example shown, in a line."""

from __future__ import annotations

import math

from app.pages.compare.model import CompareModel
from app.words import metric_value
from engine.contract.metrics import metric_title

NOT_SCORED = "not scored"


def row_scores(model: CompareModel, system: int) -> list[str]:
    """Each metric with the row's score; nothing where it has none."""
    facts = []
    for metric, scores in model.comparison.scores.items():
        score = float(scores[system, model.current])
        if not math.isnan(score):
            facts.append(f"{metric_title(metric)} {metric_value(metric, score)}")
    return facts


def row_scores_text(model: CompareModel, system: int) -> str:
    """The same as a text."""
    return " · ".join(row_scores(model, system)) or NOT_SCORED
