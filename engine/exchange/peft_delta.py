"""PEFT's format of a delta, written without PEFT (checked against peft 0.21.2).

A folder of `adapter_config.json` and `adapter_model.safetensors`, with a README beside them. What
stands in both is the method's own `peft_form`; PEFT has no place for what some methods train.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors.torch

from engine.contract.errors import UserError
from engine.contract.files.folders import fill_folder
from engine.contract.methods.all import info_of
from engine.contract.runs.cards import Card
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import describe_method
from engine.contract.tasks.all import task_info
from engine.data.prompt import ENCODER_PROMPT
from engine.exchange.card import README_FILE, readme
from engine.exchange.peft import USE, base_model, use_of_head
from engine.exchange.peft_files import CONFIG_FILE, TENSOR_FILE
from engine.exchange.peft_heads import BODIES, peft_head
from engine.methods.base import Tensors
from engine.methods.embedded import PROMPT
from engine.methods.making import delta_class


def write(
    folder: Path,
    tensors: Tensors,
    card: Card,
    head: Tensors | None = None,
    *,
    model_type: str = "",
) -> None:
    """Write a delta as a PEFT folder, whole or not at all.

    Args:
        folder: missing or empty.
        tensors: as `folders.read` gives them.
        card: of the delta.
        head: of its task, where that has one.
        model_type: of its backbone; "" where that is not on this machine.

    Raises:
        UserError: PEFT's format cannot hold it, the folder is not empty, or the disk is full.
    """
    method = card.method
    if "peft" not in info_of(method).exports:
        raise UserError(
            "peft-lacks-method",
            "PEFT's format cannot hold {name!r}, which is {method}. Export it as native.",
            name=card.name,
            method=describe_method(method),
        )
    other = None
    if task_info(card.task).answer is not AnswerKind.TEXT:
        other = peft_head(card, head or {}, model_type)
    task_type = "SEQ_2_SEQ_LM" if card.prompt == ENCODER_PROMPT else "CAUSAL_LM"
    config: dict[str, Any] = {
        "task_type": other.task_type if other else task_type,
        "base_model_name_or_path": base_model(card.backbone),
        "inference_mode": True,
    }
    own, named = delta_class(method).peft_form(method, tensors)
    config |= own
    if other:
        if PROMPT in tensors:
            raise UserError(
                "peft-reads-prompts",
                "PEFT's format cannot hold {name!r}. Behind a prompt, PEFT's heads read the "
                "prompt's tokens too. Export it as native.",
                name=card.name,
            )
        # A bare encoder has not the name that it has inside a class for a task.
        body = f"base_model.model.{BODIES[model_type]}."
        named = {
            name if name.startswith(body) else body + name.removeprefix("base_model.model."): each
            for name, each in named.items()
        } | other.tensors
        config["modules_to_save"] = other.modules
    data = bytes(safetensors.torch.save(named, metadata={"format": "pt"}))
    text = readme(card, stored_bytes=len(data), use=use_of_head(other, card) if other else USE)
    with fill_folder(folder) as target:
        (target / TENSOR_FILE).write_bytes(data)
        (target / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
        (target / README_FILE).write_text(text, encoding="utf-8")
