"""A prefix as one file, and back."""

from pathlib import Path

from engine.cli import main
from engine.contract.projects.project import Project, ProjectFolder
from engine.exchange import native
from tests.helpers.errors import refused
from tests.helpers.prefixes import CARD, random_prefix


def test_a_packed_prefix_is_imported_as_it_was(tmp_path: Path) -> None:
    native.write(tmp_path / "prefix", random_prefix(CARD), CARD)
    out = tmp_path / "huts.prefix.zip"
    assert main.call(["prefix", "pack", str(tmp_path / "prefix"), "--out", str(out)]) == 0
    project = ProjectFolder(tmp_path / "project")
    project.write(Project("mine"))
    assert main.call(["import", str(out), "--project", str(project.path)]) == 0
    (folder,) = project.prefixes.iterdir()
    for name in ("prefix.json", "prefix.safetensors", "README.md"):
        assert (folder / name).read_bytes() == (tmp_path / "prefix" / name).read_bytes()
    with refused("pack-exists", path=out):
        main.call(["prefix", "pack", str(tmp_path / "prefix"), "--out", str(out)])
    again = tmp_path / "again.prefix.zip"
    main.call(["prefix", "pack", str(folder), "--out", str(again)])
    assert again.read_bytes() == out.read_bytes()
    with refused("pack-name", path=tmp_path / "huts.zip"):
        main.call(["prefix", "pack", str(folder), "--out", str(tmp_path / "huts.zip")])
