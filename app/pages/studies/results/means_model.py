"""Means and differences of a study as tables: value ± spread [low, high]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from app.qt.table_model import RIGHT, TableColumn, TableModel
from app.words import count, duration, size
from engine.contract.metrics import metric_title
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.results import ALL, Mean, RunResult, StudyResults, mean_text
from engine.contract.studies.study import StudyKind, StudySpec


@dataclass(frozen=True)
class TextTable:
    """A table of texts.

    Attributes:
        names: how many columns from the left hold names; the others hold numbers.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int


EMPTY = TextTable((), (), 0)


class TextTableModel(TableModel[tuple[str, ...]]):
    """Shows a `TextTable`."""

    table = EMPTY

    def set_table(self, table: TextTable) -> None:
        """Show this one."""
        if table != self.table:
            self.table = table
            columns = [
                TableColumn[tuple[str, ...]](
                    title,
                    itemgetter(index),
                    align=None if index < table.names else RIGHT,
                    says_title=True,
                )
                for index, title in enumerate(table.header)
            ]
            self.show_table(columns, table.rows)


def means_table(study: StudySpec, results: StudyResults) -> TextTable:
    """A row a place in the figure, a column a metric and part, and the costs."""
    columns = list(dict.fromkeys((one.metric, one.part) for one in results.summaries))
    places: dict[tuple[str, str], dict[tuple[str, str], Mean]] = {}
    for one in results.summaries:
        places.setdefault((one.series, one.point), {})[one.metric, one.part] = one.mean
    header = [*_kind_titles(study.kind), *(_title(*key) for key in columns)]
    rows = []
    for (series, point), found in places.items():
        runs = [
            run for run in results.runs if (run.series, run.point) == (series, point) and run.scores
        ]
        cells = [mean_text(found[key]) if key in found else "" for key in columns]
        rows.append((series, point, *cells, str(len(runs)), *_costs(runs)))
    return _without_empty([*header, "Runs", "Trained", "Stored", "Time"], rows, names=2)


def differences_table(results: StudyResults) -> TextTable:
    """A row a pair of methods, a column a metric and part."""
    columns = list(dict.fromkeys((one.metric, one.part) for one in results.differences))
    rows: dict[str, list[str]] = {}
    for one in results.differences:
        name = f"{one.first} minus {one.second}"
        row = rows.setdefault(name, [name, *([""] * len(columns)), str(one.mean.count)])
        row[1 + columns.index((one.metric, one.part))] = mean_text(one.mean, signed=True)
    header = ["Difference", *(_title(*key) for key in columns), "Pairs"]
    return _without_empty(header, [tuple(row) for row in rows.values()], names=1)


def notes(results: StudyResults) -> str:
    """What the numbers mean and which scores are absent, in sentences."""
    told = []
    if any(one.mean.count > 1 for one in results.summaries):
        told.append(
            "Mean ± standard deviation over runs; in brackets the 95 % interval of the mean by "
            "Student's t, in which runs on the same training rows count as one."
        )
    if any(one.mean.count == 1 for one in results.summaries):
        told.append(
            "Single runs: in brackets the 95 % bootstrap interval over the held-out inputs."
        )
    told += [f"No {metric_title(one.metric)}: {one.reason}" for one in results.absent()]
    return " ".join(told)


def _kind_titles(kind: StudyKind) -> tuple[str, str]:
    """What the series and the points of a study are."""
    axis = RECIPES[kind].axis.partition(",")[0].capitalize()
    points = {
        StudyKind.INITIALISATION: "Initialisation",
        StudyKind.PARAMETRISATION: "Parametrisation",
    }
    series = "Initialisation" if kind is StudyKind.PARAMETRISATION else "Method"
    return series, axis or points.get(kind, "Method")


def _title(metric: str, part: str) -> str:
    return metric_title(metric) + ("" if part == ALL else f", {part}")


def _costs(runs: Sequence[RunResult]) -> tuple[str, str, str]:
    return (
        _range([count(run.trainable_parameters) for run in runs]),
        _range([size(run.stored_bytes) for run in runs]),
        _range([duration(run.elapsed_s) for run in sorted(runs, key=lambda run: run.elapsed_s)]),
    )


def _range(texts: Sequence[str]) -> str:
    """The first and the last, or the one where they are alike."""
    return " to ".join(dict.fromkeys((texts[0], texts[-1]))) if texts else ""


def _without_empty(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, names: int
) -> TextTable:
    """Without columns that say nothing."""
    told = [column for column in range(len(header)) if any(row[column] for row in rows)]
    return TextTable(
        header=tuple(header[column] for column in told),
        rows=tuple(tuple(row[column] for column in told) for row in rows),
        names=sum(column < names for column in told),
    )
