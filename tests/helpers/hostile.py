"""Projects and replies whose every text tries to be markup, a mnemonic or another direction."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.contract import codec
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.projects.project import ProjectFolder
from tests.helpers.projects import DATASET_ID, make_rich_project, make_store
from tests.helpers.sample_texts import COLUMNS, huts
from tests.helpers.studies import make_study

TEXTS = {
    "backbone", "category", "damaged", "data", "data_name", "decoding", "example_id", "fields",
    "input", "label", "licence", "message", "method", "name", "note", "notes", "output", "point",
    "preview", "references", "series", "signature", "system", "tags", "text", "title", "traceback",
    "versions",
}  # fmt: skip
"""Fields of files and replies that the window shows as they are."""


def evil(picture: Path) -> str:
    """What stands before every text: a picture, markup, a mnemonic, an override, a bell."""
    return f'<img src="{picture.as_uri()}"><b>A&B</b>\u202egnp.\x07'


def spoil(plain: Any, prefix: str, key: str = "") -> Any:
    """Decoded JSON with `prefix` before each of its texts that are shown."""
    if isinstance(plain, dict):
        return {name: spoil(value, prefix, name) for name, value in plain.items()}
    if isinstance(plain, list):
        return [spoil(value, prefix, key) for value in plain]
    return prefix + plain if isinstance(plain, str) and key in TEXTS else plain


def spoil_file(path: Path, prefix: str) -> None:
    """Spoil a JSON file, or each line of a JSONL file."""
    text = path.read_text(encoding="utf-8")
    pieces = text.splitlines() if path.suffix == ".jsonl" else [text]
    spoiled = [json.dumps(spoil(json.loads(piece), prefix)) for piece in pieces]
    path.write_text("\n".join(spoiled) + "\n", encoding="utf-8")


def make_hostile_project(path: Path, prefix: str) -> Path:
    """A project with a dataset, a run in each state and a study, all texts with `prefix`."""
    make_rich_project(path)
    make_study(path)
    files = [file for file in path.rglob("*.json*") if file.is_file()]
    for file in files:
        spoil_file(file, prefix)
    rows = [[prefix + cell for cell in (*hut.cells, hut.texts[0])] for hut in huts(120)]
    store = ProjectFolder(path).dataset_store(DATASET_ID)
    store.unlink()
    rejected = (RejectedRow(97, f"{prefix}8 cells", f"{prefix}Alpine View,hut"),)
    columns = [prefix + column for column in COLUMNS]
    make_store(store, columns, rows, rejected=rejected, name=f"{prefix}huts.csv")
    return path


def spoiled_replies(
    replies: dict[type, Callable[[Any], object]], prefix: str
) -> dict[type, Callable[[Any], object]]:
    """The same answers with `prefix` before their texts."""

    def spoiled(make: Callable[[Any], object]) -> Callable[[Any], object]:
        def reply(command: Any) -> object:
            good = make(command)
            return codec.from_plain(type(good), spoil(codec.to_plain(good), prefix))

        return reply

    return {command: spoiled(make) for command, make in replies.items()}
