"""Metrics by name."""

from __future__ import annotations

import importlib

from engine.contract.errors import UserError
from engine.contract.metrics import METRICS, is_metric, metric_info
from engine.contract.runs.scores import Encoder
from engine.metrics.division import Division
from engine.metrics.metric import Metric


def metric_named(
    name: str, *, encoder: Encoder | None = None, division: Division | None = None
) -> Metric:
    """Make a metric; raise `UserError` listing the known names where there is none.

    Args:
        name: as in `engine.contract.metrics`, or a former one.
        encoder: for a metric that needs one.
        division: how texts are divided; None is as English ones are.
    """
    if not is_metric(name):
        raise UserError(
            "no-such-metric",
            "There is no metric {name!r}. Choose one of {known}.",
            name=name,
            known=", ".join(info.name for info in METRICS),
        )
    info = metric_info(name)
    module, kind = info.implementation.split(":")
    made = getattr(importlib.import_module(f"engine.metrics.{module}"), kind)
    metric: Metric = made(info.name, division=division, encoder=encoder)
    return metric
