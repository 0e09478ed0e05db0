"""Files that earlier versions of this program wrote still open, and mean the same."""

import logging
import re
import typing
from pathlib import Path

import pytest

from engine.contract import codec
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.runs.cards import Card
from engine.contract.runs.events import Event, JournalEntry
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.journal import JournalReader
from engine.contract.specs.run import RunSpec
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.study import StudyFolder, StudySpec
from tests.golden.make import contract_v1, contract_v2
from tests.helpers.errors import refused

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = {
    "run-v1.json": contract_v1.RUN,
    "run-finetune-v1.json": contract_v1.FINETUNE_RUN,
    "project-v1.json": contract_v1.PROJECT,
    "prefix-v1.json": contract_v1.PREFIX,
    "study-v1.json": contract_v1.STUDY,
    "prefix-v2.json": contract_v2.PREFIX,
    "run-v2.json": contract_v1.RUN,
    "study-v2.json": contract_v1.STUDY,
    "delta-v1.json": contract_v1.DELTA,
    "prefix-v3.json": contract_v2.PREFIX,
    "delta-v3.json": contract_v1.DELTA,
}


@pytest.mark.parametrize(("name", "meant"), FILES.items())
def test_files_of_every_version_mean_what_they_meant(
    name: str, meant: RunSpec | Project | Card | StudySpec
) -> None:
    text = (GOLDEN / name).read_text(encoding="utf-8")
    assert codec.from_text(type(meant), text) == meant


def test_a_journal_of_version_1_reads_whole(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read = JournalReader(GOLDEN / "events-v1.jsonl", contract_v1.RUN_ID).read_new()
    assert caplog.records == []
    # Compared as text: a loss that is not a number does not equal itself.
    written = [codec.to_line(entry) for entry in contract_v1.entries()]
    assert [codec.to_line(entry) for entry in read] == written


def test_the_golden_journal_holds_every_event() -> None:
    kinds = {type(event) for event in contract_v1.EVENTS}
    assert kinds == set(typing.get_args(Event))


def test_folders_open_the_golden_files(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes((GOLDEN / "run-v1.json").read_bytes())
    (tmp_path / "project.json").write_bytes((GOLDEN / "project-v1.json").read_bytes())
    assert RunFolder(tmp_path).read_spec() == contract_v1.RUN
    assert ProjectFolder(tmp_path).read() == contract_v1.PROJECT


def test_a_study_of_version_1_is_written_as_one_of_today(tmp_path: Path) -> None:
    """What version 1 said of each run in words is in the run's spec."""
    folder = StudyFolder(ProjectFolder(tmp_path), "low-data")
    folder.path.mkdir(parents=True)
    (folder.path / "study.json").write_bytes((GOLDEN / "study-v1.json").read_bytes())
    study = folder.read()
    (folder.path / "study.json").write_bytes((GOLDEN / "study-v2.json").read_bytes())
    assert folder.read() == study
    folder.write(study)
    assert folder.read() == study
    labels = StudyLabels(study)
    assert [labels.texts(study.key(run)) for run in study.runs] == [
        ("prefix 8, MLP 512", "200"),
        ("full fine-tuning", "200"),
    ]


@pytest.mark.parametrize(("name", "meant"), FILES.items())
def test_the_next_version_is_refused_by_this_program(
    name: str, meant: RunSpec | Project | Card | StudySpec
) -> None:
    next_one = type(meant).version + 1
    later = f'"version": {next_one}, "unheard_of": 1'
    text = (GOLDEN / name).read_text(encoding="utf-8")
    with refused("newer-version", version=str(next_one)):
        codec.from_text(type(meant), re.sub(r'"version": \d+', later, text))


def test_an_event_of_the_next_version_is_refused() -> None:
    line = codec.to_line(contract_v1.entries()[1])
    with refused("newer-version", path="JournalEntry"):
        codec.from_text(JournalEntry, line.replace('"version":1', '"version":2'))
