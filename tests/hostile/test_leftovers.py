"""What a killed process leaves beside the files it was writing goes when the run is worked on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from engine.contract.files.folders import remove_leftovers
from engine.contract.projects.project import ProjectFolder
from engine.run import run_folder
from tests.helpers.tiny_runs import ROOT, Workshop, engine_environment

KILLED_IN = {
    "the prefix": """
from engine.contract.files.folders import fill_folder
with fill_folder(run / "prefix") as target:
    (target / "prefix.safetensors").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
""",
    "a prefix that takes another's place": """
from engine.contract.files import folders
(run / "prefix").mkdir()
rename = Path.rename
def rename_once(path, target):
    rename(path, target)
    os.kill(os.getpid(), signal.SIGKILL)
Path.rename = rename_once
with folders.fill_folder(run / "prefix", replace=True) as target:
    (target / "prefix.safetensors").write_bytes(b"whole")
""",
    "the outputs": """
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputRow
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_outputs(run / "outputs" / "test.jsonl", [OutputRow("1", "a", "b", ("c",))])
""",
    "a checkpoint": """
import torch
from engine.training import checkpoint
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
checkpoint.save_best(run / "checkpoints", 5, {"a": torch.nn.Parameter(torch.zeros(2))})
""",
}


def kill_in(place: Path, code: str) -> None:
    """Run code on a folder in a process that kills itself in the middle of a write."""
    start = f"import os, signal\nfrom pathlib import Path\nrun = Path({str(place)!r})\n"
    process = subprocess.run(
        [sys.executable, "-c", start + code], cwd=ROOT, env=engine_environment(), check=False
    )
    assert process.returncode == -signal.SIGKILL


def leftovers(place: Path) -> list[str]:
    return [path.name for path in place.rglob(".*") if path.suffix in (".part", ".old")]


def test_a_run_that_goes_on_removes_what_its_killed_engines_left(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("direct"))
    for number, code in enumerate(KILLED_IN.values(), start=1):
        kill_in(folder.path, code)
        assert len(leftovers(folder.path)) >= number, code
    (folder.path / ".status.json.part").write_text("{")
    (folder.path / ".meta.json.12ab34cd.part").write_text("{")  # the window's, being written
    assert run_folder(folder.path) == 0
    assert leftovers(folder.path) == [".meta.json.12ab34cd.part"]
    assert (folder.outputs / "test.jsonl").exists()
    assert folder.prefix.is_dir()


def test_nothing_else_is_removed_and_no_link_followed(tmp_path: Path) -> None:
    place, outside = tmp_path / "place", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    (outside / ".test.jsonl.12ab34cd.part").write_text("a")
    names = ("x.part", ".x.part", ".gitignore.old", ".x.12ab.part", "step-000001", ".x.12ab34cd")
    for name in names:
        (place / name).write_text("a")
    (place / ".prefix.12ab34cd.part").symlink_to(outside)
    (place / "link").symlink_to(outside)
    remove_leftovers(place)
    remove_leftovers(place / "link")
    remove_leftovers(place / "gone")
    assert sorted(path.name for path in place.iterdir()) == sorted((*names, "link"))
    assert [path.name for path in outside.iterdir()] == [".test.jsonl.12ab34cd.part"]


def test_the_command_line_tidies_a_project_of_what_is_a_day_old(tmp_path: Path) -> None:
    from engine.cli.project_data import tidy

    project = ProjectFolder(tmp_path)
    for folder in (project.path, project.datasets, project.prefixes):
        folder.mkdir(exist_ok=True)
        for name, age_s in ((".a.12ab34cd.part", 90_000), (".b.12ab34cd.part", 100)):
            (folder / name).write_text("half")
            stamp_s = (folder / name).stat().st_mtime - age_s
            os.utime(folder / name, (stamp_s, stamp_s))
    tidy(project)
    assert leftovers(tmp_path) == [".b.12ab34cd.part"] * 3
