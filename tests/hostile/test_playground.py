"""The Playground's files from anyone: read in bounded time, and never trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.contract import codec
from engine.contract.projects import playground
from engine.contract.projects.playground import HistoryEntry, PlaygroundFiles, SavedAnswer
from engine.contract.protocol.playground import FieldValue
from engine.contract.specs.training import DecodingSpec
from tests.helpers.errors import refused

ENTRY = HistoryEntry(
    1.5,
    (FieldValue("na\u202eme", "", "<img src=x>"), FieldValue("", "k" * 50, "\x00 & ünï")),
    None,
    DecodingSpec(),
    1,
    (SavedAnswer("../../etc", "<b>bold</b>", text="A text.", token_ids=(5, 6)),),
)


@pytest.fixture
def files(tmp_path: Path) -> PlaygroundFiles:
    made = PlaygroundFiles(tmp_path)
    made.folder.mkdir()
    return made


def test_odd_names_and_texts_come_back(files: PlaygroundFiles) -> None:
    files.add_to_history(ENTRY)
    files.add_to_history(ENTRY)
    assert files.read_history() == [ENTRY, ENTRY]


def test_a_torn_last_line_is_cut_off(files: PlaygroundFiles) -> None:
    files.add_to_history(ENTRY)
    with open(files.history, "ab") as stream:
        stream.write(b'{"asked_s": 2.0, "val')
    assert files.read_history() == [ENTRY]
    files.add_to_history(ENTRY)
    assert files.read_history() == [ENTRY, ENTRY]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00",
        b"null",
        b"[" * 100_000,
        b'{"asked_s": "soon"}',
        b"{}",
        codec.to_line(ENTRY).replace('"version":1', '"version":99').encode(),
        codec.to_line(ENTRY).replace('"num_beams":5', '"num_beams":-5').encode(),
        codec.to_line(ENTRY).replace("[5,6]", '["a"]').encode(),
        b"x" * (playground.MAX_LINE_BYTES + 1),
    ],
)
def test_lines_that_do_not_read_are_left_out(files: PlaygroundFiles, line: bytes) -> None:
    files.add_to_history(ENTRY)
    with open(files.history, "ab") as stream:
        stream.write(line + b"\n")
    files.add_to_history(ENTRY)
    assert files.read_history() == [ENTRY, ENTRY]


def test_a_huge_file_is_read_at_its_end_and_cut(
    files: PlaygroundFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(files.history, "wb") as stream:
        stream.truncate(10 * 2**30)  # sparse
    assert files.read_history() == []
    files.add_to_history(ENTRY)
    assert files.history.stat().st_size <= playground.MAX_HISTORY_BYTES
    size = len(codec.to_line(ENTRY)) + 1
    monkeypatch.setattr(playground, "MAX_HISTORY_BYTES", 10 * size)
    for _ in range(50):
        files.add_to_history(ENTRY)
    assert files.history.stat().st_size <= 10 * size
    assert len(files.read_history()) >= 4


def test_an_entry_that_is_too_long_is_left_out(files: PlaygroundFiles) -> None:
    values = (FieldValue("a", "", "x" * playground.MAX_LINE_BYTES),)
    files.add_to_history(HistoryEntry(1.0, values, None, DecodingSpec(), 1, ()))
    assert files.read_history() == []


def test_links_and_pipes_are_refused(files: PlaygroundFiles, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine\n", encoding="utf-8")
    files.history.symlink_to(elsewhere)
    files.corrections.symlink_to(elsewhere)
    with refused("symbolic-link"):
        files.read_history()
    with refused("symbolic-link"):
        files.add_to_history(ENTRY)
    with refused("symbolic-link"):
        files.add_correction({"a": "b"})
    assert elsewhere.read_text(encoding="utf-8") == "mine\n"
    files.history.unlink()
    os.mkfifo(files.history)
    with refused("no-plain-file"):
        files.read_history()


def test_corrections_are_rows_and_can_be_taken_back(
    files: PlaygroundFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = files.add_correction({"na me": "Hüt", "text": "line\nbreak"})
    second = files.add_correction({"na me": "Inn", "text": "\ud800"})
    assert (first, files.count_corrections()) == (0, 2)
    lines = files.corrections.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {"na me": "Hüt", "text": "line\nbreak"}
    files.take_back(second)
    assert files.count_corrections() == 1
    files.take_back(10**9)
    files.take_back(first)
    assert files.count_corrections() == 0
    monkeypatch.setattr(playground, "MAX_CORRECTIONS_BYTES", 10)
    with refused("corrections-full"):
        files.add_correction({"a": "too long for it"})
