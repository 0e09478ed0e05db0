"""A prefix between two: keys and values interpolated, number by number."""

from __future__ import annotations

import time
from dataclasses import replace

from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.protocol.prefixes import MixPrefixes, PrefixInfo
from engine.contract.runs.cards import Card
from engine.contract.tasks.all import check_writes
from engine.exchange import native
from engine.exchange.card import describe
from engine.prefixes.loading import read_prefix
from engine.reporter import Reporter


def mix_prefixes(command: MixPrefixes, reporter: Reporter) -> PrefixInfo:
    """Write the mixture, with a card that names both.

    Raises:
        UserError: the share is not between 0 and 1, the prefixes are of different backbones,
            layers, lengths or prompt forms, or the folder cannot be written.
    """
    share = command.share
    if not 0 <= share <= 1:
        raise UserError(
            "mix-share", "The share is {share}. It must be between 0 and 1.", share=share
        )
    reporter.update(0, 0, "prefixes", "Mixing the prefixes")
    (first, card), (second, other) = (read_prefix(path) for path in (command.first, command.second))
    for each in (card, other):
        check_writes(each.task, each.name)
    reason = _difference(card, other)
    if not reason and {site: t.shape for site, t in first.items()} != {
        site: t.shape for site, t in second.items()
    }:
        reason = "they have other layers or lengths"
    if reason:
        raise UserError(
            "prefixes-not-mixable",
            "The prefixes {first!r} and {second!r} cannot be mixed: {reason}. Choose two of one "
            "backbone, length and prompt form.",
            first=card.name,
            second=other.name,
            reason=reason,
        )
    # Not lerp: at the ends the numbers are those of the prefixes, bit by bit.
    mixed = {site: (1 - share) * first[site] + share * second[site] for site in first}
    out = home_path(command.out)
    native.write(out, mixed, _card(card, other, share))
    return describe(out)


def _difference(first: Card, second: Card) -> str:
    if first.backbone_fingerprint != second.backbone_fingerprint or (
        not first.backbone_fingerprint and first.backbone != second.backbone
    ):
        return f"they belong to different backbones ({first.backbone} and {second.backbone})"
    if first.prompt != second.prompt:
        return f"their prompt forms are {first.prompt} and {second.prompt}"
    (method, shape), (other, other_shape) = first.as_prefix(), second.as_prefix()
    if method.position is not other.position or shape.positions is not other_shape.positions:
        return "one is an infix or has other positions"
    if method.layers != other.layers:
        return f"their layers are {method.layers or 'all'} and {other.layers or 'all'}"
    return ""


def _card(first: Card, second: Card, share: float) -> Card:
    percent = f"{100 * (1 - share):g} % {first.name} + {100 * share:g} % {second.name}"
    notes = (
        f"A mixture of two prefixes, {percent}. {first.name!r} has the sha256 "
        f"{first.tensors_sha256}, {second.name!r} {second.tensors_sha256}. It was not trained, "
        "and has no scores of its own."
    )
    return replace(
        first,
        name=percent,
        data_name=" + ".join(dict.fromkeys(filter(None, (first.data_name, second.data_name)))),
        data_fingerprint="",
        train_rows=0,
        trainable_parameters=0,
        created_s=time.time(),
        run_id="",
        scores=(),
        notes=notes,
    )
