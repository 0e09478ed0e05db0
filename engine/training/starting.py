"""Starting from what was trained before: a prefix, or a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.errors import UserError
from engine.contract.methods.all import MethodSpec, describe_method, info_of
from engine.contract.methods.info import ArtifactKind
from engine.contract.runs.cards import Card, PrefixShape
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.starting import Init
from engine.exchange import folders, native
from engine.exchange.card import is_folder_of
from engine.exchange.checking import refuse_other_backbone
from engine.exchange.foreign import ForeignForm
from engine.exchange.reading import read_any, saved_folder
from engine.methods.base import Method, Tensors
from engine.methods.prefix import by_name
from engine.reporter import Reporter


def start_trained(method: Method, spec: MethodSpec, reporter: Reporter) -> tuple[str, ...]:
    """Let a new method begin as the saved one that its spec names, if it names one.

    Args:
        method: made of the spec.

    Returns:
        A sentence on where it started, if it did.

    Raises:
        UserError: there is nothing to start from, it is damaged, or it does not fit.
    """
    given: Any = spec
    if getattr(given, "init", None) is not Init.PREFIX:
        return ()
    path = saved_folder(given.init_prefix)
    tensors, card = _read(path, method, spec, reporter)
    _check_same(method, spec, tensors, card)
    made: Any = method
    made.start_from(tensors)
    return (f"Started from {card.name!r} in {path}, sha256 {card.tensors_sha256}.",)


def _read(path: Path, method: Method, spec: MethodSpec, reporter: Reporter) -> tuple[Tensors, Card]:
    """What is saved there, if it was trained on the method's backbone."""
    if info_of(spec).saved_as is ArtifactKind.PREFIX:
        key_values, card = read_any(path, ForeignForm(), reporter)
        native.check_fits(card, method.backbone, key_values)
        return by_name(key_values), card
    both = (RunFolder(path).delta, path)
    folder = next((each for each in both if is_folder_of(ArtifactKind.DELTA, each)), None)
    if folder is None:
        raise UserError(
            "no-prompt-here",
            "{path} holds no trained prompt: delta.json is missing. Choose the folder of a "
            "finished run of prompt tuning or P-tuning, or of a prompt that it saved.",
            path=path,
        )
    tensors, card = folders.read(folder, ArtifactKind.DELTA)
    refuse_other_backbone(card, method.backbone, what="prompt")
    return tensors, card


def _check_same(method: Method, spec: MethodSpec, tensors: Tensors, card: Card) -> None:
    """Refuse what has other tensors than the method would save, or stands at other places."""
    own = method.artifact()
    assert own is not None, "a method that starts from another is saved as tensors"
    before, now = ({name: each.shape for name, each in of.items()} for of in (tensors, own.tensors))
    places = [getattr(each, "placement", None) for each in (card.method, spec)]
    if before != now or card.shape != own.shape or places[0] != places[1]:
        raise UserError(
            "start-does-not-fit",
            "The run is to start from {name!r}, which is {trained}, but it trains {own}. Choose "
            "the same length and places, or another start.",
            name=card.name,
            trained=_words(card.method, tensors, card.shape),
            own=_words(spec, own.tensors, own.shape),
        )


def _words(method: MethodSpec, tensors: Tensors, shape: PrefixShape | None) -> str:
    """Such as "prefix 8, direct (6 tensors, positions after prefix)"."""
    positions = f", positions {shape.positions.value.replace('_', ' ')}" if shape else ""
    count = len(tensors)
    return f"{describe_method(method)} ({count} tensor{'s' * (count != 1)}{positions})"
