"""`python main.py …` as people call it, in a process in which PySide6 cannot be imported."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.backbones.paths import CACHE_VARIABLE
from engine.cli.main import run
from engine.contract.runs.folder import RunFolder
from tests.helpers.tiny_runs import PATIENCE_S, ROOT, Workshop, engine_environment

PREFIX = ("--prefix-length", "4", "--mid-dim", "16", "--prefix-dropout", "0.1")
QUICK = (
    *("--max-steps", "40", "--batch-size", "4", "--evaluate-every-steps", "10"),
    *("--learning-rate", "0.01", "--test-fraction", "0.3", "--device", "cpu"),
    *("--strategy", "greedy", "--max-new-tokens", "10", "--init-text", "A hut:"),
)
COLUMNS = (
    *("--source", "name", "--source", "food", "--source", "area"),
    *("--target", "text"),
)

Done = Future[subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class CommandLine:
    """Calls `main.py`, with a cache folder and a working folder of its own.

    Attributes:
        place: where relative paths begin.
    """

    place: Path
    environment: dict[str, str]

    def __call__(
        self, *words: str | Path, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; the exit code must be `code`."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.place,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, (done.args, done.returncode, done.stdout, done.stderr)
        return done

    def start(
        self,
        *words: str | Path,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        stdin: int = subprocess.DEVNULL,
        prepare: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a process and leave it to itself."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.place,
            env=self.environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def refused(self, *words: str | Path, **environment: str) -> str:
        """The sentence for the user: all there is on standard error, after exit code 2."""
        done = self(*words, code=2, **environment)
        assert done.stderr.startswith("error: "), done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stdout
        return done.stderr.removeprefix("error: ").rstrip("\n")

    @staticmethod
    def command(*words: str | Path) -> list[str]:
        return [sys.executable, str(ROOT / "main.py"), *map(str, words)]


class CommandLineHere(CommandLine):
    """The same in this process: loading torch for each command takes seconds."""

    def __call__(
        self, *words: str | Path, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.place)
            patch.setenv(CACHE_VARIABLE, self.environment[CACHE_VARIABLE])
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                ended = run([*map(str, words)])
            except SystemExit as end:  # --help
                ended = int(end.code or 0)
        done = subprocess.CompletedProcess(words, ended, out.getvalue(), err.getvalue())
        assert ended == code, done
        return done


@pytest.fixture
def here(cli: CommandLine) -> CommandLineHere:
    """Commands in this process, in the same folder."""
    return CommandLineHere(cli.place, cli.environment)


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    place = tmp_path_factory.mktemp("cli")
    (place / "sitecustomize.py").write_text("import sys\nsys.modules['PySide6'] = None\n")
    environment = engine_environment({CACHE_VARIABLE: str(place / "cache")})
    environment.pop("PYTHONUTF8")  # people do not set it
    inherited = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
    environment["PYTHONPATH"] = os.pathsep.join([str(place), *inherited])
    return CommandLine(place, environment)


@pytest.fixture(scope="session")
def train_words(workshop: Workshop) -> tuple[str, ...]:
    """`train` with all it needs but --out."""
    backbone = str(workshop.backbone("llama"))
    return (
        *("train", "--data", str(workshop.csv), *COLUMNS, "--backbone", backbone),
        *PREFIX,
        *QUICK,
    )


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Two processes at a time, while the tests wait for those they need."""
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.fixture(scope="session")
def trained_later(cli: CommandLine, train_words: tuple[str, ...], pool: ThreadPoolExecutor) -> Done:
    """`train` to the end, into trained/."""
    return pool.submit(cli, *train_words, "--out", "trained", "--name", "my prefix")


@pytest.fixture(scope="session")
def trained(cli: CommandLine, trained_later: Done) -> RunFolder:
    """The run in trained/."""
    trained_later.result()
    return RunFolder(cli.place / "trained")
