"""A backbone folder from a stranger: one sentence, nothing run, nothing fetched, nothing large.

Promised: only regular files of bounded size are read, sizes are compared with the weights before
anything is allocated, a tokenizer cannot make much of little, and no program in the folder or on
the model hub is run. Not promised: that weights which load do something useful.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbones.catalog import list_backbones
from engine.cli.main import EXIT_USER, run
from engine.contract.protocol.backbones import ListBackbones
from engine.reporter import Silent
from tests.engine.tiny import load
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import write_table
from tests.hostile.backbones import HARMLESS, REFUSED

GROWTH_MB = 500
"""What refusing all of them may take; the largest file among them has 10 GB."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good backbone, with a program beside it that leaves a trace."""
    folder = save_tiny(tmp_path_factory.mktemp("backbones") / "good", "gpt2")
    program = f"open({str(folder.parent / 'RUN')!r}, 'w')\nclass C: ...\nclass M: ...\n"
    (folder / "evil.py").write_text(program)
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(program)
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table") / "huts.csv")


@pytest.fixture(autouse=True)
def alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, good: Path
) -> Iterator[None]:
    """No network; afterwards no program has been run."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert not (good.parent / "RUN").exists()


def train(backbone: str | Path, table: Path, out: Path) -> int:
    """One step on a backbone."""
    columns = ["--source", "name", "--target", "text"]
    sizes = ["--prefix-length", "3", "--mid-dim", "8", "--max-steps", "1", "--max-new-tokens", "2"]
    sides = ["--valid-inputs", "1", "--test-inputs", "1", "--device", "cpu", "--out", str(out)]
    return run(["train", "--data", str(table), *columns, f"--backbone={backbone}", *sizes, *sides])


def memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_one_sentence(
    name: str, good: Path, table: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "bad"))
    REFUSED[name](folder)
    before = memory_mb()
    assert train(folder, table, tmp_path / "run") == EXIT_USER
    said = capfd.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "Traceback" not in said.out + said.err
    assert memory_mb() - before < GROWTH_MB
    (entry,) = list_backbones(ListBackbones((str(folder),)), Silent()).entries[-1:]
    assert entry.where == str(folder)  # the list shows it whatever it is


@pytest.mark.parametrize("name", HARMLESS)
def test_what_would_run_or_fetch_is_passed_over(
    name: str, good: Path, table: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "odd"))
    HARMLESS[name](folder)
    assert train(folder, table, tmp_path / "run") == 0


@pytest.mark.parametrize("name", ["~nosuchuser", "x" * 300, "a\0b", "\ud800", "a/" * 3000, "-", ""])
def test_names_that_are_no_paths_are_one_sentence(
    name: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(name, table, tmp_path / "run") == EXIT_USER
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert list_backbones(ListBackbones((name,)), Silent()).entries


def test_the_hubs_own_links_are_followed(
    good: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = tmp_path / "models--a--b" / "snapshots" / "1"
    blobs = tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for file in (one for one in good.iterdir() if one.is_file()):
        shutil.copy(file, blobs / file.name)
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", file.name))
    assert train(snapshot, table, tmp_path / "run") == 0
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").symlink_to(good / "config.json")  # of another tree
    assert train(snapshot, table, tmp_path / "again") == EXIT_USER
    assert str(snapshot / "config.json") in capsys.readouterr().err


def test_weights_larger_than_the_memory_are_told_before_they_are_read(
    good: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "large"))
    path = folder / "model.safetensors"
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = json.loads(data[8:start])
    held, size = len(data) - start, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    tensors["large"] = {"dtype": "F32", "shape": [size], "data_offsets": [held, held + 4 * size]}
    header = json.dumps(tensors).encode()
    with open(path, "wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header + data[start:])
        stream.truncate(8 + len(header) + held + 4 * size)
    with refused("no-room-for-weights", name="large"):
        load(folder)
