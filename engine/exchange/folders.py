"""Our own format of what was trained: a folder that can be sent to others.

    prefix.safetensors, delta.safetensors  float32 tensors by name
    prefix.json, delta.json                the card, with the sha256 of the tensors' file
    README.md                              the same for people

Only safetensors and JSON are read, so an untrusted folder cannot run code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import safetensors
import safetensors.torch
import torch

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
from engine.exchange.checking import read_checked
from engine.exchange.errors import damaged_file, not_finite
from engine.methods.base import Tensors

_USE = """Import a prefix in Prefix Workbench (the page *Prefixes*), or on the command line, with
the folder's backbone on this machine:

    python main.py decode THIS_FOLDER --data TABLE.csv --out OUTPUTS.jsonl"""


def write(folder: Path, tensors: Tensors, card: Card) -> Card:
    """Write a folder, whole or not at all.

    Args:
        folder: missing, empty, or a folder of the same kind, which is then replaced.
        tensors: by name.
        card: what it says of the tensors' file is filled in.

    Returns:
        The card as it was written.

    Raises:
        UserError: a value is no number, the folder holds something else, the disk is full or
            cannot be written to.
    """
    _check_finite(tensors, card)
    data, kind = to_bytes(tensors), card.kind
    card = card.of_tensors(
        sha256=hashlib.sha256(data).hexdigest(),
        parameters=sum(tensor.numel() for tensor in tensors.values()),
        size_bytes=len(data),
    )
    text = readme(card, stored_bytes=len(data), use=_USE)
    with fill_folder(folder, replace=is_folder_of(kind, folder)) as target:
        (target / tensors_file(kind)).write_bytes(data)
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
    data = read_checked(path, sha256=card.tensors_sha256, what=kind.value)
    try:
        tensors: Tensors = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise damaged_file(path, error, what=kind.value) from error
    _check_finite(tensors, card)
    return tensors, card


def to_bytes(tensors: Tensors) -> bytes:
    """The content of the tensors' file; the same numbers always give the same bytes."""
    stored = {
        name: tensor.detach().to("cpu", torch.float32).contiguous()
        for name, tensor in sorted(tensors.items())
    }
    return bytes(safetensors.torch.save(stored))


def _check_finite(tensors: Tensors, card: Card) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise not_finite(name, card.name, what=card.kind.value)
