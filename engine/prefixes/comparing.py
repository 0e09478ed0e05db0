"""The numbers of two prefixes beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.methods.prefix import Depth
from engine.contract.protocol.prefixes import (
    ComparePrefixes,
    LayerComparison,
    PrefixComparison,
    PrefixPoint,
)
from engine.contract.runs.cards import AttentionSite, Card
from engine.decoding.handlers import shared_systems
from engine.exchange.reading import prefix_folder_of
from engine.methods.attention import KeyValues, attention_of
from engine.prefixes.loading import (
    backbone_named,
    read_prefix,
    refuse_other_shapes,
)
from engine.reporter import Reporter


def compare_prefixes(command: ComparePrefixes, reporter: Reporter) -> PrefixComparison:
    """Norms and cosines by layer, and the positions of both on two principal components.

    Raises:
        UserError: one of them cannot be read, or they have no layer of one shape in common.
    """
    reporter.update(0, 0, "prefixes", "Comparing the prefixes")
    pairs = [read_prefix(path) for path in (command.first, command.second)]
    (first, first_card), (second, second_card) = pairs
    refuse_other_shapes(first_card, second_card)
    sites = sorted(set(first) & set(second))
    if not sites:
        raise UserError(
            "prefixes-without-common-layer",
            "The prefixes {first!r} and {second!r} stand before no layer in common. Choose two "
            "others.",
            first=first_card.name,
            second=second_card.name,
        )
    layers = tuple(_layer(site, first[site], second[site]) for site in sites)
    rows = [_positions(key_values, sites) for key_values, _ in pairs]  # each (keys, values)
    keys, key_share = _components([both[0] for both in rows])
    values, value_share = _components([both[1] for both in rows])
    folders = [prefix_folder_of(home_path(path)) for path in (command.first, command.second)]
    words = [
        _words(key_values, card, backbone_named(folder, card), reporter)
        for (key_values, card), folder in zip(pairs, folders, strict=True)
    ]
    points = tuple(
        PrefixPoint(
            prefix,
            position,
            (float(key[0]), float(key[1])),
            (float(value[0]), float(value[1])),
            words[prefix][position] if words[prefix] else "",
        )
        for prefix in (0, 1)
        for position, (key, value) in enumerate(zip(keys[prefix], values[prefix], strict=True))
    )
    names = (first_card.name, second_card.name)
    return PrefixComparison(names, layers, points, (key_share, value_share))


def _layer(site: AttentionSite, first: torch.Tensor, second: torch.Tensor) -> LayerComparison:
    key, value = (_flat(first[side]) for side in (0, 1))
    other_key, other_value = (_flat(second[side]) for side in (0, 1))
    return LayerComparison(
        site.key,
        (_norm(key), _norm(other_key)),
        (_norm(value), _norm(other_value)),
        _cosine(key, other_key),
        _cosine(value, other_value),
    )


def _flat(side: torch.Tensor) -> torch.Tensor:
    """[H, P, D] as [P, H * D]."""
    return side.transpose(0, 1).flatten(1).double()


def _norm(rows: torch.Tensor) -> float:
    return float(rows.norm(dim=1).mean())


def _cosine(first: torch.Tensor, second: torch.Tensor) -> float:
    if len(first) != len(second):
        first, second = first.mean(dim=0, keepdim=True), second.mean(dim=0, keepdim=True)
    return float(torch.nn.functional.cosine_similarity(first, second, dim=1).mean())


def _positions(
    key_values: KeyValues, sites: Sequence[AttentionSite]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys and values of the positions that all layers have, [P, layers * H * D] each.

    Layers with fewer tokens have the last of them, so the last are compared.
    """
    shortest = min(key_values[site].shape[2] for site in sites)
    parts = [key_values[site][:, :, -shortest:] for site in sites]
    keys, values = (torch.cat([_flat(part[side]) for part in parts], dim=1) for side in (0, 1))
    return keys, values


def _components(rows: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], float]:
    """The rows of both on the two principal components, [P, 2] each, and what they explain."""
    joined = torch.cat(list(rows))
    centred = joined - joined.mean(dim=0)
    vectors, sizes, _ = torch.linalg.svd(centred, full_matrices=False)
    on = torch.zeros(len(joined), 2, dtype=centred.dtype)
    count = min(2, len(sizes))
    on[:, :count] = vectors[:, :count] * sizes[:count]
    total = float((sizes**2).sum())
    share = float((sizes[:2] ** 2).sum()) / total if total else 1.0
    return [on[: len(rows[0])], on[len(rows[0]) :]], share


def _words(key_values: KeyValues, card: Card, name: str, reporter: Reporter) -> list[str]:
    """The vocabulary's nearest word at each position of an embedding-only prefix, else nothing.

    Such a prefix is made of embeddings, which only move the first layer's values away from those of
    words; the values of a later layer are of no word.
    """
    if card.as_prefix()[0].depth is not Depth.EMBEDDING_ONLY:
        return []
    backbone = shared_systems().bare(name, reporter).system.backbone
    attention = attention_of(backbone.model)
    own = _flat(key_values[min(key_values)][1]).float()
    best = torch.full((len(own),), -2.0)
    nearest = torch.zeros(len(own), dtype=torch.long)
    for start in range(0, backbone.embeddings, 1024):
        reporter.update(start, backbone.embeddings, "words", "Comparing with the vocabulary")
        ids = torch.arange(start, min(start + 1024, backbone.embeddings))
        values = attention.first_values(backbone.model, ids.to(backbone.model.device))
        cosines = (
            torch.nn.functional.normalize(own, dim=1)
            @ torch.nn.functional.normalize(values.flatten(1).float().cpu(), dim=1).T
        )  # [P, words]
        highest, at = cosines.max(dim=1)
        better = highest > best
        best[better], nearest[better] = highest[better], at[better] + start
    return [backbone.tokenizer.decode([int(word)]) for word in nearest]
