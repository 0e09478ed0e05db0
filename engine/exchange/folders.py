"""Our own format of what was trained: a folder that can be sent to others.

    prefix.safetensors, delta.safetensors  float32 tensors by name
    prefix.json, delta.json                the card, with the sha256 of the tensors' file
    head.safetensors                       of a task that has a head (`heads.py`)
    README.md                              the same for people

Only safetensors and JSON are read, so an untrusted folder cannot run code.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from engine.contract import codec
from engine.contract.files.folders import fill_folder
from engine.contract.methods.info import ArtifactKind
from engine.contract.runs.cards import Card
from engine.exchange.card import (
    README_FILE,
    card_file,
    is_folder_of,
    read_card,
    readme,
    tensors_file,
)
from engine.exchange.heads import write_head
from engine.exchange.tensors import check_finite, read_tensors, to_bytes
from engine.methods.base import Tensors

_USE = """Import a prefix in Prefix Workbench (the page *Prefixes*), or on the command line, with
the folder's backbone on this machine:

    python main.py decode THIS_FOLDER --data TABLE.csv --out OUTPUTS.jsonl"""


def write(folder: Path, tensors: Tensors, card: Card, head: Tensors | None = None) -> Card:
    """Write a folder, whole or not at all.

    Args:
        folder: missing, empty, or a folder of the same kind, which is then replaced.
        tensors: by name.
        card: what it says of the tensors' files is filled in.
        head: of the task, where it has one.

    Returns:
        The card as it was written.

    Raises:
        UserError: a value is no number, the folder holds something else, the disk is full or
            cannot be written to.
    """
    check_finite(tensors, card.name, what=card.kind.value)
    data, kind = to_bytes(tensors), card.kind
    card = card.of_tensors(
        sha256=hashlib.sha256(data).hexdigest(),
        parameters=sum(tensor.numel() for tensor in tensors.values()),
        size_bytes=len(data),
    )
    text = readme(card, stored_bytes=len(data), use=_USE)
    with fill_folder(folder, replace=is_folder_of(kind, folder)) as target:
        (target / tensors_file(kind)).write_bytes(data)
        card = replace(card, head_sha256=write_head(target, head or {}))
        (target / card_file(kind)).write_text(codec.to_text(card), encoding="utf-8")
        (target / README_FILE).write_bytes(text.encode("utf-8", "replace"))
    return card


def read(folder: Path, kind: ArtifactKind) -> tuple[Tensors, Card]:
    """Read and check a folder of this kind.

    Returns:
        The tensors in float32 on the CPU, and the card.

    Raises:
        UserError: no such folder, damaged, or made by a newer version.
    """
    card = read_card(folder, kind)
    path = folder / tensors_file(kind)
    return read_tensors(path, card.tensors_sha256, name=card.name, what=kind.value), card
