"""A study's figure and tables as files in its folder."""

from __future__ import annotations

from dataclasses import replace

from engine.contract.errors import UserError
from engine.contract.files import write_atomically
from engine.contract.study import StudyFolder, StudySpec
from engine.contract.study_results import StudyResults
from engine.studies.figures import draw
from engine.studies.tables import latex, markdown, runs_csv, table_csv

FILES = ("figure.png", "figure.svg", "runs.csv", "table.csv", "table.md", "table.tex")


def write_files(folder: StudyFolder, study: StudySpec, results: StudyResults) -> StudyResults:
    """Write figure.png, figure.svg, runs.csv, table.csv, table.md and table.tex.

    Without a score only runs.csv is written, and the others, of other scores, are removed.

    Returns:
        The results with the paths of the files.

    Raises:
        UserError: the disk is full, the folder cannot be written to, or the study was deleted
            while it was scored.
    """
    if not folder.exists():
        raise UserError(f"The study {study.name!r} was deleted meanwhile: nothing is written.")
    files: dict[str, str | bytes] = {"runs.csv": runs_csv(results)}
    if results.summaries:
        files["table.csv"] = table_csv(results)
        files["table.md"] = markdown(study, results)
        files["table.tex"] = latex(study, results)
        files.update(draw(study, results))
    for name in FILES:
        if name not in files:
            (folder.path / name).unlink(missing_ok=True)
    for name, content in files.items():
        write_atomically(folder.path / name, content)
    return replace(results, files=tuple(str(folder.path / name) for name in files))
