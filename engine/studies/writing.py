"""A study's figure and tables as files in its folder."""

from __future__ import annotations

from dataclasses import replace

from engine.contract.files import write_atomically
from engine.contract.study import StudyFolder, StudySpec
from engine.contract.study_results import StudyResults
from engine.studies.figures import draw
from engine.studies.tables import latex, markdown, runs_csv, table_csv


def write_files(folder: StudyFolder, study: StudySpec, results: StudyResults) -> StudyResults:
    """Write figure.png, figure.svg, runs.csv, table.csv, table.md and table.tex.

    Without a finished run only runs.csv is written.

    Returns:
        The results with the paths of the files.

    Raises:
        UserError: the disk is full, or the folder cannot be written to.
    """
    files: dict[str, str | bytes] = {"runs.csv": runs_csv(results)}
    if results.summaries:
        files["table.csv"] = table_csv(results)
        files["table.md"] = markdown(study, results)
        files["table.tex"] = latex(study, results)
        files.update(draw(study, results))
    for name, content in files.items():
        write_atomically(folder.path / name, content)
    return replace(results, files=tuple(str(folder.path / name) for name in files))
