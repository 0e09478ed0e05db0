"""What is promised about files from strangers, and what is not.

Promised: opening, watching, stopping, resuming, decoding, scoring, studying, exporting or
importing a project, run, prefix, backbone folder or data file that somebody else made
- changes nothing outside that folder, and what is inside only where the user asked for it;
- starts no process, no training and no connection that the user did not ask for;
- sends no signal to a process that is not the engine of the run;
- ends in bounded time and memory, with one sentence where something is wrong;
- shows texts as texts: no markup, no control characters for the terminal.

Not promised: safety against another program that changes the folder while it is used, against
faults in torch, transformers, tokenizers, pyarrow, SQLite or Qt themselves, or that a prefix from a
stranger writes nothing objectionable.

Each test here attacks with a real file and looks at what happened, not at how it was prevented.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cli.main import run as command_line
from engine.contract.run_folder import RunFolder
from tests.helpers.tiny_runs import Workshop, cache_in

SECRET = "nobody else's business\n"


class Outside:
    """Files and folders that do not belong to the project, and whether they are as they were."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "outside"
        self.file = self.folder / "notes.txt"
        self.folder.mkdir()
        self.file.write_text(SECRET)
        self.file.chmod(0o644)

    def is_untouched(self) -> bool:
        names = [path.name for path in self.folder.iterdir()]
        same_mode = self.file.stat().st_mode & 0o777 == 0o644
        return names == ["notes.txt"] and self.file.read_text() == SECRET and same_mode


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """Checked after each test that uses it, whatever else the test says."""
    made = Outside(tmp_path)
    yield made
    assert made.is_untouched()


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A tiny backbone and a table."""
    return Workshop.make(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(autouse=True)
def cache_folder_of_the_test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of its own for each test, so that the user's is not touched."""
    with cache_in(tmp_path_factory.mktemp("cache")):
        yield


@pytest.fixture(scope="session")
def trained(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a dataset and one finished run, made by the program's own commands."""
    project = tmp_path_factory.mktemp("trained") / "project"
    words = [
        *("study", "length", "--lengths", "2", "--seeds", "0", "--project", str(project)),
        *("--data", str(workshop.csv), "--source", "name", "--source", "food", "--target", "text"),
        *("--backbone", str(workshop.backbone("llama")), "--mid-dim", "8", "--max-steps", "2"),
        *("--batch-size", "4", "--evaluate-every-steps", "1", "--device", "cpu", "--metrics"),
        *("bleu", "--strategy", "greedy", "--max-new-tokens", "4", "--init", "random"),
    ]
    with cache_in(tmp_path_factory.mktemp("cache")):
        assert command_line(words) == 0
    return project


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    """A copy of it, to be attacked."""
    return Path(shutil.copytree(trained, tmp_path / "project"))


@pytest.fixture
def run(project: Path) -> RunFolder:
    """Its run."""
    (path,) = (project / "runs").iterdir()
    return RunFolder(path)


Verbs = Callable[[RunFolder], list[list[str]]]


@pytest.fixture
def verbs(workshop: Workshop, tmp_path: Path) -> Verbs:
    """Every verb of the command line that touches a run or its project."""

    def of(run: RunFolder) -> list[list[str]]:
        project = run.path.parents[1]
        out = tmp_path / "out"
        out.mkdir()
        data = str(workshop.csv)
        return [
            ["resume", str(run.path)],
            ["decode", str(run.path), "--data", data, "--out", str(out / "d.jsonl")],
            ["decode", str(run.prefix), "--data", data, "--out", str(out / "p.jsonl")],
            ["score", str(run.outputs / "test.jsonl"), "--metrics", "chrf"],
            ["export", str(run.path), "--out", str(out / "native")],
            ["export", str(run.path), "--format", "peft", "--out", str(out / "peft")],
            ["import", str(run.prefix), "--project", str(project)],
            ["study", "length", "--project", str(project), "--no-training"],
        ]

    return of


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], str]:
    """Call a verb: it must end well, or with one sentence and no traceback."""

    def called(words: list[str]) -> str:
        code = command_line(words)
        said = capsys.readouterr()
        assert code in (0, 2), (words, code, said.err)
        assert "Traceback" not in said.err + said.out
        assert "please report it" not in said.err
        assert SECRET.strip() not in said.err + said.out
        if code == 2:
            assert said.err.startswith("error: "), said.err
        return said.err

    return called
