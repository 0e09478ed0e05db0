"""Cards of others with heads for categories: none, twice, empty, too many, or not of this head."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import call
from engine.contract.errors import UserError
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.runs.folder import RunFolder
from engine.run import EXIT_FINISHED, run_folder
from tests.helpers.category_runs import LABEL, category_spec, write_rows
from tests.helpers.tiny_runs import Workshop

Task = dict[str, Any]


@pytest.fixture(scope="module")
def trained(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    place = tmp_path_factory.mktemp("sets")
    made = workshop.run(place / "run", category_spec(workshop, place, LABEL, FrozenMethod()))
    assert run_folder(made.path) == EXIT_FINISHED
    return made


def no_categories(task: Task) -> None:
    task["categories"] = []


def same_categories(task: Task) -> None:
    task["categories"] = [task["categories"][0]] * 2


def no_labels(task: Task) -> None:
    task["categories"][0]["names"] = []


def same_labels(task: Task) -> None:
    task["categories"][0]["names"] = ["a", "a", "a"]


def more_labels(task: Task) -> None:
    task["categories"][1]["names"].append("another")


def other_heads(task: Task) -> None:
    task["head"]["per_category"] = False
    task["labels"] = ["a", "b"]


def many_labels(task: Task) -> None:
    names = [str(number) for number in range(9_000)]
    task["categories"] = [{"category": name, "names": names} for name in "abc"]


def no_list(task: Task) -> None:
    task["categories"] = {"food": ["a", "b"]}


CASES: dict[Callable[[Task], None], str] = {
    no_categories: "task-without-names",
    same_categories: "names-of-a-task",
    no_labels: "task-without-names",
    same_labels: "names-of-a-task",
    more_labels: "head-does-not-fit",
    other_heads: "head-does-not-fit",
    many_labels: "names-of-categories",
    no_list: "prefix-file-damaged",
}


@pytest.mark.parametrize("change", CASES, ids=lambda change: change.__name__)
def test_a_task_that_is_none(
    change: Callable[[Task], None], trained: RunFolder, tmp_path: Path
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(trained.path, copied)
    path = copied / "delta" / "delta.json"
    plain = json.loads(path.read_text(encoding="utf-8"))
    change(plain["task"])
    path.write_text(json.dumps(plain), encoding="utf-8")
    table, out = write_rows(tmp_path / "t.csv", LABEL, 4), tmp_path / "o.jsonl"
    with pytest.raises(UserError) as caught:
        call(["decode", str(copied), "--data", str(table), "--out", str(out)])
    assert caught.value.code == CASES[change]
