"""The methods with a delta on tiny backbones, for tests of methods, training and whole runs."""

from __future__ import annotations

import re
from typing import Any

import torch

from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.ia3 import Ia3Method
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.norms import NormsMethod
from engine.contract.methods.p_tuning import PromptEncoder, PTuningMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.contract.specs.starting import Init
from engine.methods.base import Method, System

HOULSBY = AdapterDesign.HOULSBY
OTHER_METHODS: dict[str, tuple[str, MethodSpec]] = {
    "top-layers": ("llama", TopLayersMethod()),
    "top-layers-gpt2": ("gpt2", TopLayersMethod(1)),
    "top-embeddings": ("gpt2", TopLayersMethod(1, embeddings=True)),
    "top-layers-bart": ("bart", TopLayersMethod()),
    "top-layers-t5": ("t5", TopLayersMethod(1)),
    "bitfit": ("gpt2", BiasMethod()),
    "bitfit-qwen2": ("qwen2", BiasMethod()),
    "bitfit-bart": ("bart", BiasMethod()),
    "norms": ("llama", NormsMethod()),
    "norms-t5": ("t5", NormsMethod()),
    "lora": ("llama", LoraMethod(rank=4)),
    "lora-gpt2": ("gpt2", LoraMethod(rank=4, alpha=2, lora_dropout=0.1)),
    "lora-t5": ("t5", LoraMethod(rank=4)),
    "lora-phi3": ("phi3", LoraMethod(rank=4)),
    "ia3": ("llama", Ia3Method()),
    "ia3-gpt2": ("gpt2", Ia3Method()),
    "ia3-t5": ("t5", Ia3Method()),
    "ia3-bart": ("bart", Ia3Method()),
    "lin": ("llama", AdapterMethod(bottleneck=8)),
    "lin-t5": ("t5", AdapterMethod(bottleneck=8)),
    "houlsby": ("llama", AdapterMethod(HOULSBY, bottleneck=8)),
    "houlsby-gpt2": ("gpt2", AdapterMethod(HOULSBY, bottleneck=8)),
    "houlsby-bart": ("bart", AdapterMethod(HOULSBY, bottleneck=8)),
    "houlsby-t5": ("t5", AdapterMethod(HOULSBY, budget_percent=6)),
    "houlsby-opt": ("opt", AdapterMethod(HOULSBY, bottleneck=8)),
    "prompt": ("llama", PromptMethod(6)),
    "prompt-gpt2": ("gpt2", PromptMethod(6, Init.RANDOM)),
    "prompt-bart": ("bart", PromptMethod(6)),
    "prompt-t5": ("t5", PromptMethod(6)),
    "p-tuning-mlp": ("llama", PTuningMethod(6, encoder_hidden=16)),
    "p-tuning-lstm": ("gpt2", PTuningMethod(6, PromptEncoder.LSTM, 16)),
    "p-tuning-marian": ("marian", PTuningMethod(6)),
}
"""By name: the backbone's family and the method."""
WHOLE_RUNS = (
    "top-layers",
    "top-embeddings",
    "bitfit",
    "norms",
    "lin",
    "houlsby-bart",
    "lora-gpt2",
    "ia3",
    "prompt",
    "prompt-t5",
    "p-tuning-mlp",
    "p-tuning-lstm",
)
"""Those that are trained from their run folder to the verdict."""


def logits(
    system: System, ids: torch.Tensor, mask: torch.Tensor | None = None, *, decoder: int = 4
) -> torch.Tensor:
    """What a system says of token ids [B, T], as in training; [B, T or K, vocabulary].

    Args:
        decoder: how many tokens K the decoder of an encoder–decoder reads.
    """
    mask = torch.ones_like(ids) if mask is None else mask
    behind = torch.zeros_like(ids, dtype=torch.bool)
    backbone = system.backbone
    with torch.no_grad(), system.active(), system.batch([], mask, behind) as positions:
        sides = {"position_ids": positions}
        if backbone.is_encoder_decoder:
            rows = torch.arange(7, 7 + decoder).expand(len(ids), -1)
            sides = {"decoder_input_ids": rows}
        found: torch.Tensor = backbone.model(input_ids=ids, attention_mask=mask, **sides)[0]
    return found


def scatter(system: torch.nn.Module | dict[str, torch.nn.Parameter], *, seed: int = 0) -> None:
    """Move every parameter away from where it starts."""
    parameters = system if isinstance(system, dict) else dict(system.named_parameters())
    made = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.add_(torch.randn(parameter.shape, generator=made) * 0.1)


def peft_logits(theirs: Any, method: Method, ids: torch.Tensor, *, marker: str) -> torch.Tensor:
    """What PEFT's model says of token ids with the method's parameters, as `logits` does.

    Args:
        marker: in the names of all parameters that PEFT adds for the method.
    """
    state = dict(theirs.named_parameters())
    with torch.no_grad():
        for name, parameter in method.trainable().items():
            name = re.sub(r"(\.weight)?$", r".default\1", f"base_model.model.{name}", count=1)
            state.pop(name).copy_(parameter)
        assert not [name for name in state if marker in name], "PEFT has it elsewhere too"
        sides = {}
        if method.backbone.is_encoder_decoder:
            sides = {"decoder_input_ids": torch.arange(7, 11)[None]}
        output = theirs(input_ids=ids, attention_mask=torch.ones_like(ids), **sides)
    expected: torch.Tensor = output.logits
    return expected
