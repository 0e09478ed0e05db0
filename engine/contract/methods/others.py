"""The methods besides prefix-tuning and full fine-tuning that train few parameters.

What each of them trains is kept as a *delta*: a file of those numbers alone. Full fine-tuning,
which keeps a whole backbone, is in `method_spec`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.schema import check_range
from engine.contract.specs.starting import Init, check_start


@dataclass(frozen=True)
class TopLayersMethod:
    """The last layers and the final norm are trained (FT-top2 of Li & Liang 2021, section 5.2).

    Of an encoder–decoder they are the decoder's.

    Raises:
        UserError: fewer than one layer.
    """

    top_layers: int = 2
    embeddings: bool = False
    """Whether the input embeddings are trained too. The authors' script has both:
    `--top_layers 22` is without them (25.19M on GPT-2 medium), `--top_layers 2` with
    (run_language_modeling.py:776-847)."""
    backbone_dropout: bool = True
    """As `FinetuneMethod.backbone_dropout`."""

    def __post_init__(self) -> None:
        check_range("The number of top layers", self.top_layers, low=1)


@dataclass(frozen=True)
class BiasMethod:
    """BitFit: every bias of the backbone and nothing else (Ben Zaken et al. 2022, section 3)."""

    backbone_dropout: bool = True
    """As `FinetuneMethod.backbone_dropout`."""


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

    design: AdapterDesign = AdapterDesign.LIN
    bottleneck: int | None = None
    """Hidden width of an adapter; None: the one that comes nearest to the budget."""
    budget_percent: float = 0.1
    """Trained parameters in per cent of the backbone's: 0.1 and 3 in Li & Liang 2021."""
    backbone_dropout: bool = True
    """As `FinetuneMethod.backbone_dropout`."""

    def __post_init__(self) -> None:
        check_range("The adapter bottleneck", self.bottleneck, low=1)
        budget = self.budget_percent
        check_range("The adapter budget (% of the backbone)", budget, above=0, high=100)


@dataclass(frozen=True)
class LoraMethod:
    """LoRA: a product of two thin matrices added to a frozen one (Hu et al. 2021, section 4).

    Raises:
        UserError: a rank or alpha below 1, or a dropout outside 0 to below 1.
    """

    rank: int = 8
    alpha: int = 16
    """The product is scaled by alpha / rank."""
    lora_dropout: float = 0.0
    """Chance that an input of the product is zeroed in a training step."""
    backbone_dropout: bool = True
    """As `FinetuneMethod.backbone_dropout`."""

    def __post_init__(self) -> None:
        check_range("The LoRA rank", self.rank, low=1)
        check_range("LoRA's alpha", self.alpha, low=1)
        check_range("The LoRA dropout", self.lora_dropout, low=0, below=1)


@dataclass(frozen=True)
class PromptMethod:
    """Prompt tuning: P input embeddings before the source (Lester et al. 2021, section 2).

    Raises:
        UserError: a length outside 1 to 512, or no text to start from.
    """

    prompt_length: int = 20
    """P, in tokens: 1 to 512."""
    init: Init = Init.WORDS
    init_text: str = "Describe the table in one fluent text:"
    """Words to start from; repeated or cut to P tokens."""

    def __post_init__(self) -> None:
        check_start("The prompt length", self.prompt_length, self.init, self.init_text)


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

    prompt_length: int = 20
    """P, in tokens: 1 to 512."""
    prompt_encoder: PromptEncoder = PromptEncoder.MLP
    encoder_hidden: int | None = None
    """Hidden width of the network, of each direction of an LSTM; None: the backbone's width,
    PEFT's choice."""

    def __post_init__(self) -> None:
        check_start("The prompt length", self.prompt_length)
        check_range("The prompt encoder's width", self.encoder_hidden, low=1)


DeltaSpec = TopLayersMethod | BiasMethod | AdapterMethod | LoraMethod | PromptMethod | PTuningMethod
"""The methods whose result is kept as a delta."""
