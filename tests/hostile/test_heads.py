"""Heads and tasks of others: of other sizes, no numbers, another file, or no task at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.cli.main import call
from engine.contract.errors import UserError
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.runs.folder import RunFolder
from engine.run import EXIT_FINISHED, run_folder
from tests.helpers.reading_runs import LABEL, reading_spec, write_rows
from tests.helpers.tiny_runs import Workshop

Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def trained(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    place = tmp_path_factory.mktemp("trained")
    made = {}
    for name, method in (("delta", FrozenMethod()), ("model", FinetuneMethod())):
        folder = workshop.run(place / name, reading_spec(workshop, place, LABEL, method))
        assert run_folder(folder.path) == EXIT_FINISHED
        made[name] = folder
    return made


def refused_to_predict(folder: Path, tmp_path: Path) -> str:
    """The code of the error."""
    table = write_rows(tmp_path / "table.csv", LABEL, 4)
    out = str(tmp_path / "out.jsonl")
    with pytest.raises(UserError) as caught:
        call(["decode", str(folder), "--data", str(table), "--out", out])
    return caught.value.code


def with_head(folder: Path, card: str, change: Callable[[Tensors], Tensors | None]) -> None:
    """Another head, of which the card knows the sha256."""
    path = folder / "head.safetensors"
    tensors = change(load_file(path))
    if tensors is None:
        path.unlink()
        return
    save_file(tensors, path)
    plain = json.loads((folder / card).read_text(encoding="utf-8"))
    plain["head_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / card).write_text(json.dumps(plain), encoding="utf-8")


HEADS: dict[str, tuple[Callable[[Tensors], Tensors | None], str]] = {
    "missing": (lambda tensors: None, "prefix-file-missing"),
    "other sizes": (
        lambda tensors: {name: torch.zeros(7, 3) for name in tensors},
        "head-does-not-fit",
    ),
    "one tensor fewer": (
        lambda tensors: {"head.output.bias": tensors["head.output.bias"]},
        "head-does-not-fit",
    ),
    "another tensor": (lambda tensors: {**tensors, "x": torch.zeros(2)}, "head-does-not-fit"),
    "NaN": (
        lambda tensors: {name: values * torch.nan for name, values in tensors.items()},
        "tensor-not-finite",
    ),
    "huge numbers": (
        lambda tensors: {
            name: torch.full_like(values, 3e38) * (-1) ** torch.arange(values.shape[-1])
            for name, values in tensors.items()
        },
        "predictions-not-numbers",
    ),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("kind", "card"), [("delta", "delta.json"), ("model", "task.json")])
def test_a_head_that_does_not_fit(
    kind: str, card: str, name: str, trained: dict[str, RunFolder], tmp_path: Path
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(trained[kind].path, copied)
    change, code = HEADS[name]
    with_head(copied / kind, card, change)
    assert refused_to_predict(copied, tmp_path) == code


@pytest.mark.parametrize(("kind", "card"), [("delta", "delta.json"), ("model", "task.json")])
def test_a_head_that_was_changed(
    kind: str, card: str, trained: dict[str, RunFolder], tmp_path: Path
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(trained[kind].path, copied)
    path = copied / kind / "head.safetensors"
    save_file({name: values + 1 for name, values in load_file(path).items()}, path)
    assert refused_to_predict(copied, tmp_path) == "tensors-changed"


def no_labels(task: dict[str, Any]) -> None:
    task["labels"] = []


def same_labels(task: dict[str, Any]) -> None:
    task["labels"] = ["a"] * len(task["labels"])


def many_labels(task: dict[str, Any]) -> None:
    task["labels"] = [str(number) for number in range(200_000)]


def more_labels(task: dict[str, Any]) -> None:
    task["labels"] = [*task["labels"], "another"]


def no_type(task: dict[str, Any]) -> None:
    task["type"] = "PictureTask"


TASKS: dict[Callable[[dict[str, Any]], None], str] = {
    no_labels: "task-without-names",
    same_labels: "names-of-a-task",
    many_labels: "names-of-a-task",
    more_labels: "head-does-not-fit",
    no_type: "prefix-file-damaged",
}


@pytest.mark.parametrize("change", TASKS, ids=lambda change: change.__name__)
@pytest.mark.parametrize(("kind", "card"), [("delta", "delta.json"), ("model", "task.json")])
def test_a_task_that_is_none(
    kind: str,
    card: str,
    change: Callable[[dict[str, Any]], None],
    trained: dict[str, RunFolder],
    tmp_path: Path,
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(trained[kind].path, copied)
    path = copied / kind / card
    plain = json.loads(path.read_text(encoding="utf-8"))
    change(plain["task"])
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert refused_to_predict(copied, tmp_path) == TASKS[change]
