"""PEFT's format of LoRA and of prompts, written without PEFT (checked against peft 0.21.2).

A folder of `adapter_config.json` and `adapter_model.safetensors`, with a README beside them.
LoRA's matrices have the names of the modules they stand at; a prompt is one tensor
`prompt_embeddings` [P, d]. What P-tuning's network made is such a prompt too, and is written as
one. PEFT has no place for what the other methods train.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors.torch

from engine.contract.errors import UserError
from engine.contract.files.folders import fill_folder
from engine.contract.methods.others import LoraMethod, PromptMethod, PTuningMethod
from engine.contract.runs.delta_card import DeltaCard
from engine.contract.specs.run import describe_method
from engine.data.prompt import ENCODER_PROMPT
from engine.exchange import delta
from engine.exchange.card import README_FILE
from engine.exchange.peft import CONFIG_FILE, TENSOR_FILE, USE, base_model
from engine.methods.delta import Tensors

_PROMPT = "prompt_embeddings"
_MODULES = "base_model.model."


def write(folder: Path, tensors: Tensors, card: DeltaCard) -> None:
    """Write a delta as a PEFT folder, whole or not at all.

    Args:
        folder: missing or empty.
        tensors: as `delta.read` gives them.
        card: of the delta.

    Raises:
        UserError: PEFT's format cannot hold it, the folder is not empty, or the disk is full.
    """
    sides = "SEQ_2_SEQ_LM" if card.prompt == ENCODER_PROMPT else "CAUSAL_LM"
    config: dict[str, Any] = {
        "task_type": sides,
        "base_model_name_or_path": base_model(card.backbone),
        "inference_mode": True,
    }
    match card.method:
        case LoraMethod() as method:
            named = {_MODULES + name: tensor for name, tensor in tensors.items()}
            config |= _lora(method, tensors)
        case PromptMethod() | PTuningMethod():
            (embeddings,) = tensors.values()
            named = {_PROMPT: embeddings}
            length, width = embeddings.shape
            config |= {
                "peft_type": "PROMPT_TUNING",
                "num_virtual_tokens": length,
                "token_dim": width,
                "num_transformer_submodules": 1,  # before the encoder alone, where there is one
            }
        case other:
            raise UserError(
                "peft-lacks-method",
                "PEFT's format cannot hold {name!r}, which is {method}. Export it as native.",
                name=card.name,
                method=describe_method(other),
            )
    data = bytes(safetensors.torch.save(named, metadata={"format": "pt"}))
    with fill_folder(folder) as target:
        (target / TENSOR_FILE).write_bytes(data)
        (target / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
        (target / README_FILE).write_text(delta.readme(card, use=USE), encoding="utf-8")


def _lora(method: LoraMethod, tensors: Tensors) -> dict[str, Any]:
    places = sorted({name.partition(".lora_")[0] for name in tensors})
    return {
        "peft_type": "LORA",
        "r": method.rank,
        "lora_alpha": method.alpha,
        "lora_dropout": method.lora_dropout,
        "target_modules": places,
        # GPT-2's matrices stand the other way round; PEFT's choice there is this one.
        "fan_in_fan_out": places[0].endswith(".c_attn"),
        "bias": "none",
    }
