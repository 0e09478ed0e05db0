"""How many parameters a method has, where a backbone's sizes say it."""

from __future__ import annotations

import itertools

from engine.contract.methods.others import (
    AdapterDesign,
    AdapterMethod,
    PromptEncoder,
    PTuningMethod,
)

LSTM_LAYERS = 2
"""Of P-tuning's LSTM (THUDM/P-tuning, LAMA/p_tuning/prompt_encoder.py; PEFT's default)."""


def adapter_sites(design: AdapterDesign, *, layers: int, attentions: int) -> int:
    """How many adapters a backbone takes.

    Args:
        design: where they stand.
        layers: of encoder and decoder together.
        attentions: self-attentions and cross-attentions together.
    """
    return layers if design is AdapterDesign.LIN else layers + attentions


def adapter_parameters(design: AdapterDesign, *, width: int, bottleneck: int) -> int:
    """Parameters of one adapter: both matrices with biases, and Lin's norm."""
    norm = 2 * width if design is AdapterDesign.LIN else 0
    return norm + (width * bottleneck + bottleneck) + (bottleneck * width + width)


def adapter_bottleneck(method: AdapterMethod, *, width: int, sites: int, parameters: int) -> int:
    """The bottleneck given, or the one whose parameters come nearest to the budget, from 1.

    Args:
        method: the bottleneck, or the budget in per cent.
        width: of the hidden states.
        sites: how many adapters there are.
        parameters: of the backbone.
    """
    if method.bottleneck is not None:
        return method.bottleneck
    fixed = adapter_parameters(method.design, width=width, bottleneck=0)
    each = adapter_parameters(method.design, width=width, bottleneck=1) - fixed
    target = parameters * method.budget_percent / 100
    return max(1, round((target / sites - fixed) / each))


def p_tuning_parameters(method: PTuningMethod, *, width: int) -> int:
    """Parameters of P-tuning's embeddings and of the network behind them, as PEFT builds it."""
    hidden = method.encoder_hidden or width
    embeddings = method.prompt_length * width
    if method.prompt_encoder is PromptEncoder.MLP:
        sizes = (width, hidden, hidden, width)
        return embeddings + _linears(sizes)
    lstm, read = 0, width
    for _ in range(LSTM_LAYERS):
        # Two directions of four gates, each with two matrices and two biases (torch.nn.LSTM).
        lstm += 2 * 4 * hidden * (read + hidden + 2)
        read = 2 * hidden
    return embeddings + lstm + _linears((2 * hidden, 2 * hidden, width))


def _linears(sizes: tuple[int, ...]) -> int:
    """Linear layers with biases, one behind the other."""
    return sum(read * made + made for read, made in itertools.pairwise(sizes))
