"""What is trained: a prefix before a frozen backbone, the backbone itself, or something else."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.methods.others import DeltaSpec
from engine.contract.schema import check_range
from engine.contract.specs.layers import LayerRange, check_layers, length_at, read_layers
from engine.contract.specs.starting import MAX_PREFIX_LENGTH as MAX_PREFIX_LENGTH
from engine.contract.specs.starting import Init as Init
from engine.contract.specs.starting import check_start


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

    prefix_length: int = 10
    """P, in tokens: 1 to 512. Where layers differ, that of the longest."""
    layers: str = ""
    """Which layers have a prefix, and how long: "" is all, P tokens each; "0-9,20-29:5" is P tokens
    in layers 0 to 9 and 5 in layers 20 to 29 (`engine.contract.specs.layers`). A shorter prefix is
    the last of the P tokens, those next to the text. On encoder–decoders the same choice counts in
    each place, by the layers of its own stack."""
    parametrisation: Parametrisation = Parametrisation.MLP
    depth: Depth = Depth.ALL_LAYERS
    position: Placement = Placement.PREFIX
    mid_dim: int = 512
    """Hidden width of the MLP: 512 for table-to-text, 800 for summarisation (paper, 4.3)."""
    init: Init = Init.WORDS
    init_text: str = "Describe the table in one fluent text:"
    """Words to start from; repeated or cut to P tokens."""
    dropout: float = 0.0
    """Chance that an entry of the prefix is zeroed in a training step."""
    frozen_dropout: bool = False
    """Whether the frozen backbone's own dropout is on in training steps. The paper's code has it
    off behind GPT-2 and on behind BART."""
    encoder_self: bool = True
    decoder_self: bool = True
    decoder_cross: bool = True
    """Where the prefix of an encoder–decoder stands; the paper's code has it everywhere. A
    decoder-only backbone has decoder self-attention alone, and none of this counts there."""

    def __post_init__(self) -> None:
        check_start("The prefix length", self.prefix_length, self.init, self.init_text)
        check_range("The MLP width (mid_dim)", self.mid_dim, low=1)
        check_range("The prefix dropout", self.dropout, low=0, below=1)
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

    backbone_dropout: bool = True
    """Whether the backbone's own dropout is active while training, as in the paper's
    baselines."""


MethodSpec = PrefixMethod | FinetuneMethod | DeltaSpec
