"""The settings of the methods that prefix-tuning is compared with, as a table."""

from __future__ import annotations

from collections.abc import Callable

from app.pages.runs.form.draft import Draft, MethodKind
from app.pages.runs.form.fields import Choice, Field, Real, Switch, Whole
from engine.contract.methods.others import AdapterDesign, PromptEncoder
from engine.contract.specs.starting import MAX_PREFIX_LENGTH


def _of(*kinds: MethodKind) -> Callable[[Draft], bool]:
    return lambda draft: draft.kind in kinds


def _budget(draft: Draft) -> bool:
    return draft.kind is MethodKind.ADAPTER and draft["method.bottleneck"] is None


OTHER_FIELDS = (
    Field(
        "method.top_layers",
        "Top layers",
        "How many of the last layers are trained, of an encoder–decoder's decoder: 2 in the paper.",
        Whole(1, 1000),
        _of(MethodKind.TOP_LAYERS),
    ),
    Field(
        "method.embeddings",
        "Input embeddings too",
        "Whether the input embeddings are trained too, as in one of the paper's two scripts.",
        Switch(),
        _of(MethodKind.TOP_LAYERS),
    ),
    Field(
        "method.design",
        "Design",
        "Where adapters stand: once behind each layer (the paper's baseline), or behind each "
        "attention and each feed-forward.",
        Choice(
            (
                (AdapterDesign.LIN, "Lin: one a layer"),
                (AdapterDesign.HOULSBY, "Houlsby: behind each part"),
            )
        ),
        _of(MethodKind.ADAPTER),
    ),
    Field(
        "method.bottleneck",
        "Bottleneck",
        "Hidden width of an adapter, in units, or the one that comes nearest to the budget.",
        Whole(1, 65536, "by the budget"),
        _of(MethodKind.ADAPTER),
    ),
    Field(
        "method.budget_percent",
        "Budget",
        "Trained parameters in per cent of the backbone's: 0.1 and 3 in the paper.",
        Real(0.001, 100.0, factor=2.0),
        _budget,
    ),
    Field(
        "method.rank",
        "Rank",
        "Inner width of LoRA's products.",
        Whole(1, 4096),
        _of(MethodKind.LORA),
    ),
    Field(
        "method.alpha",
        "Alpha",
        "LoRA's products are scaled by alpha divided by the rank.",
        Whole(1, 65536),
        _of(MethodKind.LORA),
    ),
    Field(
        "method.lora_dropout",
        "LoRA dropout",
        "Chance, from 0 to below 1, that an input of LoRA's products is zeroed in a training step.",
        Real(0.0, 0.95, 0.05),
        _of(MethodKind.LORA),
    ),
    Field(
        "method.prompt_length",
        "Prompt length",
        "P, in tokens: how many trained embeddings stand before the source.",
        Whole(1, MAX_PREFIX_LENGTH),
        _of(MethodKind.PROMPT, MethodKind.P_TUNING),
    ),
    Field(
        "method.prompt_encoder",
        "Prompt encoder",
        "What makes the embeddings while they are trained; it is dropped afterwards.",
        Choice(((PromptEncoder.MLP, "MLP"), (PromptEncoder.LSTM, "LSTM (the paper's)"))),
        _of(MethodKind.P_TUNING),
    ),
    Field(
        "method.encoder_hidden",
        "Encoder width",
        "Hidden width of the prompt encoder, in units, of each direction of an LSTM.",
        Whole(1, 16384, "the backbone's"),
        _of(MethodKind.P_TUNING),
    ),
    Field(
        "method.backbone_dropout",
        "Backbone dropout",
        "Whether the backbone's own dropout is active in training, as in the paper's baselines.",
        Switch(),
        _of(
            MethodKind.FINETUNE,
            MethodKind.TOP_LAYERS,
            MethodKind.BITFIT,
            MethodKind.ADAPTER,
            MethodKind.LORA,
        ),
    ),
)
