"""The card of a trained prefix: `prefix.json` beside `prefix.safetensors`.

The tensors are one per site that has a prefix, named "decoder_self.0", of shape [2, H, P, D]:
0 = key, 1 = value; keys of rotary backbones are stored rotated, at positions 0 to P - 1. A layer
whose prefix has n tokens, fewer than P, has [2, H, n, D], at positions P - n to P - 1.

History: version 1, every layer and P tokens each; version 2, those that `method.layers` names.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

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


@dataclass(frozen=True)
class PrefixCard:
    """Everything needed to use a prefix, and to know where it came from.

    Attributes:
        backbone: name in the catalog, or folder name; `backbone_fingerprint` decides.
        layers: how many tensors there are.
        prompt: how a source becomes a prompt, as `engine.data.prompt` names it.
        data_fingerprint, data_name: of the dataset it was trained on.
        tensors_sha256: of prefix.safetensors; a damaged file is refused.
    """

    name: str
    method: PrefixMethod
    backbone: str
    backbone_fingerprint: str
    layers: int
    kv_heads: int
    head_width: int
    positions: PositionScheme
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
    version: int = PREFIX_VERSION
