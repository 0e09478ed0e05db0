"""The methods besides prefix-tuning and full fine-tuning that train few parameters.

What each of them trains is kept as a *delta*: a file of those numbers alone. Full fine-tuning,
which keeps a whole backbone, is in `method_spec`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.schema import check_settings, setting
from engine.contract.specs.starting import (
    Init,
    backbone_dropout_setting,
    check_start,
    init_setting,
    init_text_setting,
    prompt_length_setting,
)


@dataclass(frozen=True)
class TopLayersMethod:
    """The last layers and the final norm are trained (FT-top2 of Li & Liang 2021, section 5.2).

    Of an encoder–decoder they are the decoder's.

    Raises:
        UserError: fewer than one layer.
    """

    top_layers: int = setting(
        2,
        label="Top layers",
        help="How many of the last layers are trained, of an encoder–decoder's decoder: 2 in the "
        "paper.",
        low=1,
    )
    embeddings: bool = setting(
        False,
        label="Input embeddings too",
        help="Whether the input embeddings are trained too, as in one of the paper's two scripts.",
        flag="--top-embeddings",
    )
    """The authors' script has both: `--top_layers 22` is without them (25.19M on GPT-2 medium),
    `--top_layers 2` with (run_language_modeling.py:776-847)."""
    backbone_dropout: bool = backbone_dropout_setting()

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class BiasMethod:
    """BitFit: every bias of the backbone and nothing else (Ben Zaken et al. 2022, section 3)."""

    backbone_dropout: bool = backbone_dropout_setting()


class AdapterDesign(enum.Enum):
    """Where adapters stand and what they are made of."""

    LIN = "lin"
    """Norm -> down -> ReLU -> up -> residual, once after each layer (Lin et al. 2020; the
    baseline of Li & Liang 2021)."""
    HOULSBY = "houlsby"
    """down -> GELU -> up -> residual, after each attention's projection and after the
    feed-forward, before they are added to the stream (Houlsby et al. 2019, section 2.1)."""


@dataclass(frozen=True)
class AdapterMethod:
    """Adapter-tuning: small layers between those of a frozen backbone.

    Raises:
        UserError: a bottleneck below 1, or a budget outside 0 to 100 %.
    """

    design: AdapterDesign = setting(
        AdapterDesign.LIN,
        label="Design",
        help="Where adapters stand: once behind each layer (the paper's baseline), or behind each "
        "attention and each feed-forward.",
        labels=(
            (AdapterDesign.LIN, "Lin: one a layer"),
            (AdapterDesign.HOULSBY, "Houlsby: behind each part"),
        ),
    )
    bottleneck: int | None = setting(
        None,
        label="Bottleneck",
        help="Hidden width of an adapter; by default the one that comes nearest to the budget.",
        low=1,
        none="by the budget",
    )
    budget_percent: float = setting(
        0.1,
        label="Budget",
        help="Trained parameters in per cent of the backbone's: 0.1 and 3 in the paper.",
        flag="--budget",
        unit="%",
        above=0,
        high=100,
        factor=2,
        visible_when=(("bottleneck", (None,)),),
    )
    backbone_dropout: bool = backbone_dropout_setting()

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class LoraMethod:
    """LoRA: a product of two thin matrices added to a frozen one (Hu et al. 2021, section 4).

    Raises:
        UserError: a rank or alpha below 1, or a dropout outside 0 to below 1.
    """

    rank: int = setting(8, label="Rank", help="Inner width of LoRA's products.", low=1)
    alpha: int = setting(
        16, label="Alpha", help="LoRA's products are scaled by alpha divided by the rank.", low=1
    )
    lora_dropout: float = setting(
        0.0,
        label="LoRA dropout",
        help="Chance, from 0 to below 1, that an input of LoRA's products is zeroed in a training "
        "step.",
        low=0,
        below=1,
        step=0.05,
    )
    backbone_dropout: bool = backbone_dropout_setting()

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class PromptMethod:
    """Prompt tuning: P input embeddings before the source (Lester et al. 2021, section 2).

    Raises:
        UserError: a length outside 1 to 512, or no text to start from.
    """

    prompt_length: int = prompt_length_setting()
    init: Init = init_setting()
    init_text: str = init_text_setting()

    def __post_init__(self) -> None:
        check_settings(self)
        check_start(self.init, self.init_text)


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


DeltaSpec = TopLayersMethod | BiasMethod | AdapterMethod | LoraMethod | PromptMethod | PTuningMethod
"""The methods whose result is kept as a delta."""
