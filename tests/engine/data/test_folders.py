"""Folders whose files are read as one data set."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from engine.contract.reading.reading import FindingKind
from engine.contract.specs.data import SplitKind
from tests.engine.data.reading import read
from tests.helpers.errors import refused

SIDES = {"train": 12, "validation": 3, "test": 2}


def rows(side: str, count: int) -> list[dict[str, Any]]:
    return [{"name": f"{side} {n}", "text": f"Hut {n} of {side} is here."} for n in range(count)]


def write(path: Path, items: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(items), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    else:
        lines = [",".join(map(str, one)) for one in (items[0], *(row.values() for row in items))]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "form",
    [
        "data/{}-00000-of-00002.parquet",
        "{}/data.parquet",
        "{}.jsonl",
        "set_{}.csv",
        "data.{}.jsonl",
    ],
)
def test_the_names_of_files_and_folders_are_the_split(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "huts"
    for side, count in SIDES.items():
        write(folder / form.format(side), rows(side, count))
    if "of-00002" in form:
        write(folder / "data/train-00001-of-00002.parquet", rows("more", 5))
        expected = (17, 3, 2)
    else:
        expected = (12, 3, 2)
    (folder / "README.md").write_text("words", encoding="utf-8")
    (folder / "dataset_infos.json").write_text("{}", encoding="utf-8")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "test.parquet").write_text("none", encoding="utf-8")
    reading = read(folder)
    assert reading.roles == {"name": "field", "text": "target", "split": "split"}
    assert (reading.report.split_kind, reading.report.unit) == (SplitKind.COLUMN, "row")
    assert reading.report.row_count == len(reading.cells) == sum(expected)
    sizes = (len(reading.sets.train), len(reading.sets.valid), len(reading.sets.test))
    assert sizes == expected
    assert reading.cells[0] == ("train 0", "Hut 0 of train is here.", "train")


def test_files_without_names_of_sides_have_no_split(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "huts" / f"part-{number}.parquet", rows(f"p{number}", 20))
    reading = read(tmp_path / "huts")
    assert (list(reading.roles), len(reading.cells)) == (["name", "text"], 40)
    assert len(reading.sets.test) == 4


def test_lines_and_reasons_name_their_file(tmp_path: Path) -> None:
    folder = tmp_path / "huts"
    write(folder / "train.jsonl", rows("train", 4))
    write(folder / "test.jsonl", [{**row, "more": "x"} for row in rows("test", 2)])
    with open(folder / "test.jsonl", "a", encoding="utf-8") as stream:
        stream.write("\nno object\n")
    reading = read(folder)
    (rejected,) = reading.rejected
    assert (rejected.line, rejected.text) == (7, "no object")
    assert rejected.reason.startswith("test.jsonl: Expecting value")
    assert FindingKind.UNKNOWN_KEY in reading.kinds


def test_folders_that_are_no_data_set_are_refused(tmp_path: Path) -> None:
    for name in ("english", "russian"):
        write(tmp_path / "both" / name / "train.parquet", rows(name, 3))
    with refused("several-data-sets", names="english, russian"):
        read(tmp_path / "both")
    (tmp_path / "none").mkdir()
    with refused("folder-without-data", path=tmp_path / "none"):
        read(tmp_path / "none")
