"""The cards of what was trained: `prefix.json` or `delta.json` beside its safetensors.

The tensors of a prefix are one per site, named "decoder_self.0", of shape [2, H, P, D]:
0 = key, 1 = value; keys of rotary backbones are stored rotated, at positions 0 to P - 1. A layer
whose prefix has n tokens, fewer than P, has [2, H, n, D], at positions P - n to P - 1.

Those of a delta are its method's matter: weights of the backbone by their own names, matrices by
the name of the module they stand at, or one table of embeddings.

History of the prefix: version 1, every layer and P tokens each; version 2, those that
`method.layers` names. Of the delta: version 1, the first.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from engine.contract.methods.all import DeltaSpec, MethodSpec
from engine.contract.methods.prefix import AttentionKind, PrefixMethod
from engine.contract.runs.scores import Score
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec

PREFIX_VERSION = 2


class PositionScheme(enum.Enum):
    """Where the positions of the tokens after the prefix start."""

    AFTER_PREFIX = "after_prefix"
    """At P: decoder-only backbones, as in the paper's code."""
    UNSHIFTED = "unshifted"
    """At 0: encoder–decoders, as in the paper's code."""
    INFIX = "infix"
    """The vectors stand behind the source: those after them are P further on."""


@dataclass(frozen=True, order=True)
class AttentionSite:
    """One attention module that takes a prefix: its place, and its layer from 0."""

    place_value: str
    layer: int

    @property
    def place(self) -> AttentionKind:
        """The place as an enum."""
        return AttentionKind(self.place_value)

    @property
    def key(self) -> str:
        """Name of its tensor in the file."""
        return f"{self.place_value}.{self.layer}"


def decoder_site(layer: int) -> AttentionSite:
    """The decoder self-attention of a layer."""
    return AttentionSite(AttentionKind.DECODER_SELF.value, layer)


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything needed to use what was trained, and to know where it came from.

    Attributes:
        kind: "prefix" or "delta", as its folder and files are called.
        backbone: name in the catalog, or folder name; `backbone_fingerprint` decides.
        prompt: how a source becomes a prompt, as `engine.data.prompt` names it.
        data_fingerprint, data_name: of the dataset it was trained on.
        tensors_sha256: of the tensors' file; a damaged file is refused.
    """

    kind: ClassVar[str]
    name: str
    method: MethodSpec
    backbone: str
    backbone_fingerprint: str
    linearisation: Linearisation
    prompt: str
    decoding: DecodingSpec
    data_name: str
    data_fingerprint: str
    train_rows: int
    created_s: float
    tensors_sha256: str = ""
    run_id: str = ""
    scores: tuple[Score, ...] = ()
    notes: str = ""

    @classmethod
    def of(cls, facts: Card, **own: Any) -> Self:
        """A card of this kind with the facts of another, and its own fields."""
        return cls(**{field.name: getattr(facts, field.name) for field in fields(Card)}, **own)

    def of_tensors(self, *, sha256: str, parameters: int, size_bytes: int) -> Self:
        """The same, of this file of tensors.

        Args:
            sha256: of the file.
            parameters: numbers in it.
            size_bytes: of the file.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class PrefixCard(Card):
    """The card of a prefix.

    Attributes:
        layers: how many tensors there are.
    """

    kind: ClassVar[str] = "prefix"
    method: PrefixMethod
    layers: int
    kv_heads: int
    head_width: int
    positions: PositionScheme
    version: int = PREFIX_VERSION

    def of_tensors(self, *, sha256: str, parameters: int, size_bytes: int) -> Self:
        """As in `Card`; the version becomes the present one."""
        return replace(self, tensors_sha256=sha256, version=PREFIX_VERSION)


@dataclass(frozen=True, kw_only=True)
class DeltaCard(Card):
    """The card of what another method has trained.

    Attributes:
        trainable_parameters: numbers that were trained.
        stored_parameters, stored_bytes: numbers in the tensors' file, and its size.
    """

    kind: ClassVar[str] = "delta"
    method: DeltaSpec
    trainable_parameters: int
    stored_parameters: int = 0
    stored_bytes: int = 0
    version: int = 1

    def of_tensors(self, *, sha256: str, parameters: int, size_bytes: int) -> Self:
        """As in `Card`, with both counts."""
        return replace(
            self, tensors_sha256=sha256, stored_parameters=parameters, stored_bytes=size_bytes
        )
