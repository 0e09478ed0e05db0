"""Many prefixes over one backbone, found by name, and what each row's prefix makes of its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.methods.prefix import Placement
from engine.contract.runs.cards import PositionScheme, PrefixCard
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import Device
from engine.data.examples import EvalInput
from engine.data.prompt import ENCODER_PROMPT, prompt_named
from engine.decoding.systems import DEFAULT_SOURCE_TOKENS, Systems
from engine.exchange import native
from engine.exchange.card import read_card
from engine.exchange.checking import backbone_for
from engine.exchange.reading import prefix_folder_of
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
    card: PrefixCard
    spec: RunSpec | None


def find_prefixes(folders: Mapping[str, Path]) -> list[NamedPrefix]:
    """The cards of these prefix or run folders, which must fit into one batch.

    Raises:
        UserError: a folder holds no prefix, one is an infix, or two are of different backbones.
    """
    found = [_named(name, folder) for name, folder in folders.items()]
    for one in found:
        if one.card.method.position is Placement.INFIX:
            raise UserError(
                "infix-in-a-mixed-batch",
                "{name!r} is an infix, and only prefixes can be mixed in one batch. Decode "
                "it by itself.",
                name=one.name,
            )
        if one.card.prompt == ENCODER_PROMPT and one.card.positions is PositionScheme.AFTER_PREFIX:
            raise UserError(
                "peft-prefix-in-a-mixed-batch",
                "{name!r} was trained by PEFT on an encoder–decoder, where it moves the "
                "positions. Decode it by itself.",
                name=one.name,
            )
        if not _may_share(found[0].card, one.card):
            raise UserError(
                "prefixes-of-different-backbones",
                "The prefixes {first!r} and {second!r} belong to different backbones "
                "({first_backbone} and {second_backbone}). Decode those of each backbone by "
                "themselves.",
                first=found[0].name,
                second=one.name,
                first_backbone=_backbone(found[0].card),
                second_backbone=_backbone(one.card),
            )
    return found


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
    with_runs = [one.spec.backbone for one in prefixes if one.spec is not None]
    backbone_name = with_runs[0] if with_runs else backbone_for(prefixes[0].card)
    stored = [native.read(one.folder)[0] for one in prefixes]
    backbone = Systems(device=device).bare(backbone_name, reporter).system.backbone
    for one, key_values in zip(prefixes, stored, strict=True):
        native.check_fits(one.card, backbone, key_values)
    places = {one.name: place for place, one in enumerate(prefixes)}
    choice = [places[row.prefix] for row in inputs]
    prompts = []
    for place, row in zip(choice, inputs, strict=True):
        spec = prefixes[place].spec
        limit = spec.data.max_source_tokens if spec else DEFAULT_SOURCE_TOKENS
        form = prompt_named(prefixes[place].card.prompt)
        prompts.append(form.encode_source(backbone.tokenizer, row.source, limit))
    return PrefixPerRow(backbone, stored, choice), prompts


def _named(name: str, folder: Path) -> NamedPrefix:
    place = prefix_folder_of(folder)
    spec = None if place == folder else RunFolder(folder).read_spec()
    return NamedPrefix(name, place, read_card(place, PrefixCard), spec)


def _may_share(first: PrefixCard, other: PrefixCard) -> bool:
    """Whether two prefixes can be of one backbone; by their shapes, where one does not know."""
    prints = first.backbone_fingerprint, other.backbone_fingerprint
    if all(prints):
        return prints[0] == prints[1]
    return _shape(first) == _shape(other)


def _shape(card: PrefixCard) -> tuple[int, int]:
    return card.kv_heads, card.head_width  # how many layers it has is the prefix's own affair


def _backbone(card: PrefixCard) -> str:
    print_ = card.backbone_fingerprint
    return f"{card.backbone}, fingerprint {print_[:12]}…" if print_ else card.backbone
