"""Our own format of a trained prefix: a folder that can be mailed.

    prefix.safetensors  one float32 tensor [2, H, P, D] per site, named "decoder_self.0"; only
                        for the layers that have a prefix, each of its own length P
    prefix.json         the `PrefixCard`, with the sha256 of the tensors' file
    README.md           the same for people

Only safetensors and JSON are read, so a prefix from a stranger cannot run code.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from engine.backbones.loading import Backbone
from engine.contract import codec
from engine.contract.backbone import BackboneShape
from engine.contract.errors import EngineError, UserError
from engine.contract.files.folders import fill_folder
from engine.contract.methods.prefix import AttentionKind, PrefixMethod
from engine.contract.runs.prefix_card import PREFIX_VERSION, AttentionSite, PrefixCard
from engine.exchange.card import (
    CARD_FILE,
    README_FILE,
    TENSOR_FILE,
    is_prefix_folder,
    read_card,
    readme,
)
from engine.exchange.checking import read_checked, refuse_other_backbone
from engine.exchange.errors import damaged_file, not_finite
from engine.methods.attention import KeyValues

_USE = """Import the folder in Prefix Workbench (the page *Prefixes*), or on the command line:

    python main.py decode THIS_FOLDER --data TABLE.csv --out OUTPUTS.jsonl"""


def write(folder: Path, key_values: KeyValues, card: PrefixCard) -> PrefixCard:
    """Write a prefix folder, whole or not at all.

    Args:
        folder: missing, empty, or a prefix folder, which is then replaced.
        key_values: for each site [2, H, P, D].
        card: its `tensors_sha256` and `version` are filled in.

    Returns:
        The card as it was written.

    Raises:
        UserError: the folder holds something else, the disk is full or cannot be written to.
    """
    tensors = to_bytes(key_values)
    digest = hashlib.sha256(tensors).hexdigest()
    card = replace(card, tensors_sha256=digest, version=PREFIX_VERSION)
    misfit = _misfit(key_values, card)
    if misfit is not None:  # numbers that are none are training's, shapes are ours
        raise misfit if misfit.code == "tensor-not-finite" else EngineError(misfit.message)
    text = readme(card, stored_bytes=len(tensors), use=_USE)
    with fill_folder(folder, replace=is_prefix_folder(folder)) as target:
        (target / TENSOR_FILE).write_bytes(tensors)
        (target / CARD_FILE).write_text(codec.to_text(card), encoding="utf-8")
        (target / README_FILE).write_bytes(text.encode("utf-8", "replace"))
    return card


def read(folder: Path) -> tuple[KeyValues, PrefixCard]:
    """Read and check a prefix folder.

    Returns:
        For each site [2, H, P, D] in float32 on the CPU, and the card.

    Raises:
        UserError: not a prefix folder, damaged, or made by a newer version.
    """
    card = read_card(folder)
    path = folder / TENSOR_FILE
    data = read_checked(path, sha256=card.tensors_sha256, what="prefix")
    key_values = _from_bytes(path, data)
    misfit = _misfit(key_values, card)
    if misfit is not None:
        raise misfit
    return key_values, card


def to_bytes(key_values: KeyValues) -> bytes:
    """The content of `prefix.safetensors`; the same numbers always give the same bytes."""
    tensors = {
        site.key: entries.detach().to("cpu", torch.float32).contiguous()
        for site, entries in sorted(key_values.items())
    }
    return bytes(safetensors.torch.save(tensors))


def check_fits(card: PrefixCard, backbone: Backbone, key_values: KeyValues) -> None:
    """Refuse a backbone that the prefix was not trained on.

    A prefix imported from elsewhere may not know its backbone's fingerprint (it is ""): then
    only the shape can be compared.

    Raises:
        UserError: another backbone, naming both; or a tensor for an attention that it lacks, or
            none for one that it has.
    """
    if card.backbone_fingerprint:
        refuse_other_backbone(card, backbone, what="prefix")
    shape = backbone.shape
    wanted = sites_of(shape, card.method)
    differing = sorted(set(key_values) ^ set(wanted))
    found, own = (card.kv_heads, card.head_width), (shape.kv_heads, shape.head_width)
    if differing or found != own:
        sizes = [
            f"{len(sites)} attentions, {heads} key/value heads of width {width}"
            for sites, (heads, width) in ((key_values, found), (wanted, own))
        ]
        about = f"; {differing[0].key} is in one only" if differing else ""
        raise UserError(
            "backbone-of-other-shape",
            "The prefix {name!r} was trained on the backbone {trained_on} ({expected}) and cannot "
            "be used with {backbone} ({found}{differing}). Choose the backbone it was trained on.",
            name=card.name,
            trained_on=card.backbone,
            expected=sizes[0],
            backbone=backbone.name,
            found=sizes[1],
            differing=about,
        )


def sites_of(shape: BackboneShape, method: PrefixMethod) -> tuple[AttentionSite, ...]:
    """The attentions of a backbone that a prefix of this method stands before.

    Raises:
        UserError: the method names a layer that the backbone does not have.
    """
    return tuple(
        AttentionSite(place.value, layer)
        for place, lengths in shape.lengths(method).items()
        for layer, length in enumerate(lengths)
        if length
    )


def _from_bytes(path: Path, data: bytes) -> KeyValues:
    try:
        tensors = safetensors.torch.load(data)
        sites = {_site(name): entries for name, entries in tensors.items()}
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise damaged_file(path, error, what="prefix") from error
    return dict(sorted(sites.items()))


def _site(name: str) -> AttentionSite:
    place, _, layer = name.rpartition(".")
    return AttentionSite(AttentionKind(place).value, int(layer))


def _misfit(key_values: KeyValues, card: PrefixCard) -> UserError | None:
    """What speaks against the tensors being those of the card."""
    if len(key_values) != card.layers:
        return UserError(
            "prefix-tensor-count",
            "The prefix {name!r} has {count} tensors, but its card says {expected}. "
            "Get a fresh copy of the prefix.",
            name=card.name,
            count=len(key_values),
            expected=card.layers,
        )
    for site, entries in key_values.items():
        wanted = [2, card.kv_heads, card.method.length_at(site.layer), card.head_width]
        if list(entries.shape) != wanted:
            return UserError(
                "prefix-tensor-shape",
                "The tensor {tensor} of the prefix {name!r} has the shape {shape}, but its card "
                "says {expected}. Get a fresh copy of the prefix.",
                tensor=site.key,
                name=card.name,
                shape=list(entries.shape),
                expected=wanted,
            )
        if not bool(torch.isfinite(entries).all()):
            return not_finite(site.key, card.name, what="prefix")
    return None
