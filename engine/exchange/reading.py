"""A prefix from whatever folder holds one: a run's, our own, PEFT's, or a folder around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.backbones.catalog import describe_folder
from engine.backbones.config import BackboneConfig
from engine.backbones.entries import find_entry
from engine.backbones.fingerprint import fingerprint_of
from engine.backbones.paths import folder_of, no_such_backbone
from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.runs.cards import Card
from engine.contract.runs.folder import RunFolder
from engine.exchange.card import PEFT_CONFIG_FILE, is_folder_of
from engine.exchange.foreign import ForeignForm, Known
from engine.reporter import Reporter

if TYPE_CHECKING:
    from engine.methods.attention import KeyValues
    from engine.methods.base import Tensors

SHOWN_FOLDERS = 10


def prefix_folder_of(source: Path) -> Path:
    """The prefix folder of a run folder, or the folder itself.

    Raises:
        UserError: there is no prefix, and why.
    """
    run = RunFolder(source)
    if is_folder_of(ArtifactKind.PREFIX, run.prefix):
        return run.prefix
    if (source / "run.json").exists():
        if run.model.is_dir():
            raise UserError(
                "prefix-of-finetuning-run",
                "{run} is a fine-tuning run and has no prefix. Its weights are in {weights}, in "
                "transformers' format already.",
                run=source,
                weights=run.model,
            )
        if run.delta.is_dir():
            raise UserError(
                "prefix-of-another-method",
                "{run} is not a prefix-tuning run and has no prefix. What it trained is in "
                "{delta}, as safetensors.",
                run=source,
                delta=run.delta,
            )
        raise UserError(
            "no-prefix-yet",
            "The run in {run} has no prefix yet. Let it finish, or resume it with `python main.py "
            "resume {run}`.",
            run=source,
        )
    return source


def saved_folder(text: str) -> Path:
    """The folder of a run, prefix or prompt, as it was typed, by its whole path.

    Raises:
        UserError: it is none.
    """
    path = home_path(text).resolve()
    if not path.is_dir():
        raise UserError(
            "start-no-folder",
            "{path} is no folder. Give the folder of a run, or of a saved prefix or prompt, to "
            "start from. A packed prefix is imported first.",
            path=path,
        )
    return path


def read_any(path: Path, form: ForeignForm, reporter: Reporter) -> tuple[KeyValues, Card]:
    """Read the prefix in a folder, in one of its files' place, or in the one folder inside.

    Raises:
        UserError: there is none, there are several, it is damaged or cannot be held.
    """
    from engine.exchange import native, peft

    folder = _folder_of(path)
    if not peft.is_peft_folder(folder):
        key_values, card = native.read(prefix_folder_of(folder))
        return key_values, card
    return peft.read(folder, known_beside(folder, form, reporter))


def head_beside(path: Path, card: Card) -> Tensors:
    """The head beside the prefix that `read_any` gave, by name; empty where its task has none.

    Raises:
        UserError: missing, damaged, or another one than the card describes.
    """
    from engine.exchange import peft
    from engine.exchange.heads import read_head

    folder = _folder_of(path)
    if peft.is_peft_folder(folder):
        return peft.read_head(folder, card)
    return read_head(prefix_folder_of(folder), card.head_sha256)


def _folder_of(path: Path) -> Path:
    if not path.exists():
        raise UserError(
            "prefix-missing", "{path} does not exist. Choose a prefix folder.", path=path
        )
    folder = path if path.is_dir() else path.parent
    return holding_folder(folder) or folder


def known_beside(folder: Path, form: ForeignForm, reporter: Reporter) -> Known:
    """What this machine and the user know of a PEFT folder's backbone and inputs.

    Raises:
        UserError: no backbone is named, or the one that the user names is not on this machine.
    """
    from engine.exchange import peft

    named = form.backbone or peft.backbone_named_in(folder)
    if not named:
        raise UserError(
            "peft-backbone-unnamed",
            "{path} names no backbone. Name the backbone that it was trained on with --backbone.",
            path=folder / PEFT_CONFIG_FILE,
        )
    entry, local = find_entry(named), None
    if form.backbone or len(named) < 256:  # a longer one is no name
        local = folder_of(named)
    if form.backbone and local is None and entry is None:
        raise no_such_backbone(named)
    shape = entry.shape if entry else (describe_folder(local).shape if local else None)
    name = ""
    if form.backbone:
        name = entry.name if entry else (local.resolve().name if local else "")
    return Known(
        backbone=name,
        shape=shape,
        model_type=BackboneConfig(local).model_type if local else "",
        fingerprint=fingerprint_of(local, reporter) if local else "",
        prompt=form.prompt,
        linearisation=form.linearisation,
    )


def holding_folder(folder: Path) -> Path | None:
    """The folder, or the one folder inside it that holds a prefix where it holds none itself.

    Raises:
        UserError: several of its folders hold one.
    """
    if _holds(folder) or (folder / "run.json").exists():
        return folder
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and _holds(path))
    if len(inside) > 1:
        more = ", …" if len(inside) > SHOWN_FOLDERS else ""
        names = ", ".join(path.name for path in inside[:SHOWN_FOLDERS]) + more
        raise UserError(
            "several-prefixes",
            "{folder} holds {count} prefixes ({names}). Choose one of them.",
            folder=folder,
            count=len(inside),
            names=names,
        )
    return inside[0] if inside else None


def _holds(folder: Path) -> bool:
    return is_folder_of(ArtifactKind.PREFIX, folder) or (folder / PEFT_CONFIG_FILE).exists()
