"""The head of a task: `head.safetensors` beside what was trained of the method.

Its sha256 is in the card there. A whole backbone has no card: `task.json` has the task and the
sha256 instead.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.backbones.regular import read_regular
from engine.contract import codec
from engine.contract.errors import ProtocolError
from engine.contract.runs.cards import TaskCard
from engine.exchange.card import HEAD_FILE
from engine.exchange.errors import damaged_file
from engine.exchange.tensors import check_finite, read_tensors, to_bytes
from engine.methods.base import Tensors

TASK_FILE = "task.json"


def write_head(folder: Path, tensors: Tensors) -> str:
    """Write a head into a folder that is being filled; its sha256, "" where there is none."""
    if not tensors:
        return ""
    check_finite(tensors, HEAD_FILE, what="head")
    data = to_bytes(tensors)
    (folder / HEAD_FILE).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read_head(folder: Path, sha256: str) -> Tensors:
    """The head in a folder; empty where its card knows none.

    Raises:
        UserError: missing, damaged, or another one than the card describes.
    """
    return read_tensors(folder / HEAD_FILE, sha256, name=HEAD_FILE, what="head") if sha256 else {}


def write_task(folder: Path, card: TaskCard) -> None:
    """Write what a whole backbone was trained for."""
    (folder / TASK_FILE).write_text(codec.to_text(card), encoding="utf-8")


def read_task(folder: Path) -> TaskCard | None:
    """What a whole backbone was trained for; None where only texts are written.

    Raises:
        UserError: damaged, or of a newer version.
    """
    path = folder / TASK_FILE
    try:
        return codec.from_text(TaskCard, read_regular(path).decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, RecursionError, ProtocolError) as error:
        raise damaged_file(path, error, what="model") from error
