"""Prefixes by path, and what there is to know of them without their backbone."""

from __future__ import annotations

from pathlib import Path

from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.runs.cards import Card
from engine.contract.runs.folder import RunFolder
from engine.exchange import native
from engine.exchange.checking import backbone_for
from engine.exchange.reading import prefix_folder_of
from engine.methods.attention import KeyValues


def read_prefix(path: str) -> tuple[KeyValues, Card]:
    """The prefix of a run's or a prefix's folder.

    Raises:
        UserError: there is none, or it is damaged.
    """
    return native.read(prefix_folder_of(home_path(path)))


def run_of(folder: Path) -> RunFolder | None:
    """The run that trained the prefix in `folder`, where it is still in its run."""
    run = RunFolder(folder.parent)
    return run if folder == run.prefix and (run.path / "run.json").exists() else None


def backbone_named(folder: Path, card: Card) -> str:
    """What `load_backbone` takes for the prefix in `folder`: its run knows where it lies."""
    run = run_of(folder)
    return backbone_for(card) if run is None else run.read_spec().backbone


def refuse_other_shapes(first: Card, second: Card) -> None:
    """Refuse two prefixes whose keys and values cannot be compared number by number.

    Raises:
        UserError: they have other heads or another width.
    """
    (_, own), (_, other) = first.as_prefix(), second.as_prefix()
    if (own.kv_heads, own.head_width) != (other.kv_heads, other.head_width):
        raise UserError(
            "prefixes-of-other-shapes",
            "The prefixes {first!r} and {second!r} cannot be compared: one has {first_heads} heads "
            "of width {first_width}, the other {second_heads} of width {second_width}. Choose two "
            "of one backbone.",
            first=first.name,
            second=second.name,
            first_heads=own.kv_heads,
            first_width=own.head_width,
            second_heads=other.kv_heads,
            second_width=other.head_width,
        )
