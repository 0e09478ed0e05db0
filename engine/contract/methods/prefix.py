"""What is trained: a prefix before a frozen backbone, the backbone itself, or something else."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.methods.others import DeltaSpec
from engine.contract.schema import Architecture, check_settings, setting
from engine.contract.specs.layers import LayerRange, check_layers, length_at, read_layers
from engine.contract.specs.starting import MAX_PREFIX_LENGTH as MAX_PREFIX_LENGTH
from engine.contract.specs.starting import Init as Init
from engine.contract.specs.starting import (
    backbone_dropout_setting,
    check_start,
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
        help="Whether the frozen backbone's own dropout is on in training steps: off behind GPT-2 "
        "and on behind BART in the paper's code.",
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
    has decoder self-attention alone, and none of the three counts there."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_start(self.init, self.init_text)
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

    def lengths(self, layers: int, owner: str) -> tuple[int, ...]:
        """The same for each of so many layers.

        Args:
            owner: whose layers they are, such as "the encoder".

        Raises:
            UserError: a layer is named that is not among them.
        """
        check_layers(self._ranges(), layers, owner)
        return tuple(self.length_at(layer) for layer in range(layers))

    def _ranges(self) -> tuple[LayerRange, ...]:
        return read_layers(self.layers, self.prefix_length) if self.layers else ()

    def has(self, place: AttentionKind) -> bool:
        """Whether the prefix of an encoder–decoder stands there."""
        on = {
            AttentionKind.ENCODER_SELF: self.encoder_self,
            AttentionKind.DECODER_SELF: self.decoder_self,
            AttentionKind.DECODER_CROSS: self.decoder_cross,
        }
        return on[place]


@dataclass(frozen=True)
class FinetuneMethod:
    """Full fine-tuning: every weight of the backbone is trained."""

    backbone_dropout: bool = backbone_dropout_setting()


MethodSpec = PrefixMethod | FinetuneMethod | DeltaSpec
