"""The tables of a study: means, value ± spread [low, high], the differences, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.qt.boxes import vbox
from app.qt.table_model import RIGHT, TableColumn, TableModel
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.labels import MutedLabel, SectionHeader
from app.widgets.table_view import TableView
from app.words import count, duration, size
from engine.contract.metrics import metric_title
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.results import ALL, RunResult, StudyResults, mean_text
from engine.contract.studies.study import StudySpec

NOTHING = "The tables appear when the first run finishes."


@dataclass(frozen=True)
class TextTable:
    """A table of texts, whose first columns are names and whose others are numbers."""

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
            column = partial(TableColumn[tuple[str, ...]], says_title=True)
            columns = [
                column(title, itemgetter(index), align=None if index < table.names else RIGHT)
                for index, title in enumerate(table.header)
            ]
            self.show_table(columns, table.rows)


def means_table(study: StudySpec, results: StudyResults) -> TextTable:
    """A row a point in the figure, a column a metric and part, and the costs."""
    recipe, labels, columns = RECIPES[study.kind], StudyLabels(study), results.columns()
    header = [recipe.series_title, recipe.point_title, *(_title(*name) for name in columns)]
    rows = []
    for key, row in results.rows().items():
        cells = [mean_text(row.means[name]) if name in row.means else "" for name in columns]
        rows.append((*labels.texts(key), *cells, str(len(row.runs)), *_costs(row.runs)))
    return _without_empty([*header, "Runs", "Trained", "Size", "Time"], rows, names=2)


def differences_table(study: StudySpec, results: StudyResults) -> TextTable:
    """A row a pair of methods, a column a metric and part."""
    labels, columns = StudyLabels(study), results.columns()
    rows = []
    for difference, means in results.difference_rows():
        cells = [mean_text(means[name], signed=True) if name in means else "" for name in columns]
        rows.append((labels.difference(difference), *cells, str(difference.mean.count)))
    header = ["Difference", *(_title(*name) for name in columns), "Pairs"]
    return _without_empty(header, rows, names=1)


def notes(results: StudyResults) -> str:
    """What the numbers mean and which scores are absent, in sentences."""
    sentences = []
    if any(item.mean.count > 1 for item in results.summaries):
        sentences.append(
            "Mean ± standard deviation over runs; in brackets the 95 % interval of the mean by "
            "Student's t, in which runs on the same training rows count as one."
        )
    if any(item.mean.count == 1 for item in results.summaries):
        sentences.append(
            "Single runs: in brackets the 95 % bootstrap interval over the held-out inputs."
        )
    sentences += [f"No {metric_title(score.metric)}: {score.reason}" for score in results.absent()]
    return " ".join(sentences)


def _title(metric: str, part: str) -> str:
    return metric_title(metric) + ("" if part == ALL else f", {part}")


def _costs(runs: Sequence[RunResult]) -> tuple[str, str, str]:
    return (
        _range([count(run.trainable_parameters) for run in runs]),
        _range([size(run.stored_bytes) for run in runs]),
        _range([duration(run.elapsed_s) for run in sorted(runs, key=lambda run: run.elapsed_s)]),
    )


def _range(texts: Sequence[str]) -> str:
    """The first and the last, or only the first where they are alike."""
    return " to ".join(dict.fromkeys((texts[0], texts[-1]))) if texts else ""


def _without_empty(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, names: int
) -> TextTable:
    """Without columns that say nothing."""
    filled = [column for column in range(len(header)) if any(row[column] for row in rows)]
    return TextTable(
        header=tuple(header[column] for column in filled),
        rows=tuple(tuple(row[column] for column in filled) for row in rows),
        names=sum(column < names for column in filled),
    )


class TablesView(QWidget):
    """Ctrl+C copies rows; the menu *Figure and tables* copies the whole in three forms."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.means, self.differences = TextTableModel(parent=self), TextTableModel(parent=self)
        self.means_table, self.differences_table = TableView("Means"), TableView("Differences")
        self.means_table.setModel(self.means)
        self.differences_table.setModel(self.differences)
        self._differences_header = SectionHeader("Differences, run by run with the same seed")
        self.notes = MutedLabel(theme)
        self.notes.setContentsMargins(SPACE_S, 0, SPACE_S, SPACE_S)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._differences_header.setContentsMargins(SPACE_M, 0, SPACE_M, 0)
        vbox(
            (self.means_table, 3),
            self._differences_header,
            (self.differences_table, 2),
            self.notes,
            parent=self,
            spacing=SPACE_S,
        )
        theme.changed.connect(self._fit_differences)

    def show_results(self, study: StudySpec, results: StudyResults | None) -> None:
        """Show these; None where there are none yet."""
        means = EMPTY if results is None else means_table(study, results)
        differences = EMPTY if results is None else differences_table(study, results)
        self.means.set_table(means)
        self.differences.set_table(differences)
        for table in (self.means_table, self.differences_table):
            table.fit_columns()
            table.horizontalHeader().setStretchLastSection(False)
        self._fit_differences()
        self._differences_header.setVisible(bool(differences.rows))
        self.differences_table.setVisible(bool(differences.rows))
        self.means_table.setVisible(bool(means.rows))
        self.notes.setText((results and notes(results)) or NOTHING)

    def _fit_differences(self) -> None:
        """As high as its rows, so that the means have the rest."""
        table = self.differences_table
        rows = self.differences.rowCount() * table.verticalHeader().defaultSectionSize()
        header = table.horizontalHeader().sizeHint().height()
        bar = table.horizontalScrollBar().sizeHint().height()
        table.setMaximumHeight(rows + header + bar)
        table.setMinimumHeight(min(table.maximumHeight(), 2 * header + bar))
