"""Projects on disk."""

from pathlib import Path

import pytest

from engine.contract import codec
from engine.contract.methods.prefix import AttentionKind
from engine.contract.projects.project import DatasetEntry, ExampleNote, Project, ProjectFolder
from engine.contract.runs.cards import AttentionSite, decoder_site
from engine.contract.runs.folder import RunFolder, RunMeta
from tests.contract.objects import MAPPING, SPEC
from tests.helpers.errors import refused

PROJECT = Project(
    name="Wanderwege 🥾",
    datasets=(DatasetEntry("walks", "walks.csv", "/data/walks.csv", MAPPING),),
    dataset="walks",
    compared=("a", "b"),
    example_notes=(ExampleNote("0123", starred=True, note="odd", tags=("order",)),),
)


def test_a_project_comes_back(tmp_path: Path) -> None:
    folder = ProjectFolder(tmp_path / "new" / "project")
    folder.write(PROJECT)
    assert ProjectFolder(folder.path).read() == PROJECT
    folder.write(Project("Renamed"))
    assert folder.read() == Project("Renamed")
    assert [p.name for p in folder.path.iterdir()] == ["project.json"]


def test_paths_of_a_project(tmp_path: Path) -> None:
    folder = ProjectFolder(tmp_path)
    assert folder.dataset_store("walks") == tmp_path / "datasets" / "walks.sqlite"
    parts = {folder.datasets, folder.runs, folder.prefixes, folder.trash}
    assert {path.parent for path in parts} == {tmp_path}
    assert len(parts) == 4


def test_runs_are_listed_by_age_and_other_folders_are_not_runs(tmp_path: Path) -> None:
    folder = ProjectFolder(tmp_path)
    assert folder.run_paths() == []
    names = ["20260102-000000-aaaa", "20250101-000000-ffff", "20260102-000000-0000"]
    for name in names:
        RunFolder.create(folder.runs / name, SPEC, RunMeta(name))
    (folder.runs / "20240101-000000-0000").mkdir()
    (folder.runs / "notes.txt").touch()
    assert [path.name for path in folder.run_paths()] == sorted(names)


def test_another_folder_is_no_project(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with refused("no-project", path=path, file="project.json"):
            ProjectFolder(path).read()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 3}', b"\xff\xfe", b"{}"])
def test_a_damaged_project_is_the_users_matter(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "project.json").write_bytes(content)
    with refused("damaged-project", path=tmp_path / "project.json"):
        ProjectFolder(tmp_path).read()


def test_a_project_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    text = codec.to_text(PROJECT).replace('"version": 1', '"version": 2, "theme": "x"')
    (tmp_path / "project.json").write_text(text, encoding="utf-8")
    with refused("newer-version", path="Project", version="2", supported=1):
        ProjectFolder(tmp_path).read()


def test_a_project_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with refused("not-writable"):
        ProjectFolder(tmp_path / "file").write(PROJECT)


def test_sites_of_a_prefix_name_their_tensors() -> None:
    site = decoder_site(3)
    assert (site.kind, site.layer, site.key) == (AttentionKind.DECODER_SELF, 3, "decoder_self.3")
    assert sorted([decoder_site(10), decoder_site(9), AttentionSite("decoder_cross", 11)]) == [
        AttentionSite("decoder_cross", 11),
        decoder_site(9),
        decoder_site(10),
    ]
    with pytest.raises(ValueError, match="'attic' is not a valid AttentionKind"):
        _ = AttentionSite("attic", 0).kind
