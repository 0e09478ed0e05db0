"""The key-values of a prefix in our own format: `engine.exchange.folders` with their sites.

One tensor [2, H, P, D] per site, named "decoder_self.0"; only for the layers that have a prefix,
each of its own length P.
"""

from __future__ import annotations

from pathlib import Path

from engine.backbones.loading import Backbone
from engine.contract.backbone import BackboneShape
from engine.contract.errors import EngineError, UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import AttentionKind, PrefixMethod
from engine.contract.runs.cards import AttentionSite, Card
from engine.exchange import folders
from engine.exchange.card import tensors_file
from engine.exchange.checking import refuse_other_backbone
from engine.exchange.errors import damaged_file
from engine.methods.attention import KeyValues
from engine.methods.base import Tensors
from engine.methods.prefix import by_name


def write(folder: Path, key_values: KeyValues, card: Card, head: Tensors | None = None) -> Card:
    """As `folders.write`, of a prefix.

    Args:
        folder: missing, empty, or a prefix folder, which is then replaced.
        key_values: for each site [2, H, P, D].
        card: of the prefix.
        head: of its task, where that has one.
    """
    misfit = _misfit(key_values, card)
    if misfit is not None:
        raise EngineError(misfit.message)
    return folders.write(folder, by_name(key_values), card, head)


def read(folder: Path) -> tuple[KeyValues, Card]:
    """Read and check a prefix folder.

    Returns:
        For each site [2, H, P, D] in float32 on the CPU, and the card.

    Raises:
        UserError: not a prefix folder, damaged, or made by a newer version.
    """
    tensors, card = folders.read(folder, ArtifactKind.PREFIX)
    try:
        sites = {_site(name): entries for name, entries in tensors.items()}
    except ValueError as error:
        raise damaged_file(folder / tensors_file(card.kind), error, what="prefix") from error
    key_values = dict(sorted(sites.items()))
    misfit = _misfit(key_values, card)
    if misfit is not None:
        raise misfit
    return key_values, card


def check_fits(card: Card, backbone: Backbone, key_values: KeyValues) -> None:
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
    method, trained = card.as_prefix()
    wanted = sites_of(shape, method)
    differing = sorted(set(key_values) ^ set(wanted))
    trained_for, own = (trained.kv_heads, trained.head_width), (shape.kv_heads, shape.head_width)
    if differing or trained_for != own:
        sizes = [
            f"{len(sites)} attentions, {heads} key/value heads of width {width}"
            for sites, (heads, width) in ((key_values, trained_for), (wanted, own))
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
        AttentionSite(kind.value, layer)
        for kind, lengths in method.lengths_on(shape).items()
        for layer, length in enumerate(lengths)
        if length
    )


def _site(name: str) -> AttentionSite:
    kind, _, layer = name.rpartition(".")
    return AttentionSite(AttentionKind(kind).value, int(layer))


def _misfit(key_values: KeyValues, card: Card) -> UserError | None:
    """What speaks against the tensors being those of the card."""
    method, shape = card.as_prefix()
    if len(key_values) != shape.layers:
        return UserError(
            "prefix-tensor-count",
            "The prefix {name!r} has {count} tensors, but its card says {expected}. "
            "Get a fresh copy of the prefix.",
            name=card.name,
            count=len(key_values),
            expected=shape.layers,
        )
    for site, entries in key_values.items():
        wanted = [2, shape.kv_heads, method.length_at(site.layer), shape.head_width]
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
    return None
