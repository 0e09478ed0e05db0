"""What comes from a stranger's file is shown by a terminal, never obeyed by it."""

from __future__ import annotations

import csv
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.console import Console, EscapedFormatter, escaped
from engine.cli.main import run
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputRow
from tests.helpers.terminal import PATIENCE_S, Terminal
from tests.helpers.tiny_runs import ROOT, Workshop, engine_environment

RED, TITLE, C1, TURN = "\x1b[31m", "\x1b]0;owned\x07", "\x9b31m", "\u202e"
EVIL = f"a{RED}b{TITLE}c{C1}d{TURN}e\x08\x00\x7f"
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\x08", "\x00", "\x7f")


def said(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int) -> tuple[str, str]:
    """What a verb prints; nothing of it is obeyed."""
    assert run([str(word) for word in words]) == code
    out, err = capsys.readouterr()
    for letter in OBEYED:
        assert letter not in out + err, repr(letter)
    return out, err


def test_every_character_that_is_obeyed_is_its_number_and_json_stays_json() -> None:
    for number in range(0x3000):
        letter = chr(number)
        shown = escaped(letter)
        is_obeyed = number in range(32) or number in range(0x7F, 0xA0)
        if number <= 0xA0:
            assert (shown != letter) == (is_obeyed and letter not in "\n\t")
        assert json.loads(escaped(json.dumps(letter, ensure_ascii=False))) == letter
    for letter in "\u061c\u2028\u202a\u202e\u2066\u2069\ud800\udce9\ufeff":
        assert escaped(letter) == f"\\u{ord(letter):04x}"
    for text in ("Größe ☂ 山", "👩\u200d🚀", "שלום\u200f", "می\u200cخواهم", "a\tb\nc"):
        assert escaped(text) == text


def test_lines_bars_notes_and_logs(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.line(f"name {EVIL}")
    console.warn(f"name {EVIL}")
    record = logging.LogRecord("x", logging.ERROR, "", 0, f"name {EVIL}", (), None)
    out, err = capsys.readouterr()
    for shown in (out, err, EscapedFormatter("%(message)s").format(record)):
        assert "name a\\u001b[31mb\\u001b]0;owned\\u0007c\\u009b31md\\u202ee" in shown
        assert not any(letter in shown for letter in OBEYED)


def test_a_bar_on_a_terminal_is_one_line_of_plain_text() -> None:
    code = (
        "from engine.cli.console import Console\n"
        f"console = Console()\nconsole.bar(1, 2, {EVIL!r} + chr(10) + 'second')\n"
        f"console.line({EVIL!r})"
    )
    with Terminal() as terminal:
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=engine_environment(),
            stdout=terminal.inside,
            timeout=PATIENCE_S,
            check=True,
        )
        shown = terminal.read_all()
    assert "e\\u0008\\u0000\\u007f second" in shown
    for obeyed in (RED, TITLE, C1, TURN):
        assert obeyed not in shown
    assert shown.count("\x1b") == 2, "the bar's own: draw, and clear"


def test_headers_file_names_and_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / f"t{RED}.csv"
    with open(table, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([(EVIL.replace("\x00", ""), "text"), *[("a", "b")] * 9])
    words = ("train", "--data", table, "--out", tmp_path / "run")
    _, err = said(capsys, *words, "--source", "x", "--target", "text", code=2)
    assert "1b[31m" in err
    said(capsys, "train", "--data", table, "--out", tmp_path / f"no{RED}", "--epochs", RED, code=2)
    said(capsys, "resume", tmp_path / f"no{RED}run", code=2)
    said(capsys, "score", tmp_path / f"no{RED}.jsonl", code=2)
    said(capsys, "export", tmp_path / f"no{RED}", "--out", tmp_path / "x", code=2)
    said(capsys, "backbones", "fetch", f"no{RED}", code=2)
    said(capsys, f"verb{RED}", code=2)


def test_outputs_categories_and_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / f"out{RED}.jsonl"
    rows = [OutputRow(EVIL, EVIL, "a lake", ("a lake",), category=EVIL) for _ in range(2)]
    write_outputs(path, rows)
    out, _ = said(capsys, "score", path, "--by", "category", code=0)
    assert "category a\\u001b[31m" in out
    _, err = said(capsys, "score", path, "--unseen", "x", code=2)
    assert "\\x1b" in err
    out, _ = said(capsys, "score", path, "--by", "category", "--json", code=0)
    assert f"category {EVIL}" in json.loads(out)
    path.write_text(json.dumps({"output": 5, EVIL: EVIL}) + "\n", encoding="utf-8")
    said(capsys, "score", path, code=2)


def test_names_of_runs_and_projects(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spec = workshop.spec("direct")
    folder = RunFolder.create(tmp_path / f"run{RED}", spec, RunMeta(name=EVIL))
    (tmp_path / "gone").mkdir()
    spec_text = (folder.path / "run.json").read_text(encoding="utf-8")
    gone = spec_text.replace(str(workshop.dataset).replace("\\", "\\\\"), "no\\u001b[31m.sqlite")
    assert gone != spec_text
    (folder.path / "run.json").write_text(gone, encoding="utf-8")
    out, err = said(capsys, "resume", folder.path, code=2)
    assert "a\\u001b[31mb" in out
    assert "no\\u001b[31m.sqlite" in err
    project = ProjectFolder(tmp_path / f"project{RED}")
    project.write(Project(name=EVIL))
    said(capsys, "study", "methods", "--project", project.path, "--name", EVIL, code=2)
    said(capsys, "import", tmp_path / f"no{RED}", "--project", project.path, code=2)
