"""How metrics are written for people."""

from __future__ import annotations

METRIC_TITLES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
}


def metric_title(metric: str) -> str:
    """How a metric is written in headings."""
    return METRIC_TITLES.get(metric, metric)
