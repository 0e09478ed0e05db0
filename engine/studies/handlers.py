"""The window's command that scores a study, and writes its figure and tables as files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.files.writing import write_atomically
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudyFolder, StudySpec
from engine.contract.tables.saving import csv_text, write_table
from engine.reporter import Reporter
from engine.studies.figures import draw
from engine.studies.results import collect
from engine.studies.tables import latex, markdown, means_table, runs_table

FILES = (
    *("figure.png", "figure.svg", "runs.csv", "runs.xlsx"),
    *("table.csv", "table.xlsx", "table.md", "table.tex"),
)


def collect_study(command: CollectStudy, reporter: Reporter) -> StudyResults:
    """Score what is finished; write figure and tables into the study's folder.

    Raises:
        UserError: there is no such study, a file of it is damaged, or its folder cannot be
            written to.
    """
    folder = StudyFolder(ProjectFolder(Path(command.project)), command.study_id)
    study = folder.read()
    return write_files(folder, study, collect(folder, study, reporter))


def write_files(folder: StudyFolder, study: StudySpec, results: StudyResults) -> StudyResults:
    """Write the figure as PNG and SVG, runs and means as CSV and .xlsx, and means as text.

    Without a score only the runs are written, and the others, of other scores, are removed.

    Returns:
        The results with the paths of the files.

    Raises:
        UserError: the disk is full, the folder cannot be written to, or the study was deleted
            while it was scored.
    """
    if not folder.exists():
        raise UserError(
            "study-deleted",
            "The study {name!r} was deleted in the meantime. Nothing is written.",
            name=study.name,
        )
    tables = {"runs": runs_table(study, results)}
    files: dict[str, str | bytes] = {}
    if results.summaries:
        tables["table"] = means_table(study, results)
        files["table.md"] = markdown(study, results)
        files["table.tex"] = latex(study, results)
        files.update(draw(study, results))
    written = [f"{name}.xlsx" for name in tables]
    files |= {f"{name}.csv": csv_text(lines) for name, lines in tables.items()}
    for name in FILES:
        if name not in files and name not in written:
            (folder.path / name).unlink(missing_ok=True)
    for name, content in files.items():
        write_atomically(folder.path / name, content)
    for name, lines in tables.items():
        write_table(folder.path / f"{name}.xlsx", lines)
    return replace(results, files=tuple(str(folder.path / name) for name in (*files, *written)))
