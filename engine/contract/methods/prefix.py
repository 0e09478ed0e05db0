"""Prefix-tuning: keys and values before the text in each layer (Li & Liang 2021)."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.errors import Remedy, UserError
from engine.contract.methods.info import ArtifactKind, Counts, Drawing, DrawnLayer, MethodInfo
from engine.contract.schema import Architecture, check_settings, setting
from engine.contract.specs.layers import LayerRange, check_layers, length_at, read_layers
from engine.contract.specs.starting import MAX_PREFIX_LENGTH as MAX_PREFIX_LENGTH
from engine.contract.specs.starting import Init as Init
from engine.contract.specs.starting import (
    check_start,
    init_prefix_setting,
    init_setting,
    init_text_setting,
)


class Parametrisation(enum.Enum):
    """How the prefix is parametrised while it is trained (Li & Liang 2021, section 4.3)."""

    MLP = "mlp"
    """Embedding(P, d) -> Linear(d, mid) -> Tanh -> Linear(mid, L*2*H*D), dropped afterwards."""
    DEEP_MLP = "deep_mlp"
    """The same with a second hidden layer: … -> Tanh -> Linear(mid, mid) -> Tanh -> …"""
    DIRECT = "direct"
    """The keys and values themselves."""


class Depth(enum.Enum):
    """What of the prefix is trained (Li & Liang 2021, section 7.2)."""

    ALL_LAYERS = "all_layers"
    """Keys and values in every layer."""
    EMBEDDING_ONLY = "embedding_only"
    """P input embeddings alone; the frozen backbone makes the layers' keys and values of them.
    The paper's ablation, for decoder-only backbones."""


class Placement(enum.Enum):
    """Where the trained vectors stand (Li & Liang 2021, section 7.3)."""

    PREFIX = "prefix"
    """Before source and target."""
    INFIX = "infix"
    """Between them: the source does not see the vectors. The paper's ablation, for decoder-only
    backbones."""


class AttentionKind(enum.Enum):
    """Which attention a prefix stands before (Li & Liang 2021, section 4)."""

    DECODER_SELF = "decoder_self"
    """The only one of decoder-only backbones."""
    ENCODER_SELF = "encoder_self"
    """The only one of encoders without a decoder."""
    DECODER_CROSS = "decoder_cross"


