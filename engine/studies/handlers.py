"""The window's command that scores a study and draws it."""

from __future__ import annotations

from pathlib import Path

from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.commands import CollectStudy
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudyFolder
from engine.reporter import Reporter
from engine.studies.results import collect
from engine.studies.writing import write_files


def collect_study(command: CollectStudy, reporter: Reporter) -> StudyResults:
    """Score what is finished; write figure and tables into the study's folder.

    Raises:
        UserError: there is no such study, a file of it is damaged, or its folder cannot be
            written to.
    """
    folder = StudyFolder(ProjectFolder(Path(command.project)), command.study_id)
    study = folder.read()
    return write_files(folder, study, collect(folder, study, reporter))
