"""What is asked of a file of tensors and of its backbone, whatever was trained."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch

from engine.backbones.fingerprint import folder_with
from engine.backbones.loading import Backbone
from engine.backbones.machine import physical_memory_bytes
from engine.backbones.paths import folder_of
from engine.backbones.regular import (
    LFS_POINTER,
    SETTINGS_BYTES,
    check_regular,
    lfs_sentence,
    read_regular,
)
from engine.backbones.tensor_files import read_tensors
from engine.contract.backbone import BackboneShape, cost
from engine.contract.delta_card import DeltaCard
from engine.contract.errors import UserError
from engine.contract.prefix_card import PrefixCard
from engine.contract.rivals import LoraMethod
from engine.contract.run_spec import describe_method
from engine.exchange.card import refuse_pickles

Card = PrefixCard | DeltaCard


def read_checked(path: Path, *, sha256: str, what: str) -> bytes:
    """A file of tensors, if it is the one that the card describes.

    Args:
        path: of the file.
        sha256: of it, as the card says.
        what: how the folder's content is called, such as "prefix".

    Raises:
        UserError: missing, unreadable, changed, or of a kind that could run code.
    """
    try:
        check_tensor_file(path)
        data = read_regular(path, max(physical_memory_bytes(), SETTINGS_BYTES))
    except FileNotFoundError as error:
        refuse_pickles(path.parent, what)
        raise UserError(
            f"{path.parent} lacks {path.name}: get the {what} again from where it came."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise UserError(
            f"{path} is damaged or has been changed (its sha256 is {found[:12]}…, the card says "
            f"{sha256[:12]}…): get the {what} again from where it came."
        )
    return data


def check_tensor_file(path: Path) -> None:
    """Look at a file of tensors before it is read whole.

    Raises:
        FileNotFoundError: it is not there.
        UserError: no regular file, a pointer of Git LFS, or larger than what it says it holds.
    """
    check_regular(path)
    with open(path, "rb") as stream:
        pointer = stream.read(len(LFS_POINTER)) == LFS_POINTER
    if pointer:
        raise UserError(lfs_sentence(path))
    size = path.stat().st_size
    if size > SETTINGS_BYTES:
        last = max((tensor.end for tensor in read_tensors(path)), default=0)
        if size != last:
            raise UserError(
                f"{path} is damaged (it has {size:,} bytes and holds tensors of {last:,}): get the "
                "file again."
            )


def refuse_other_backbone(card: Card, backbone: Backbone, *, what: str) -> None:
    """Refuse a backbone with another fingerprint than the card's.

    Raises:
        UserError: another backbone, naming both.
    """
    if card.backbone_fingerprint == backbone.fingerprint:
        return
    same = " of other weights or another vocabulary" if card.backbone == backbone.name else ""
    raise UserError(
        f"The {what} {card.name!r} was trained on the backbone {card.backbone} (fingerprint "
        f"{card.backbone_fingerprint[:12]}…) and cannot be used with {backbone.name}{same} "
        f"(fingerprint {backbone.fingerprint[:12]}…): choose the backbone it was trained on."
    )


def refuse_other_sizes(
    card: DeltaCard, tensors: Mapping[str, torch.Tensor], shape: BackboneShape
) -> None:
    """Refuse a delta whose card speaks of other sizes than its tensors, before room is made.

    Raises:
        UserError: it does.
    """
    method, held = card.method, sum(tensor.numel() for tensor in tensors.values())
    wanted = cost(shape, method).stored
    fits = wanted in (None, held)
    if isinstance(method, LoraMethod):  # what it holds depends on the matrices it stands at
        fits = all(method.rank in tensor.shape for tensor in tensors.values())
    if not fits:
        raise UserError(
            f"The delta {card.name!r} holds {held:,} numbers, which are not those of "
            f"{describe_method(method)} on this backbone: get it again from where it came."
        )


def backbone_for(card: Card) -> str:
    """What `load_backbone` takes for a card: its backbone's name, else a known folder.

    A card names a local backbone by its folder's name only; where that backbone has been
    loaded on this machine before, its folder is found by its fingerprint.
    """
    if folder_of(card.backbone) is None and card.backbone_fingerprint:
        folder = folder_with(card.backbone_fingerprint)
        if folder is not None:
            return str(folder)
    return card.backbone