@dataclass(frozen=True)
class PrefixMethod:
    """Prefix-tuning (Li & Liang 2021): the backbone stays frozen.

    Raises:
        UserError: a length outside 1 to 512, a width below 1, layers that cannot be read, or no
            text to start from.
    """

    prefix_length: int = setting(
        10,
        label="Prefix length",
        help="How many trained keys and values stand before the text in each layer (P, in tokens). "
        "Longer holds more and costs more; too long over-fits.",
        unit="tokens",
        low=1,
        high=MAX_PREFIX_LENGTH,
    )
    layers: str = setting(
        "",
        label="Layers",
        help="Which layers have a prefix, and of how many tokens: empty is all, with the prefix "
        "length; 0-9,20-29:5 is layers 0 to 9 with it, and 20 to 29 with 5 tokens.",
        none="all",
        visible_when=(("depth", (Depth.ALL_LAYERS,)),),
    )
    """See `engine.contract.specs.layers`; P is the length of the longest. A shorter prefix is the
    last of the P tokens, those next to the text. On encoder–decoders the same choice counts in each
    attention, by the layers of its own stack."""
    parametrisation: Parametrisation = setting(
        Parametrisation.MLP,
        label="Parametrisation",
        help="How the prefix is written while it is trained: through an MLP that is dropped "
        "afterwards (the paper's default), through one with two hidden layers, or as keys and "
        "values directly.",
        labels=(
            (Parametrisation.MLP, "MLP, then dropped"),
            (Parametrisation.DEEP_MLP, "deep MLP, then dropped"),
            (Parametrisation.DIRECT, "direct keys and values"),
        ),
    )
    depth: Depth = setting(
        Depth.ALL_LAYERS,
        label="What is trained",
        help="What of the prefix is trained: keys and values in every layer, or only the input "
        "embeddings of its tokens (the paper's ablation).",
        labels=(
            (Depth.ALL_LAYERS, "keys and values of every layer"),
            (Depth.EMBEDDING_ONLY, "input embeddings only"),
        ),
        architecture=Architecture.DECODER_ONLY,
    )
    position: Placement = setting(
        Placement.PREFIX,
        label="Position",
        help="Where the trained vectors stand: before source and target (a prefix), or between "
        "them, where the source does not see them (an infix, the paper's ablation).",
        labels=(
            (Placement.PREFIX, "before the source"),
            (Placement.INFIX, "between source and target"),
        ),
        visible_when=(("depth", (Depth.ALL_LAYERS,)),),
        architecture=Architecture.DECODER_ONLY,
    )
    mid_dim: int = setting(
        512,
        label="MLP width",
        help="Hidden width of the MLP: 512 for table-to-text and 800 for summarisation in the "
        "paper. It changes training, never the file's size.",
        low=1,
        visible_when=(("parametrisation", (Parametrisation.MLP, Parametrisation.DEEP_MLP)),),
    )
    init: Init = init_setting()
    init_text: str = init_text_setting()
    init_prefix: str = init_prefix_setting()
    dropout: float = setting(
        0.0,
        label="Prefix dropout",
        help="Chance, from 0 to below 1, that an entry of the prefix is zeroed in a training step.",
        flag="--prefix-dropout",
        low=0,
        below=1,
        step=0.05,
    )
    frozen_dropout: bool = setting(
        False,
        label="Backbone dropout",
        help="Whether the frozen backbone's own dropout is on in training steps: off with GPT-2 "
        "and on with BART in the paper's code.",
    )
    encoder_self: bool = setting(
        True,
        label="Encoder prefix",
        help="Whether a prefix stands in the encoder's self-attention.",
        flag="--no-encoder-prefix",
        architecture=Architecture.ENCODER_DECODER,
    )
    decoder_self: bool = setting(
        True,
        label="Decoder prefix",
        help="Whether a prefix stands in the decoder's self-attention.",
        flag="--no-decoder-prefix",
        architecture=Architecture.ENCODER_DECODER,
    )
    decoder_cross: bool = setting(
        True,
        label="Cross prefix",
        help="Whether a prefix stands in the attention from the decoder to the encoder.",
        flag="--no-cross-prefix",
        architecture=Architecture.ENCODER_DECODER,
    )
    """The paper's code has the prefix of an encoder–decoder in all three. A decoder-only backbone
    or an encoder has its own self-attention alone, and none of the three counts there."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_start(self.init, self.init_text, self.init_prefix)
        if self.init is Init.PREFIX and (
            self.parametrisation is not Parametrisation.DIRECT or self.depth is not Depth.ALL_LAYERS
        ):
            raise UserError(
                "start-needs-direct",
                "A trained prefix is keys and values of every layer, without the MLP that made "
                "them: parametrisation is {parametrisation} and depth is {depth}. Choose direct "
                "and all_layers, or another start.",
                parametrisation=self.parametrisation.value,
                depth=self.depth.value,
            )
        if not (self.encoder_self or self.decoder_self or self.decoder_cross):
            raise UserError(
                "no-attention-chosen",
                "The prefix is in no attention. Switch on at least one of encoder self-attention, "
                "decoder self-attention and cross-attention.",
            )
        if self.position is Placement.INFIX and self.depth is Depth.EMBEDDING_ONLY:
            raise UserError(
                "infix-of-embeddings",
                "An infix is trained in all layers, not as embeddings alone. Choose another depth, "
                "or a prefix.",
            )
        if self.layers and self.depth is Depth.EMBEDDING_ONLY:
            raise UserError(
                "layers-of-embeddings",
                "layers is {layers!r}, but embedding-only tuning reaches every layer. Leave it "
                "empty, or train keys and values.",
                layers=self.layers,
            )
        self._ranges()

    def length_at(self, layer: int) -> int:
        """How many tokens the prefix of this layer (from 0) has; 0 for none."""
        return length_at(self._ranges(), layer) if self.layers else self.prefix_length

    def lengths_on(self, shape: BackboneShape) -> dict[AttentionKind, tuple[int, ...]]:
        """How many tokens the prefix has at each layer of each attention; 0 where there is none.

        Raises:
            UserError: a layer is named that the backbone does not have.
        """
        if not shape.encoder_decoder:
            own = AttentionKind.ENCODER_SELF if shape.reads_only else AttentionKind.DECODER_SELF
            return {own: self.lengths(shape.layers, "the backbone")}
        every = {
            AttentionKind.ENCODER_SELF: (self.encoder_self, shape.encoder_layers, "the encoder"),
            AttentionKind.DECODER_SELF: (self.decoder_self, shape.layers, "the decoder"),
            AttentionKind.DECODER_CROSS: (self.decoder_cross, shape.layers, "the decoder"),
        }
        return {
            kind: self.lengths(layers, owner) for kind, (on, layers, owner) in every.items() if on
        }

    def lengths(self, layers: int, owner: str) -> tuple[int, ...]:
        """How many tokens the prefix has at each of so many layers.

        Args:
            owner: whose layers they are, such as "the encoder".

        Raises:
            UserError: a layer is named that is not among them.
        """
        check_layers(self._ranges(), layers, owner)
        return tuple(self.length_at(layer) for layer in range(layers))

    def _ranges(self) -> tuple[LayerRange, ...]:
        return read_layers(self.layers, self.prefix_length) if self.layers else ()


def _describe(method: PrefixMethod) -> str:
    forms = {
        Parametrisation.MLP: f"MLP {method.mid_dim}",
        Parametrisation.DEEP_MLP: f"deep MLP {method.mid_dim}",
        Parametrisation.DIRECT: "direct",
    }
    name = "embedding-only" if method.depth is Depth.EMBEDDING_ONLY else method.position.value
    where = f" in layers {method.layers}" if method.layers else ""
    return f"{name} {method.prefix_length}{where}, {forms[method.parametrisation]}"


def _reading_rate(method: PrefixMethod) -> float:
    """Directly as in P-tuning v2's scripts, 5e-3 to 3e-2; with an MLP, 5e-3 predicts one label."""
    return 1e-2 if method.parametrisation is Parametrisation.DIRECT else 5e-4


