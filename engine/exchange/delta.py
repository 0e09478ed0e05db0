"""What another method of prefix-tuning has trained, as a folder.

    delta.safetensors  what was trained, in float32, folded where there is something to fold
    delta.json         the `DeltaCard`, with the sha256 of the tensors' file
    README.md          the same for people

Only safetensors and JSON are read, so a delta from a stranger cannot run code.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from engine.backbones.regular import read_regular
from engine.contract import codec
from engine.contract.errors import ProtocolError
from engine.contract.files.folders import fill_folder
from engine.contract.runs.delta_card import DeltaCard
from engine.contract.specs.run import describe_method
from engine.exchange.card import DELTA_FILE, README_FILE, is_delta_folder, page
from engine.exchange.checking import read_checked
from engine.exchange.errors import damaged_file, missing_file, not_finite
from engine.methods.delta import Tensors

TENSOR_FILE = "delta.safetensors"

_USE = """On the command line, with the folder's backbone on this machine:

    python main.py decode THIS_FOLDER --data TABLE.csv --out OUTPUTS.jsonl"""


def write(folder: Path, tensors: Tensors, card: DeltaCard) -> DeltaCard:
    """Write a delta folder, whole or not at all.

    Args:
        folder: missing, empty, or a delta folder, which is then replaced.
        tensors: by name.
        card: what is counted of the tensors, and their sha256, are filled in.

    Returns:
        The card as it was written.

    Raises:
        UserError: a value is no number, the folder holds something else, the disk is full or
            cannot be written to.
    """
    _check_finite(tensors, card.name)
    kept = {
        name: tensor.detach().to("cpu", torch.float32).contiguous()
        for name, tensor in sorted(tensors.items())
    }
    data = bytes(safetensors.torch.save(kept))
    card = replace(
        card,
        stored_parameters=sum(tensor.numel() for tensor in kept.values()),
        stored_bytes=len(data),
        tensors_sha256=hashlib.sha256(data).hexdigest(),
    )
    with fill_folder(folder, replace=is_delta_folder(folder)) as target:
        (target / TENSOR_FILE).write_bytes(data)
        (target / DELTA_FILE).write_text(codec.to_text(card), encoding="utf-8")
        (target / README_FILE).write_bytes(readme(card).encode("utf-8", "replace"))
    return card


def read(folder: Path) -> tuple[Tensors, DeltaCard]:
    """Read and check a delta folder.

    Returns:
        The tensors in float32 on the CPU, and the card.

    Raises:
        UserError: no delta folder, damaged, or made by a newer version.
    """
    card = read_card(folder)
    path = folder / TENSOR_FILE
    data = read_checked(path, sha256=card.tensors_sha256, what="delta")
    try:
        tensors: Tensors = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise damaged_file(path, error, what="delta") from error
    _check_finite(tensors, card.name)
    return tensors, card


def read_card(folder: Path) -> DeltaCard:
    """Read the card alone.

    Raises:
        UserError: missing, damaged, or of a newer version.
    """
    path = folder / DELTA_FILE
    try:
        return codec.from_text(DeltaCard, read_regular(path).decode("utf-8"))
    except FileNotFoundError as error:
        raise missing_file(path, what="delta") from error
    except (OSError, UnicodeDecodeError, ProtocolError) as error:
        raise damaged_file(path, error, what="delta") from error


def _check_finite(tensors: Tensors, name: str) -> None:
    for key, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise not_finite(key, name, what="delta")


def readme(card: DeltaCard, *, use: str = _USE) -> str:
    """The README of a folder that holds this delta, in Markdown."""
    rows = [
        ("backbone", card.backbone),
        ("its fingerprint", f"`{card.backbone_fingerprint}`"),
        ("method", describe_method(card.method)),
        ("trained", f"{card.trainable_parameters:,} numbers"),
        (
            "tensors",
            f"{card.stored_parameters:,} numbers in float32, {card.stored_bytes / 1000:.1f} kB",
        ),
        ("linearisation", card.linearisation.preset.value),
        ("prompt form", card.prompt),
        ("trained on", f"{card.data_name} ({card.train_rows} rows)"),
    ]
    intro = "What was trained upon a backbone, which itself is not in this folder."
    return page(card.name, intro, rows, scores=card.scores, use=use, notes=card.notes)
