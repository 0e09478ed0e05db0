"""The journal: appended whole, read as it grows, forgiving towards damage."""

import logging
import tracemalloc
from pathlib import Path

import pytest

from engine.contract import codec
from engine.contract.runs.events import Event, JournalEntry, Level, Notice, RunPaused, RunStarted
from engine.contract.runs.journal import MAX_LINE_BYTES, JournalReader, JournalWriter
from tests.contract.children import python, run_python
from tests.helpers.errors import refused
from tests.helpers.small_disk import small_disk

RUN = "20260101-120000-abcd"


def notice(text: str) -> Notice:
    return Notice(Level.INFO, text)


def line_of(event: Event, *, run_id: str = RUN) -> bytes:
    return codec.to_line(JournalEntry(run_id, 1.0, event)).encode() + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def writer(path: Path) -> JournalWriter:
    return JournalWriter(path, RUN)


def test_entries_come_back_in_order_once(path: Path, writer: JournalWriter) -> None:
    written = [writer.append(notice(f"Zeile {i} \u2028 ü"), flush=i == 2) for i in range(5)]
    reader = JournalReader(path, RUN)
    assert reader.read_new(limit=2) == written[:2]
    assert reader.read_new(limit=2) == written[2:4]
    assert reader.read_new() == written[4:]
    assert reader.read_new() == []
    last = writer.append(RunPaused(3))
    writer.close()
    assert reader.read_new() == [last]
    assert (last.run_id, last.event) == (RUN, RunPaused(3))
    assert path.read_bytes().count(b"\n") == 6


def test_a_missing_journal_is_an_empty_one(path: Path) -> None:
    reader = JournalReader(path, RUN)
    assert reader.read_new() == []
    path.write_bytes(line_of(notice("now")))
    assert [entry.event for entry in reader.read_new()] == [notice("now")]


def test_a_torn_line_waits_for_its_end(path: Path) -> None:
    line = line_of(notice("Größe"))
    reader = JournalReader(path, RUN)
    for cut in range(len(line)):
        path.write_bytes(line[:cut])
        assert reader.read_new() == []
    path.write_bytes(line)
    assert [entry.event for entry in reader.read_new()] == [notice("Größe")]


