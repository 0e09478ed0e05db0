"""P-tuning: input embeddings made by a small network (Liu et al. 2021)."""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Counts, Drawing, MethodInfo, draw_prompt
from engine.contract.schema import check_settings, setting
from engine.contract.specs.starting import (
    PromptPlacement,
    backbone_rate_setting,
    placement_setting,
    prompt_length_setting,
    prompt_words,
    train_backbone_setting,
    trained_with,
)

LSTM_LAYERS = 2
"""Of P-tuning's LSTM (THUDM/P-tuning, LAMA/p_tuning/prompt_encoder.py; PEFT's default)."""


class PromptEncoder(enum.Enum):
    """What makes the embeddings of P-tuning while they are trained; dropped afterwards."""

    MLP = "mlp"
    """Two hidden layers with ReLU."""
    LSTM = "lstm"
    """Two bidirectional LSTM layers, then one hidden layer with ReLU: the paper's."""


@dataclass(frozen=True)
class PTuningMethod:
    """P-tuning, version 1: input embeddings made by a small network (Liu et al. 2021, 3.2).

    The network is PEFT's. Its P embeddings stand before the source, or in a template between words,
    and there the backbone can be trained too: the paper's two forms, on facts and on language
    understanding.

    Raises:
        UserError: a length outside 1 to 512, or a hidden width below 1.
    """

    prompt_length: int = prompt_length_setting()
    prompt_encoder: PromptEncoder = setting(
        PromptEncoder.MLP,
        label="Prompt encoder",
        help="What makes the embeddings while they are trained; it is dropped afterwards.",
        labels=((PromptEncoder.MLP, "MLP"), (PromptEncoder.LSTM, "LSTM, the paper's")),
    )
    encoder_hidden: int | None = setting(
        None,
        label="Encoder width",
        help="Hidden width of the prompt encoder, of each direction of an LSTM; by default the "
        "backbone's, as in PEFT.",
        low=1,
        none="the backbone's",
    )

    placement: PromptPlacement = placement_setting()
    train_backbone: bool = train_backbone_setting()
    backbone_rate: float = backbone_rate_setting()

    def __post_init__(self) -> None:
        check_settings(self)


def _counts(shape: BackboneShape, method: PTuningMethod) -> Counts:
    """Of the embeddings and of the network behind them, as PEFT builds it."""
    width = shape.read_width
    hidden = method.encoder_hidden or width
    embeddings = method.prompt_length * width
    backbone = trained_with(method, shape.parameters)
    if method.prompt_encoder is PromptEncoder.MLP:
        made = embeddings + _linears((width, hidden, hidden, width))
        return Counts(made + backbone, embeddings + backbone)
    lstm, read = 0, width
    for _ in range(LSTM_LAYERS):
        # Two directions of four gates, each with two matrices and two biases (torch.nn.LSTM).
        lstm += 2 * 4 * hidden * (read + hidden + 2)
        read = 2 * hidden
    made = embeddings + lstm + _linears((2 * hidden, 2 * hidden, width))
    return Counts(made + backbone, embeddings + backbone)


def _linears(sizes: tuple[int, ...]) -> int:
    """Linear layers with biases, one behind the other."""
    return sum(read * made + made for read, made in itertools.pairwise(sizes))


def _draw(shape: BackboneShape, method: PTuningMethod) -> Drawing:
    length = method.prompt_length
    words = (
        f"Before the first of {shape.total_layers} frozen layers stand {length} embeddings; a "
        "small trained network, dropped afterwards, makes them."
    )
    return draw_prompt(shape, length, words)


def _describe(method: PTuningMethod) -> str:
    return f"P-tuning {prompt_words(method)}, {method.prompt_encoder.value.upper()}"


P_TUNING = MethodInfo(
    PTuningMethod,
    "p-tuning",
    "P-tuning",
    "Train a small network that makes input embeddings (Liu et al. 2021)",
    describe=_describe,
    counts=_counts,
    draw=_draw,
    learning_rate=lambda method: 1e-3,  # PEFT's examples; not measured here
    reading_rate=lambda method: 1e-3,
    exports=("native", "peft"),
)
