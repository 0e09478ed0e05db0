"""Outputs files of ours and of other systems."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.runs.outputs import (
    RowsDigest,
    iterate_outputs,
    meta_path,
    read_meta,
    read_outputs,
    split_fingerprint,
    write_meta,
    write_outputs,
    write_row_scores,
)
from engine.contract.runs.scores import OutputRow, OutputsMeta, Score
from tests.helpers.errors import refused

ROWS = (
    OutputRow(
        example_id="0123456789abcdef",
        input="name : Ås | km : 4",
        output="Ås is\u2028 4 km.\n",
        references=("Ås: 4 km.", ""),
        fields=(("name", "Ås"), ("km", "4")),
        category="short",
        row_scores=(("bleu", 12.5), ("chrf", math.nan)),
    ),
    OutputRow("b", "", "", ()),
)
META = OutputsMeta(
    "prefix 10, MLP 512",
    "20260101-120000-abcd",
    "test",
    "f" * 64,
    "greedy|max100",
    scores=(Score("bleu", 12.5, "bleu|n:2", low=1.0, high=20.0),),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "test.jsonl"


def test_rows_and_meta_come_back(path: Path) -> None:
    written = write_outputs(path, iter(ROWS), META)
    read = read_outputs(path)
    assert math.isnan(read[0].row_scores[1][1])
    kept = replace(read[0], row_scores=ROWS[0].row_scores)
    assert (kept, read[1]) == ROWS
    assert read_meta(path) == written == replace(META, rows_sha256=RowsDigest(ROWS).hexdigest())
    assert sorted(p.name for p in path.parent.iterdir()) == ["test.jsonl", "test.meta.json"]


def test_lines_are_plain_json_for_other_programs(path: Path) -> None:
    write_outputs(path, ROWS)
    lines = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    assert lines[0]["fields"] == [["name", "Ås"], ["km", "4"]]
    assert lines[0]["references"] == ["Ås: 4 km.", ""]
    assert "type" not in lines[0]
    assert "Ås" in path.read_text("utf-8")
    assert not meta_path(path).exists()
    assert read_meta(path) is None


def test_the_name_of_a_rows_prefix_is_kept_and_absent_where_there_is_none(path: Path) -> None:
    named = replace(ROWS[0], row_scores=(), prefix="anna")
    write_outputs(path, (named, ROWS[1]))
    first, second = (json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1])
    assert first["prefix"] == "anna"
    assert "prefix" not in second
    assert read_outputs(path) == (named, ROWS[1])


def test_rows_are_numbered_where_another_system_gave_no_id(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(
        b'\xef\xbb\xbf{"output": "a", "references": ["b"], "model": {"name": "x"}}\r\n'
        b"\r\n   \n"
        b'{"references": [], "output": "c", "input": "i"}'
    )
    assert read_outputs(path) == (OutputRow("1", "", "a", ("b",)), OutputRow("2", "i", "c", ()))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("hello", ""),
        ("[1]", ""),
        ("[" * 100_000, ""),
        ('{"references": []}', "missing-field"),
        ('{"output": "x"}', "missing-field"),
        ('{"output": [3], "references": []}', "unexpected-value"),
        ('{"output": "x", "references": {"y": 1}}', "unexpected-value"),
        ('{"output": "x", "references": [null]}', "unexpected-value"),
        (
            '{"output": "x", "references": [], "row_scores": [["bleu"]]}',
            "unexpected-value",
        ),
    ],
)
def test_a_wrong_line_is_named_with_its_number(path: Path, line: str, code: str) -> None:
    path.parent.mkdir()
    path.write_text('{"output": "a", "references": []}\n\n' + line + "\n", encoding="utf-8")
    with refused("wrong-line-of-outputs", path=path, line=3) as caught:
        read_outputs(path)
    assert getattr(caught.value.values["reason"], "code", "") == code


@pytest.mark.parametrize("content", [b"", b"\n \n\r\n", b"\xef\xbb\xbf"])
def test_a_file_without_lines_holds_no_outputs(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with refused("no-outputs", path=path):
        read_outputs(path)


@pytest.mark.parametrize("content", ['{"output": "é"}'.encode("latin-1"), "é\n".encode("utf-16")])
def test_another_encoding_is_the_users_matter(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with refused("unreadable-outputs", path=path):
        read_outputs(path)


def test_a_missing_file_and_a_folder_are_the_users_matter(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.jsonl", tmp_path):
        with refused("unreadable-outputs", path=path):
            read_outputs(path)


def test_rows_can_be_read_one_by_one_up_to_a_wrong_one(path: Path) -> None:
    write_outputs(path, ROWS)
    with open(path, "a") as stream:
        stream.write("oh\n")
    rows = iterate_outputs(path)
    assert [next(rows).example_id, next(rows).example_id] == [r.example_id for r in ROWS]
    with refused("wrong-line-of-outputs", line=3):
        next(rows)


def test_row_scores_are_put_into_the_file_and_nothing_else_is_changed(path: Path) -> None:
    path.parent.mkdir()
    lines = [
        {"output": "a", "references": ["b"], "beam": {"size": 5, "p": [1, None]}},
        {"output": "c", "references": [], "row_scores": [["old", 1.0]], "example_id": "x"},
    ]
    path.write_text("\n\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    rows = [replace(row, row_scores=(("bleu", 3.5),)) for row in read_outputs(path)]
    write_row_scores(path, rows)
    written = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert written == [{**line, "row_scores": [["bleu", 3.5]]} for line in lines]
    assert list(read_outputs(path)) == rows


def test_row_scores_of_another_file_are_not_written(path: Path) -> None:
    write_outputs(path, ROWS)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="shorter"):
        write_row_scores(path, ROWS[:1])
    assert path.read_bytes() == before


def test_damaged_meta_is_the_users_matter(path: Path) -> None:
    write_outputs(path, ROWS, META)
    for content in (b"", b"{}", b"\xff"):
        meta_path(path).write_bytes(content)
        with refused("damaged-description-of-outputs", path=meta_path(path)):
            read_meta(path)
    write_meta(path, META)
    assert read_meta(path) == META


def test_the_fingerprint_of_a_split_is_of_ids_and_references() -> None:
    whole = split_fingerprint(ROWS)
    assert len(whole) == 64
    turned = replace(ROWS[0], references=("", "Ås: 4 km."))
    assert split_fingerprint((ROWS[1], turned)) == whole
    other_output = [replace(row, output="else", row_scores=(), fields=()) for row in ROWS]
    assert split_fingerprint(other_output) == whole
    for changed in (
        ROWS[:1],
        (replace(ROWS[0], example_id="0"), ROWS[1]),
        (replace(ROWS[0], references=("Ås: 4 km.",)), ROWS[1]),
    ):
        assert split_fingerprint(changed) != whole
    apart = [OutputRow("a", "", "", ("b", "c"))], [OutputRow("a", "", "", ("b c",))]
    assert split_fingerprint(apart[0]) != split_fingerprint(apart[1])


def test_odd_characters_survive(path: Path) -> None:
    row = OutputRow("\udcff", "\x00\x85\u2029", "🥾\r\n\t", ("\ud83e",))
    write_outputs(path, [row])
    assert read_outputs(path) == (row,)
    assert len(split_fingerprint([row])) == 64
