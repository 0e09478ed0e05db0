"""Progress files, changes and folders from anyone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from engine.contract.errors import UserError
from engine.contract.writing.changes import Changes
from engine.contract.writing.folder import WritingFolder, new_folder, new_writing, writing_folders
from engine.contract.writing.matching import match_columns
from engine.contract.writing.progress import ProgressWriter, WrittenRow, WrittenRows, read_work
from tests.contract.test_writing import WORK, fields
from tests.helpers.errors import refused

LINES = (
    b'{"row":0,"text":"a"}',
    b'{"row":6,"text":"a"}',
    b'{"row":-1,"text":"a"}',
    b'{"row":9223372036854775807,"text":"a"}',
    b'{"row":99999999999999999999999,"text":"a"}',
    b'{"row":1.0,"text":"a"}',
    b'{"row":true,"text":"a"}',
    b'{"row":1,"text":7}',
    b'{"row":1,"text":"a","missing":"b"}',
    b'{"row":1,"text":"a","said":"b"}',
    b'{"row":1,"text":"a","more":1}',
    b'{"row":1,"row":2,"text":"a"}',
    b"[" * 100_000,
    b'"row"',
    b"null",
    b"\xff\xfe",
    b"",
)


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_line_that_is_no_row_is_skipped(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    writer = ProgressWriter(path, WORK)
    writer.append(WrittenRow(2, "before"))
    writer.close()
    with open(path, "ab") as stream:
        stream.write(line + b"\n")
    writer = ProgressWriter(path, WORK)
    writer.append(WrittenRow(3, "behind"))
    writer.close()
    rows = WrittenRows(path, 5)
    rows.read_all()
    assert [number for number in range(-1, 9) if number in rows] == [2, 3]


@pytest.mark.parametrize(
    "start",
    [
        b"a stranger's file\n",
        b"a stranger's file",
        b"{}\n",
        b'{"type":"Work","version":99}\n',
        b"\0",
    ],
)
def test_a_file_of_another_kind_is_not_continued(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    path.write_bytes(start)
    with pytest.raises(UserError):
        ProgressWriter(path, WORK)
    assert path.read_bytes() == start


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine\n")
    link, hard, pipe = tmp_path / "link", tmp_path / "hard", tmp_path / "pipe"
    link.symlink_to(secret)
    os.link(secret, hard)
    os.mkfifo(pipe)
    for path in (link, hard, pipe):
        with pytest.raises(UserError):
            ProgressWriter(path, WORK)
    for path in (link, pipe):
        with pytest.raises(UserError):
            read_work(path)
        with pytest.raises(UserError):
            Changes(path, 5)
    assert secret.read_text() == "mine\n"


def test_damaged_changes_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    path.write_bytes(b"\n".join(LINES) + b"\n")
    with open(path, "a", encoding="utf-8") as stream:
        for row, about in ((9, 9), (1, 2), (0, 0)):
            written = {"row": about, "text": "x", "said": 0, "missing": [], "invented": []}
            stream.write(json.dumps({"row": row, "change": {"written": written}}) + "\n")
    assert len(Changes(path, 5)) == 0


def test_a_writing_in_a_project_of_a_stranger(tmp_path: Path) -> None:
    folder = new_folder(tmp_path, "../../evil:name\n.csv")
    assert folder.path.parent == tmp_path / "written"
    folder.write(new_writing("t.csv", tmp_path / "t.csv"))
    assert [found.path for found in writing_folders(tmp_path)] == [folder.path]
    assert folder.read().name == "t.csv"
    folder.spec.write_text('{"name": 7}')
    with refused("damaged-writing", path=folder.spec):
        folder.read()
    folder.spec.unlink()
    with refused("damaged-writing", path=folder.spec):
        folder.read()
    if sys.platform != "win32":
        folder.write(new_writing("t.csv", tmp_path / "t.csv"))
        folder.progress.symlink_to("/etc/passwd")
        with refused("symbolic-link", path=folder.progress):
            folder.read()
        elsewhere = tmp_path / "other" / "written"
        elsewhere.parent.mkdir()
        elsewhere.symlink_to(tmp_path / "written")
        assert writing_folders(elsewhere.parent) == []
        assert WritingFolder(folder.path).project == tmp_path


def test_thousands_of_columns_are_matched_at_once() -> None:
    names = [f"column {number}" for number in range(2000)]
    matches = match_columns(fields(*(name.upper() for name in names)), names)
    assert [match.column for match in matches] == names
