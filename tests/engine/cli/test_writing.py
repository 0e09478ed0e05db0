"""`decode` of a table without references: stopped at any point, it ends as if it had not been."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import openpyxl

from engine.contract.runs.folder import RunFolder
from engine.contract.writing.progress import progress_path
from tests.engine.cli.conftest import CommandLine, CommandLineHere
from tests.helpers.tiny_runs import kill, wait_until, write_table

HEAD = ("Nr", "NAME", "food", "Notes", "area")


def new_table(path: Path, rows: int) -> Path:
    """A table without texts, in another order, with columns that no field is read from."""
    lines = [
        (f"{number:03}", f"Hut {number % 37}", ("soup", "bread")[number % 2], "=1+1", "north")
        for number in range(1, rows + 1)
    ]
    return write_table(path, [HEAD, *lines])


def read_csv(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_killed_process_goes_on_and_ends_with_the_same_bytes(
    cli: CommandLine, here: CommandLineHere, trained: RunFolder
) -> None:
    data = new_table(cli.place / "many.csv", 700)
    words = ("decode", "trained", "--data", data, "--max-new-tokens", "12", "--out")
    whole, killed = cli.place / "whole.csv", cli.place / "cut-off.csv"
    here(*words, whole)
    progress = progress_path(killed)
    process = cli.start(*words, killed)
    wait_until(
        process,
        lambda: progress.exists() and progress.read_bytes().count(b"\n") > 40,
        what="forty rows",
    )
    kill(process)
    assert not killed.exists()
    before = progress.read_bytes()
    progress.write_bytes(before[:-7])  # as a kill within a write leaves it
    lines = before.count(b"\n")
    assert lines < 690
    book = killed.with_suffix(".xlsx")
    progress_path(book).write_bytes(progress.read_bytes())
    here(*words, killed)
    assert killed.read_bytes() == whole.read_bytes()
    here(*words, whole.with_suffix(".xlsx"))
    here(*words, book)
    assert book.read_bytes() == whole.with_suffix(".xlsx").read_bytes()
    names = {path.name for path in cli.place.iterdir() if "cut-off" in path.name}
    assert names == {killed.name, book.name}


def test_all_columns_come_back_with_the_text_of_the_row_alone(
    here: CommandLineHere, trained: RunFolder
) -> None:
    data = new_table(here.place / "few.csv", 5)
    done = here("decode", "trained", "--data", data, "--out", "few-out.csv")
    assert "NAME" in done.stdout  # the match that is by more than the name
    assert "'Nr', 'Notes'" in done.stdout
    rows = read_csv(here.place / "few-out.csv")
    assert list(rows[0]) == [*HEAD, "text"]
    assert [row["Nr"] for row in rows] == ["001", "002", "003", "004", "005"]
    assert rows[0]["Notes"] == "'=1+1"  # no formula for a spreadsheet
    for number, row in enumerate(rows):
        alone = write_table(here.place / "alone.csv", [HEAD, [row[name] for name in HEAD]])
        here("decode", "trained", "--data", alone, "--out", "alone.jsonl")
        line = json.loads((here.place / "alone.jsonl").read_text(encoding="utf-8"))
        assert line["text"] == row["text"], number


def test_a_workbook_in_and_a_workbook_out(here: CommandLineHere, trained: RunFolder) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    rows = [("price", "code", "name", "food", "area"), (3.5, "007", "Hut 1", "soup", "north")]
    for row in rows:
        book.active.append(row)
    book.save(here.place / "in.xlsx")
    here("decode", "trained", "--data", "in.xlsx", "--out", "out.xlsx")
    sheet = openpyxl.load_workbook(here.place / "out.xlsx").active
    head, line = sheet.iter_rows(values_only=True)
    assert head == (*rows[0], "text")
    assert line[:-1] == rows[1]  # a number is a number, and a code stays a text


def test_standard_input(cli: CommandLine, trained: RunFolder) -> None:
    piped = cli.place / "piped.jsonl"
    piped.write_text('{"name": "Hut 1", "food": "soup", "area": "north"}\n', encoding="utf-8")
    with open(piped, encoding="utf-8") as stream:
        process = cli.start(
            *("decode", "trained", "--data", "-", "--out", "piped-out.jsonl"),
            stdin=stream.fileno(),
        )
        assert process.communicate(timeout=120)[1] == ""
    row = json.loads((cli.place / "piped-out.jsonl").read_text(encoding="utf-8"))
    assert list(row) == ["name", "food", "area", "text"]


def test_missing_fields_are_named_and_unknown_ones_refused(
    here: CommandLineHere, trained: RunFolder
) -> None:
    data = write_table(here.place / "less.csv", [("name", "place"), ("Hut 1", "north")])
    words = ("decode", "trained", "--data", data, "--out", "less.jsonl")
    assert "'food', 'area'" in here(*words).stderr
    assert "'food'" in here(*words, "--match", "area=place").stderr
    for match, word in (
        ("food=dish", "'dish'"),
        ("meal=place", "'meal'"),
        ("food", "FIELD=COLUMN"),
        ("name=", "name, food, area"),  # nothing is left
    ):
        said = here(*words, "--match", match, code=2).stderr
        assert word in said
        assert said.startswith("error: ")
    twice = ("--match", "food=place", "--match", "area=place")
    assert "'place'" in here(*words, *twice, code=2).stderr


def test_progress_of_other_work_is_not_continued(here: CommandLineHere, trained: RunFolder) -> None:
    out = here.place / "other.csv"
    words = ("decode", "trained", "--data", "other-in.csv", "--out", out)
    new_table(here.place / "other-in.csv", 3)
    progress = progress_path(out)
    begun = _begun(here, words, progress)
    for options, reason in (
        ((), "another table"),
        (("--max-new-tokens", "9"), "other decoding settings"),
        (("--match", "food="), "other columns"),
        (("--linearisation", "values"), "another linearisation"),
    ):
        new_table(here.place / "other-in.csv", 3 if options else 4)
        progress.write_bytes(begun)
        said = here(*words, *options, code=2).stderr
        assert reason in said
        assert progress.name in said
        assert progress.read_bytes() == begun
        assert not out.exists()
    new_table(here.place / "other-in.csv", 3)
    here(*words, "--decode-batch-size", "1")  # which changes no text


def _begun(here: CommandLineHere, words: tuple[str | Path, ...], progress: Path) -> bytes:
    """The progress file of these words, after its table could not be written."""
    out = Path(words[-1])
    out.mkdir()
    here(*words, code=2)
    out.rmdir()
    return progress.read_bytes()


def test_a_later_limit_goes_on(here: CommandLineHere, trained: RunFolder) -> None:
    data = new_table(here.place / "limited.csv", 6)
    here("decode", "trained", "--data", data, "--limit", "2", "--out", "limited-out.csv")
    assert len(read_csv(here.place / "limited-out.csv")) == 2


def test_a_linked_output_is_replaced_and_not_followed(
    here: CommandLineHere, trained: RunFolder
) -> None:
    data = new_table(here.place / "linked-in.csv", 2)
    secret = here.place / "secret.csv"
    secret.write_text("mine", encoding="utf-8")
    for link in (here.place / "linked.csv", progress_path(here.place / "linked.csv")):
        os.symlink(secret, link)
    words = ("decode", "trained", "--data", data, "--out", "linked.csv")
    assert "symbolic link" in here(*words, code=2).stderr  # of the progress file
    progress_path(here.place / "linked.csv").unlink()
    here(*words)
    assert secret.read_text(encoding="utf-8") == "mine"
    assert not (here.place / "linked.csv").is_symlink()
