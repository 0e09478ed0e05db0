"""What is asked of a file of tensors and of its backbone, whatever was trained."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.backbones.fingerprint import folder_with
from engine.backbones.loading import Backbone
from engine.backbones.machine import physical_memory_bytes
from engine.backbones.paths import folder_of
from engine.backbones.regular import (
    LFS_POINTER,
    SETTINGS_BYTES,
    check_regular,
    lfs_pointer,
    read_regular,
)
from engine.backbones.tensor_files import read_tensors
from engine.contract.backbone import BackboneShape
from engine.contract.errors import UserError
from engine.contract.methods.cost import cost
from engine.contract.runs.cards import Card
from engine.contract.specs.run import describe_method
from engine.exchange.card import refuse_pickles
from engine.exchange.errors import missing_file
from engine.methods.base import Tensors
from engine.methods.making import delta_class


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
        raise missing_file(path, what=what) from error
    except OSError as error:
        raise UserError(
            "unreadable", "{path} cannot be read ({reason}).", path=path, reason=error.strerror
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise UserError(
            "tensors-changed",
            "{path} is damaged or has been changed: its sha256 is {found:.12}…, the card says "
            "{expected:.12}…. Get a fresh copy of the {what}.",
            path=path,
            found=digest,
            expected=sha256,
            what=what,
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
        raise lfs_pointer(path)
    size = path.stat().st_size
    if size > SETTINGS_BYTES:
        last = max((tensor.end for tensor in read_tensors(path)), default=0)
        if size != last:
            raise UserError(
                "tensors-cut-off",
                "{path} is damaged: it has {size:,} bytes, but its header describes {described:,}. "
                "Get a fresh copy of the file.",
                path=path,
                size=size,
                described=last,
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
        "another-backbone",
        "The {what} {name!r} was trained on the backbone {trained_on} (fingerprint "
        "{expected:.12}…) and cannot be used with {backbone}{same} (fingerprint {found:.12}…). "
        "Choose the backbone it was trained on.",
        what=what,
        name=card.name,
        trained_on=card.backbone,
        expected=card.backbone_fingerprint,
        backbone=backbone.name,
        same=same,
        found=backbone.fingerprint,
    )


def refuse_other_sizes(card: Card, tensors: Tensors, shape: BackboneShape) -> None:
    """Refuse a delta whose card speaks of other sizes than its tensors, before room is made.

    Raises:
        UserError: it does.
    """
    method, held = card.method, sum(tensor.numel() for tensor in tensors.values())
    wanted = cost(shape, method).stored
    # Where the shape does not tell, what it holds depends on the modules it stands at.
    if wanted not in (None, held) or not delta_class(method).fits(method, tensors):
        raise UserError(
            "delta-of-other-sizes",
            "The delta {name!r} holds {parameters:,} parameters, which is not what {method} has "
            "on this backbone. Get a fresh copy of the delta.",
            name=card.name,
            parameters=held,
            method=describe_method(method),
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
