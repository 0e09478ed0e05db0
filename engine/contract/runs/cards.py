"""The card of what was trained: `prefix.json` or `delta.json` beside its safetensors.

The tensors of a prefix are one per site, named "decoder_self.0", of shape [2, H, P, D]:
0 = key, 1 = value; keys of rotary backbones are stored rotated, at positions 0 to P - 1. A layer
whose prefix has n tokens, fewer than P, has [2, H, n, D], at positions P - n to P - 1.

Those of a delta are defined by its method: weights of the backbone by their own names, matrices by
the name of their module, or one table of embeddings.

Versions: 1, a prefix of P tokens in every layer, or a delta; 2, a prefix in the layers that
`method.layers` names; 3, one card for both, with the shape of a prefix in
`shape`, and a task.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields, replace
from typing import Any

from engine.contract.errors import ProtocolError
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import AttentionKind, PrefixMethod, as_prefix
from engine.contract.runs.scores import Score
from engine.contract.specs.data import Column, Linearisation
from engine.contract.tasks.all import TaskSpec
from engine.contract.tasks.generation import with_task

CARD_VERSION = 3


class PositionScheme(enum.Enum):
    """Where the positions of the tokens after the prefix start."""

    AFTER_PREFIX = "after_prefix"
    """At P: decoder-only backbones as in the paper's code, and encoders as in P-tuning v2's."""
    UNSHIFTED = "unshifted"
    """At 0: encoder–decoders, as in the paper's code."""
    INFIX = "infix"
    """The vectors stand behind the source: those after them are P further on."""


@dataclass(frozen=True, order=True)
class AttentionSite:
    """One attention module that takes a prefix: its kind, and its layer from 0."""

    kind_value: str
    layer: int

    @property
    def kind(self) -> AttentionKind:
        """The kind as an enum."""
        return AttentionKind(self.kind_value)

    @property
    def key(self) -> str:
        """Name of its tensor in the file."""
        return f"{self.kind_value}.{self.layer}"


def decoder_site(layer: int) -> AttentionSite:
    """The decoder self-attention of a layer."""
    return AttentionSite(AttentionKind.DECODER_SELF.value, layer)


@dataclass(frozen=True, kw_only=True)
class PrefixShape:
    """The tensors of a prefix.

    Attributes:
        layers: how many there are, one per attention.
        kv_heads, head_width: H and D of each.
        positions: of the tokens after the prefix.
    """

    layers: int
    kv_heads: int
    head_width: int
    positions: PositionScheme


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything needed to use what was trained, and to know where it came from.

    Attributes:
        backbone: name in the catalog, or folder name; `backbone_fingerprint` decides.
        prompt: how a source becomes a prompt, as `engine.data.prompt` names it.
        data_fingerprint, data_name: of the dataset it was trained on.
        shape: of a prefix, and only there.
        trainable_parameters: how many were trained; 0 where that is not known.
        inputs: the columns that are read with what they hold, in order, that of the category last
            where each has a head; empty in older cards.
        stored_parameters, stored_bytes: numbers in the tensors' file, and its size.
        tensors_sha256: of the tensors' file; a damaged file is refused.
        head_sha256: of the file of the task's head; "" where it has none.

    Raises:
        ProtocolError: a prefix without its shape, or a shape of something else.
    """

    name: str
    method: MethodSpec
    backbone: str
    backbone_fingerprint: str
    linearisation: Linearisation
    prompt: str
    task: TaskSpec
    data_name: str
    data_fingerprint: str
    train_rows: int
    created_s: float
    shape: PrefixShape | None = None
    trainable_parameters: int = 0
    stored_parameters: int = 0
    stored_bytes: int = 0
    tensors_sha256: str = ""
    head_sha256: str = ""
    run_id: str = ""
    inputs: tuple[Column, ...] = ()
    scores: tuple[Score, ...] = ()
    notes: str = ""
    version: int = CARD_VERSION

    def __post_init__(self) -> None:
        if (self.kind is ArtifactKind.PREFIX) != (self.shape is not None):
            raise ProtocolError(
                "card-shape-of-another-method",
                "the card of {method} has shape {shape}",
                method=type(self.method).__name__,
                shape=self.shape,
            )

    @staticmethod
    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        """Until version 2 there were two classes, and a prefix had its shape's fields itself."""
        if plain.get("type") not in ("PrefixCard", "DeltaCard"):
            return plain
        card = {**with_task(plain), "type": Card.__name__, "version": CARD_VERSION}
        if plain["type"] == "PrefixCard" and "shape" not in plain:
            names = [field.name for field in fields(PrefixShape) if field.name in plain]
            own = {name: card.pop(name) for name in names}
            card["shape"] = {"type": PrefixShape.__name__, **own}
        return card

    @property
    def kind(self) -> ArtifactKind:
        """What it is the card of, as its folder and files are called."""
        return info_of(self.method).saved_as

    def as_prefix(self) -> tuple[PrefixMethod, PrefixShape]:
        """What is particular to a prefix.

        Raises:
            ProtocolError: it is the card of something else.
        """
        method = as_prefix(self.method)
        if method is None or self.shape is None:
            raise ProtocolError(
                "not-a-prefix-card",
                "the card {name!r} is of {method}, not of a prefix",
                name=self.name,
                method=type(self.method).__name__,
            )
        return method, self.shape

    def of_tensors(self, *, sha256: str, parameters: int, size_bytes: int) -> Card:
        """The same, of this file of tensors.

        Args:
            sha256: of the file.
            parameters: numbers in it.
            size_bytes: of the file.
        """
        return replace(
            self, tensors_sha256=sha256, stored_parameters=parameters, stored_bytes=size_bytes
        )


@dataclass(frozen=True, kw_only=True)
class TaskCard:
    """What a whole backbone was trained for, where that is not to write texts.

    Attributes:
        head_sha256: of the file of the task's head; "" where it has none.
    """

    task: TaskSpec
    head_sha256: str = ""
    version: int = 1
