"""Many prefixes over one backbone, by name, and what each row's prefix makes of its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import Placement
from engine.contract.runs.cards import Card, PositionScheme
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import Device
from engine.contract.tasks.all import check_writes
from engine.data.examples import EvalInput
from engine.data.prompt import ENCODER_PROMPT, prompt_named
from engine.decoding.systems import DEFAULT_SOURCE_TOKENS, Systems
from engine.exchange import native
from engine.exchange.card import read_card
from engine.exchange.checking import backbone_for
from engine.exchange.reading import prefix_folder_of
from engine.methods.attention import KeyValues
from engine.methods.per_row import PrefixPerRow
from engine.reporter import Reporter


@dataclass(frozen=True)
class NamedPrefix:
    """A prefix as a row names it.

    Attributes:
        name: of its subfolder.
        folder: its prefix folder.
        spec: of the run that made it; None for a prefix that came without its run.
    """

    name: str
    folder: Path
    card: Card
    spec: RunSpec | None


def find_prefixes(folders: Mapping[str, Path]) -> list[NamedPrefix]:
    """The cards of these prefix or run folders, which must fit into one batch.

    Raises:
        UserError: a folder holds no prefix, one is an infix, or two are of different backbones.
    """
    prefixes = [_named(name, folder) for name, folder in folders.items()]
    for prefix in prefixes:
        check_writes(prefix.card.task, prefix.name)
        method, shape = prefix.card.as_prefix()
        if method.position is Placement.INFIX:
            raise UserError(
                "infix-in-a-mixed-batch",
                "{name!r} is an infix, and only prefixes can be mixed in one batch. Decode "
                "it separately.",
                name=prefix.name,
            )
        shifted = shape.positions is PositionScheme.AFTER_PREFIX
        if shifted and prefix.card.prompt == ENCODER_PROMPT:
            raise UserError(
                "peft-prefix-in-a-mixed-batch",
                "{name!r} was trained by PEFT on an encoder–decoder, where it moves the "
                "positions. Decode it separately.",
                name=prefix.name,
            )
        if not _may_share(prefixes[0].card, prefix.card):
            raise UserError(
                "prefixes-of-different-backbones",
                "The prefixes {first!r} and {second!r} belong to different backbones "
                "({first_backbone} and {second_backbone}). Decode those of each backbone "
                "separately.",
                first=prefixes[0].name,
                second=prefix.name,
                first_backbone=_backbone(prefixes[0].card),
                second_backbone=_backbone(prefix.card),
            )
    return prefixes


def load_many(
    prefixes: Sequence[NamedPrefix],
    inputs: Sequence[EvalInput],
    reporter: Reporter,
    *,
    device: Device = Device.AUTO,
) -> tuple[PrefixPerRow, list[list[int]]]:
    """The backbone behind these prefixes, and the inputs as their prefixes were trained to read.

    Args:
        prefixes: at least one.
        inputs: each with the name of its prefix.

    Returns:
        The system, for these inputs in this order, and their token ids.

    Raises:
        UserError: the backbone is not to be had, a prefix is damaged or does not fit it.
    """
    backbone, key_values = load_prefixes(prefixes, reporter, device=device)
    indices = {prefix.name: index for index, prefix in enumerate(prefixes)}
    choice = [indices[row.prefix] for row in inputs]
    prompts = []
    for index, row in zip(choice, inputs, strict=True):
        spec = prefixes[index].spec
        limit = spec.data.max_source_tokens if spec else DEFAULT_SOURCE_TOKENS
        form = prompt_named(prefixes[index].card.prompt)
        prompts.append(form.encode_source(backbone.tokenizer, row.source, limit))
    return PrefixPerRow(backbone, key_values, choice), prompts


def load_prefixes(
    prefixes: Sequence[NamedPrefix], reporter: Reporter, *, backbone: str = "", device: Device
) -> tuple[Backbone, list[KeyValues]]:
    """The backbone of these prefixes, and their tensors.

    Args:
        prefixes: at least one.
        backbone: where the user says which it is; else the run or the card does.

    Raises:
        UserError: the backbone is not to be had, a prefix is damaged or does not fit it.
    """
    with_runs = [prefix.spec.backbone for prefix in prefixes if prefix.spec is not None]
    name = backbone or (with_runs[0] if with_runs else backbone_for(prefixes[0].card))
    key_values = [native.read(prefix.folder)[0] for prefix in prefixes]
    loaded = Systems(device=device).bare(name, reporter).system.backbone
    for prefix, tensors in zip(prefixes, key_values, strict=True):
        native.check_fits(prefix.card, loaded, tensors)
    return loaded, key_values


def _named(name: str, folder: Path) -> NamedPrefix:
    path = prefix_folder_of(folder)
    spec = None if path == folder else RunFolder(folder).read_spec()
    return NamedPrefix(name, path, read_card(path, ArtifactKind.PREFIX), spec)


def _may_share(first: Card, other: Card) -> bool:
    """Whether two prefixes can be of one backbone; by their shapes, where one does not know."""
    prints = first.backbone_fingerprint, other.backbone_fingerprint
    if all(prints):
        return prints[0] == prints[1]
    return _shape(first) == _shape(other)


def _shape(card: Card) -> tuple[int, int]:
    _, shape = card.as_prefix()
    return shape.kv_heads, shape.head_width  # prefixes may cover different layers


def _backbone(card: Card) -> str:
    print_ = card.backbone_fingerprint
    return f"{card.backbone}, fingerprint {print_[:12]}…" if print_ else card.backbone
