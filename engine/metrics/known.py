"""The metrics there are, by name: a new one is a file of its own and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from engine.contract.errors import UserError
from engine.contract.runs.scores import BERTSCORE, Encoder
from engine.metrics.bertscore import Bertscore
from engine.metrics.bleu import Bleu
from engine.metrics.chrf import Chrf
from engine.metrics.cider import Cider
from engine.metrics.division import Division
from engine.metrics.meteor import Meteor
from engine.metrics.metric import Metric
from engine.metrics.nist import Nist
from engine.metrics.rouge import Rouge
from engine.metrics.rouge_e2e import RougeE2e
from engine.metrics.slot_error import SlotError
from engine.metrics.ter import Ter

METRICS: Mapping[str, Callable[[Division], Metric]] = MappingProxyType(
    {
        "bleu": Bleu,
        "bleu_webnlg": partial(Bleu, webnlg=True),
        "nist": Nist,
        "meteor": Meteor,
        "rouge_l": RougeE2e,
        "cider": Cider,
        "ter": Ter,
        "chrf": lambda _division: Chrf(),
        "rouge1": partial(Rouge, "rouge1"),
        "rouge2": partial(Rouge, "rouge2"),
        "rougeL": partial(Rouge, "rougeL"),
        "bertscore": lambda _division: Bertscore(),
        "slot_error": lambda _division: SlotError(),
    }
)
"""Makers of the metrics, in the order in which they are listed."""


def metric_named(
    name: str, *, encoder: Encoder | None = None, division: Division | None = None
) -> Metric:
    """Make a metric; raise `UserError` listing the known names where there is none.

    Args:
        name: as in `METRICS`.
        encoder: for bertscore.
        division: how texts are divided; None is as English ones are.
    """
    if name == BERTSCORE:
        return Bertscore(encoder)
    if name not in METRICS:
        raise UserError(
            "no-such-metric",
            "There is no metric {name!r}. Choose one of {known}.",
            name=name,
            known=", ".join(METRICS),
        )
    return METRICS[name](division or Division())
