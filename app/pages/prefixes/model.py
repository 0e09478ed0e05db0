"""The table of prefixes: damaged ones carry a sign and their sentence as tool tip."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.assets import icon
from app.pages.prefixes.library import LibraryRow
from app.qt.table_model import TableColumn
from app.score_column import number_column
from app.theme import Theme
from app.words import date, metric_value, size
from engine.contract.metrics import metric_title
from engine.contract.protocol.prefixes import PrefixInfo

CREATED = 6


def score_text(row: LibraryRow) -> str:
    """Such as "BLEU 63.7 · chrF 71.2"."""
    scores = row.info.scores if row.info is not None else ()
    return " · ".join(
        f"{metric_title(score.metric)} {metric_value(score.metric, score.value)}"
        for score in scores
    )


def prefix_columns(theme: Theme) -> tuple[TableColumn[LibraryRow], ...]:
    """A column each for what a prefix is and where it is from."""
    column = partial(TableColumn[LibraryRow], tip=_damage)
    return (
        column(
            "Name",
            lambda row: row.name,
            tip=lambda row: row.damage or str(row.path),
            icon=lambda row: icon("warning", theme.colors.warning) if row.damage else None,
        ),
        number_column(
            "Length", _number(lambda info: info.prefix_length), "{:.0f}".format, tip=_damage
        ),
        column(
            "Scores",
            lambda row: "damaged" if row.info is None else score_text(row),
            sort_key=_known(lambda info: info.scores[0].value if info.scores else -1.0, -1.0),
            tip=lambda row: row.damage or _signatures(row),
        ),
        number_column("Size", _number(lambda info: info.stored_bytes), size, tip=_damage),
        column("Backbone", _known(lambda info: info.backbone)),
        column("Trained on", _known(lambda info: info.trained_on)),
        column(
            "Created",
            _known(lambda info: date(info.created_s)),
            sort_key=_known(lambda info: info.created_s, -1.0),
        ),
        column("From", _origin),
    )


def _origin(row: LibraryRow) -> str:
    if row.info is not None and row.info.project:
        return row.info.project
    return "run" if row.run_id else "import"


def _known(
    value: Callable[[PrefixInfo], object], unknown: object = ""
) -> Callable[[LibraryRow], object]:
    """A value of the card, or this where there is none."""
    return lambda row: unknown if row.info is None else value(row.info)


def _number(value: Callable[[PrefixInfo], float]) -> Callable[[LibraryRow], float | None]:
    return lambda row: None if row.info is None else value(row.info)


def _damage(row: LibraryRow) -> str | None:
    return row.damage or None


def _signatures(row: LibraryRow) -> str | None:
    scores = row.info.scores if row.info is not None else ()
    return "\n".join(f"{metric_title(s.metric)}: {s.signature}" for s in scores) or None
