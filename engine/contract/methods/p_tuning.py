"""P-tuning: input embeddings made by a small network (Liu et al. 2021)."""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Counts, Drawing, MethodInfo, draw_prompt
from engine.contract.schema import check_settings, setting
from engine.contract.specs.starting import prompt_length_setting

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

    The network is PEFT's. All P tokens stand before the source; the paper's templates, which
    also put some between words, are not here.

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

    def __post_init__(self) -> None:
        check_settings(self)


def _counts(shape: BackboneShape, method: PTuningMethod) -> Counts:
    """Of the embeddings and of the network behind them, as PEFT builds it."""
    width = shape.read_width
    hidden = method.encoder_hidden or width
    embeddings = method.prompt_length * width
    if method.prompt_encoder is PromptEncoder.MLP:
        return Counts(embeddings + _linears((width, hidden, hidden, width)), embeddings)
    lstm, read = 0, width
    for _ in range(LSTM_LAYERS):
        # Two directions of four gates, each with two matrices and two biases (torch.nn.LSTM).
        lstm += 2 * 4 * hidden * (read + hidden + 2)
        read = 2 * hidden
    return Counts(embeddings + lstm + _linears((2 * hidden, 2 * hidden, width)), embeddings)


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
    return f"P-tuning {method.prompt_length}, {method.prompt_encoder.value.upper()}"


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
