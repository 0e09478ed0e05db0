"""Columns of numbers and of scores, the same in the tables of runs and of studies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from app.qt.table_model import RIGHT, TableColumn
from engine.contract.runs.scores import Score

R = TypeVar("R")


def number_column(
    title: str, number: Callable[[R], float | None], form: Callable[[float], str], **more: Any
) -> TableColumn[R]:
    """A column of numbers that are written by `form`; rows without a number come first."""

    def text(row: R) -> str:
        value = number(row)
        return "" if value is None else form(value)

    def key(row: R) -> float:
        value = number(row)
        return float("-inf") if value is None else value

    more.setdefault("tip", lambda row: text(row) or None)
    return TableColumn(title, text, sort_key=key, align=RIGHT, says_title=True, **more)


def score_column(
    title: str, score: Callable[[R], Score | None], form: Callable[[float], str], **more: Any
) -> TableColumn[R]:
    """A column of scores; their tool tips say how they were computed."""

    def number(row: R) -> float | None:
        known = score(row)
        return None if known is None else known.value

    def tip(row: R) -> str | None:
        known = score(row)
        return None if known is None else f"{exact(known)}\n{known.signature}"

    return number_column(title, number, form, tip=tip, **more)


def exact(score: Score) -> str:
    """The value with its interval, such as "63.71 [62.1, 65.3]"."""
    interval = "" if score.low is None else f" [{score.low:.1f}, {score.high:.1f}]"
    return f"{score.value:.2f}{interval}"