def test_a_line_without_end_takes_little_memory_and_hides_nothing(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, last = line_of(notice("first")), line_of(notice("last"))
    with open(path, "wb") as stream:
        stream.write(first)
        for _ in range(100):
            stream.write(b"x" * 2**20)
    reader = JournalReader(path, RUN)
    tracemalloc.start()
    try:
        assert [entry.event for entry in reader.read_new()] == [notice("first")]
        assert reader.read_new() == []
        with open(path, "ab") as stream:
            stream.write(b"y\n" + last)
        assert [entry.event for entry in reader.read_new()] == [notice("last")]
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_LINE_BYTES
    finally:
        tracemalloc.stop()
    assert "skipped a line that is too long" in caplog.text


def test_lines_that_cannot_be_read_are_logged_and_skipped(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = [
        b"Some library printed this\n",
        b"\xff\xfe\x00\n",
        b"\n",
        b"[" * 100_000 + b"\n",
        line_of(notice("x")).replace(b'"Notice"', b'"Rumour"'),
        line_of(notice("x")).replace(b'"text":"x"', b'"text":7'),
        line_of(notice("x")).replace(b'"version":1', b'"version":99,"more":1'),
    ]
    for i, line in enumerate(damaged):
        with open(path, "ab") as stream:
            stream.write(line_of(notice(f"before {i}")) + line + line_of(notice(f"after {i}")))
    with caplog.at_level(logging.WARNING, "engine.contract.runs.journal"):
        entries = JournalReader(path, RUN).read_new()
    expected = [notice(f"{word} {i}") for i in range(len(damaged)) for word in ("before", "after")]
    assert [entry.event for entry in entries] == expected
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == (
        ["skipped a line that cannot be read"] * len(damaged)
    )
    assert "format 99" in caplog.text


def test_events_of_another_run_are_dropped(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(line_of(notice("theirs"), run_id="other") + line_of(notice("ours")))
    with caplog.at_level(logging.WARNING, "engine.contract.runs.journal"):
        entries = JournalReader(path, RUN).read_new()
    assert [entry.event for entry in entries] == [notice("ours")]
    assert "skipped an event of run other" in caplog.text


@pytest.mark.parametrize("size", [1, 300, 70_000, 200_000])
def test_a_resumed_writer_cuts_off_a_torn_last_line(path: Path, size: int) -> None:
    whole = line_of(notice("whole"))
    path.write_bytes(whole + b"x" * size)
    reader = JournalReader(path, RUN)
    assert len(reader.read_new()) == 1
    writer = JournalWriter(path, RUN)
    assert path.read_bytes() == whole
    assert reader.read_new() == []
    entry = writer.append(notice("resumed"))
    writer.close()
    assert reader.read_new() == [entry]


def test_a_journal_of_one_torn_line_becomes_empty(path: Path) -> None:
    path.write_bytes(b"x" * 70_000)
    JournalWriter(path, RUN).close()
    assert path.read_bytes() == b""


def test_a_reader_ahead_of_a_shortened_journal_goes_on_at_its_end(path: Path) -> None:
    first, second = line_of(notice("first")), line_of(notice("second"))
    path.write_bytes(first + second)
    reader = JournalReader(path, RUN)
    assert len(reader.read_new()) == 2
    path.write_bytes(first)
    assert reader.read_new() == []
    path.write_bytes(first + line_of(notice("third")))
    assert [entry.event for entry in reader.read_new()] == [notice("third")]


def test_a_killed_writer_leaves_whole_lines_but_the_last(path: Path) -> None:
    write = """
import sys
from pathlib import Path
from engine.contract.runs.events import Level, Notice
from engine.contract.runs.journal import JournalWriter
writer = JournalWriter(Path(sys.argv[1]), sys.argv[2])
writer.append(Notice(Level.INFO, "0"))
print("ready", flush=True)
for i in range(1, 10**9):
    writer.append(Notice(Level.INFO, str(i)))
"""
    reader = JournalReader(path, RUN)
    entries = []
    with python(write, str(path), RUN) as child:
        while len(entries) < 500:
            entries += reader.read_new()
        child.kill()
        child.wait()
    JournalWriter(path, RUN).close()
    while new := reader.read_new():
        entries += new
    assert [entry.event for entry in entries] == [notice(str(i)) for i in range(len(entries))]
    assert len(entries) == path.read_bytes().count(b"\n")


def test_what_a_full_disk_takes_of_a_line_is_taken_back(path: Path) -> None:
    run_python(
        """
import resource, sys
from pathlib import Path
from engine.contract.errors import UserError
from engine.contract.runs.events import Level, Notice
from engine.contract.runs.journal import JournalWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
writer = JournalWriter(Path(sys.argv[1]), sys.argv[2])
writer.append(Notice(Level.INFO, "fits"))
for _ in range(2):
    try:
        writer.append(Notice(Level.INFO, "x" * 2000))
    except UserError as error:
        assert error.code == "file-would-be-too-large"
    else:
        raise AssertionError("no error")
writer.append(Notice(Level.INFO, "fits too"))
""",
        str(path),
        RUN,
    )
    entries = JournalReader(path, RUN).read_new()
    assert [entry.event for entry in entries] == [notice("fits"), notice("fits too")]
    assert path.read_bytes().count(b"\n") == 2


def test_a_full_disk_is_the_users_matter(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=200) as disk:
        writer = JournalWriter(disk.path / "events.jsonl", RUN)
        disk.fill()
        with refused("disk-full", folder=disk.path):
            writer.append(notice("x"))
        writer.close()


def test_a_journal_without_a_folder_is_the_users_matter(tmp_path: Path) -> None:
    with refused("not-writable", reason="No such file or directory"):
        JournalWriter(tmp_path / "gone" / "events.jsonl", RUN)


def test_a_large_journal_is_read_in_parts(path: Path) -> None:
    path.write_bytes(b"".join(line_of(notice(str(i))) for i in range(2500)))
    reader = JournalReader(path, RUN)
    assert [len(reader.read_new()) for _ in range(4)] == [1000, 1000, 500, 0]


def test_time_is_stamped_by_the_writer(path: Path, writer: JournalWriter) -> None:
    started = RunStarted(10, None, "cpu", "float32", 5, 100, 20, 3, 3, "f")
    first, second = writer.append(started), writer.append(started)
    writer.close()
    assert 1.7e9 < first.time_s <= second.time_s
    assert JournalReader(path, RUN).read_new() == [first, second]
