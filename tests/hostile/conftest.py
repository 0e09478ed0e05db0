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

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli.main import EXIT_USER
from engine.cli.main import run as command_line
from engine.contract.runs.folder import RunFolder
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import Workshop, cache_in, write_table

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


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a good tiny backbone."""
    return save_tiny(tmp_path_factory.mktemp("backbones") / "tiny", "gpt2")


@pytest.fixture(autouse=True)
def cache_folder_of_the_test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of its own for each test, so that the user's is not touched."""
    with cache_in(tmp_path_factory.mktemp("cache")):
        yield


@pytest.fixture(autouse=True)
def windows_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """A window that lives on takes its time in each later one: styles are given to all widgets."""
    yield
    if "qtbot" in request.fixturenames:
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


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


def decode_words(system: str | Path, out: Path, *words: str) -> list[str]:
    """The words that decode two rows of a table beside `out`."""
    table = write_table(out.parent / "t.csv")
    rows = ["--data", str(table), "--text", "name", "--limit", "2", "--max-new-tokens", "2"]
    return ["decode", str(system), *rows, "--device", "cpu", "--out", str(out), *words]


@contextmanager
def bounded_memory(limit_mb: int) -> Iterator[None]:
    """This process must not grow by more than that."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1000 * limit_mb


Call = Callable[[list[str]], str]


@pytest.fixture
def refuse(capfd: pytest.CaptureFixture[str]) -> Call:
    """Call a verb: it must end with one line of error, which is returned."""

    def refused(words: list[str]) -> str:
        capfd.readouterr()
        assert command_line(words) == EXIT_USER
        said = capfd.readouterr()
        assert said.err.startswith("error: "), said.err
        assert said.err.count("\n") == 1, said.err
        assert "Traceback" not in said.out
        return said.err

    return refused


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
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