def _reading() -> PrefixMethod:
    """As P-tuning v2 has it: the vectors are trained themselves, from small random ones."""
    return PrefixMethod(parametrisation=Parametrisation.DIRECT, init=Init.RANDOM)


def _learning_rate(method: PrefixMethod) -> float:
    """Both are measured, see benchmarks/."""
    return 1.5e-2 if method.parametrisation is Parametrisation.DIRECT else 5e-4


def _counts(shape: BackboneShape, method: PrefixMethod) -> Counts:
    stored = trainable = 0
    for lengths in method.lengths_on(shape).values():
        entries = 2 * shape.kv_heads * shape.head_width  # 2*H*D, of a token in a layer
        stored += sum(lengths) * entries
        if method.depth is Depth.ALL_LAYERS:
            used = sum(length > 0 for length in lengths)
            trainable += _trainable(shape, method, used * entries, sum(lengths) * entries)
    if method.depth is Depth.EMBEDDING_ONLY:
        trainable = _trainable(shape, method, shape.width, method.prefix_length * shape.width)
    return Counts(trainable, stored)


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


_ATTENTIONS = {
    AttentionKind.ENCODER_SELF: "the encoder",
    AttentionKind.DECODER_SELF: "the decoder",
    AttentionKind.DECODER_CROSS: "the decoder to the encoder",
}


def _draw(shape: BackboneShape, method: PrefixMethod) -> Drawing:
    lengths = method.lengths_on(shape)
    layers = tuple(DrawnLayer(length) for each in lengths.values() for length in each)
    noun = "attentions" if shape.encoder_decoder else "layers"
    direct = method.parametrisation is Parametrisation.DIRECT
    sites = {kind: sum(length > 0 for length in each) for kind, each in lengths.items()}
    return Drawing(
        layers,
        _words(shape, method, sites),
        f"prefix, P = {method.prefix_length}",
        f"{len(layers)} {noun}, frozen",
        maker="" if direct else f"MLP {method.mid_dim}",
    )


def _words(shape: BackboneShape, method: PrefixMethod, sites: dict[AttentionKind, int]) -> str:
    deep = "deep " if method.parametrisation is Parametrisation.DEEP_MLP else ""
    way = (
        f"a {deep}MLP of width {method.mid_dim}, dropped afterwards,"
        if method.parametrisation is not Parametrisation.DIRECT
        else "no MLP: the keys and values are trained directly, and the prefix"
    )
    stand = "stand before those of the text"
    if method.position is Placement.INFIX:
        stand = "stand between those of source and target"
    where = f"the {shape.layers} frozen layers"
    if shape.encoder_decoder:
        where = "these frozen attentions (" + ", ".join(
            f"{count} of {_ATTENTIONS[kind]}" for kind, count in sites.items()
        )
        where += ")"
    elif method.layers:
        (count,) = sites.values()
        where = f"{count} of {where}"
    where = f"{where} (layers {method.layers})" if method.layers else where
    most = "up to " if ":" in method.layers else ""
    return (
        f"In each of {where}, {most}{method.prefix_length} trained keys and "
        f"values ({shape.kv_heads} heads of width {shape.head_width}) {stand}; "
        f"{way} makes them."
    )


def _memory_remedies(method: PrefixMethod) -> tuple[Remedy, ...]:
    width = 800  # the larger of the paper's two, section 4.3
    if method.parametrisation is Parametrisation.DIRECT or method.mid_dim <= width:
        return ()
    return (Remedy(f"MLP width {width}, the paper's", (("method.mid_dim", json.dumps(width)),)),)


def as_prefix(method: object) -> PrefixMethod | None:
    """The spec of a method, if it is a prefix's: for what is about prefixes alone."""
    return method if isinstance(method, PrefixMethod) else None


PREFIX = MethodInfo(
    PrefixMethod,
    "prefix",
    "Prefix-tuning",
    "Train a few hundred kilobytes in front of a frozen backbone (Li & Liang 2021)",
    describe=_describe,
    counts=_counts,
    draw=_draw,
    learning_rate=_learning_rate,
    reading_rate=_reading_rate,
    reading=_reading,
    exports=("native", "peft", "transformers", "llamacpp", "mlx"),
    saved_as=ArtifactKind.PREFIX,
    memory_remedies=_memory_remedies,
)
