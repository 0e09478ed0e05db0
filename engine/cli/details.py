"""What `score` prints below the scores of labels, tags and spans."""

from __future__ import annotations

from collections.abc import Sequence

from engine.cli.console import Console, print_scores
from engine.contract.runs.confusion import Confusion
from engine.contract.runs.scores import BaselineScores

NAME_CHARS = 30
"""Longer labels are cut in tables."""
MISTAKES = 20
"""So many are printed, the most frequent first."""


def print_baseline(console: Console, baseline: BaselineScores | None) -> None:
    """The scores of the constant prediction."""
    if baseline is not None:
        console.line(f"  baseline, {_cut(baseline.name)}:")
        print_scores(console, baseline.scores)


def print_details(console: Console, confusion: Confusion) -> None:
    """A table of labels or types, and one of the most frequent mistakes."""
    if confusion.groups:
        rows = [
            [_cut(group.name), _percent(group.precision), _percent(group.recall),
             _percent(group.f1), f"{group.gold:,}", f"{group.predicted:,}"]
            for group in confusion.groups
        ]  # fmt: skip
        head = ["", "precision", "recall", "F1", "references", "predicted"]
        _print_table(console, [head, *rows])
    mistakes = confusion.mistakes
    if mistakes:
        lines = [
            [_cut(cell.gold), _cut(cell.predicted), f"{cell.count:,}"]
            for cell in mistakes[:MISTAKES]
        ]
        _print_table(console, [["right", "predicted", "times"], *lines], texts=2)
        if len(mistakes) > MISTAKES:
            console.line(f"  and {len(mistakes) - MISTAKES:,} rarer kinds of mistakes")


def plain_details(confusion: Confusion) -> dict[str, object]:
    """The same for JSON, whole; nothing where nothing was counted."""
    if not confusion.cells:
        return {}
    groups = {
        group.name: {
            "precision": group.precision,
            "recall": group.recall,
            "f1": group.f1,
            "references": group.gold,
            "predicted": group.predicted,
        }
        for group in confusion.groups
    }
    cells = [[cell.gold, cell.predicted, cell.count] for cell in confusion.cells]
    return {"details": {"groups": groups, "pairs": cells}}


def _print_table(console: Console, rows: Sequence[Sequence[str]], *, texts: int = 1) -> None:
    """Columns as wide as they need; the first ones hold texts, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console.line()
    for row in rows:
        cells = [
            cell.ljust(width) if index < texts else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        console.line(f"  {'  '.join(cells)}".rstrip())


def _cut(text: str) -> str:
    """In one line."""
    text = " ".join(text.split())
    return text if len(text) <= NAME_CHARS else f"{text[: NAME_CHARS - 1]}…"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
