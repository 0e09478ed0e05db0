"""The two files of a PEFT folder with a prefix, read with care: what they hold and whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from engine.backbones.regular import read_json
from engine.contract.backbone import BackboneKind, BackboneShape
from engine.contract.errors import UserError
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.exchange.card import PEFT_CONFIG_FILE, refuse_pickles
from engine.exchange.checking import check_tensor_file
from engine.exchange.errors import damaged_file, missing_file, not_finite
from engine.exchange.foreign import Known
from engine.exchange.peft_heads import MODEL_TYPES, TASKS
from engine.methods.base import Tensors

CONFIG_FILE = PEFT_CONFIG_FILE
TENSOR_FILE = "adapter_model.safetensors"
PROMPT_TENSOR = "prompt_embeddings"
SHIFTED_TYPES = ("bart", "pegasus", "marian")
"""Encoder–decoders behind whose prefix PEFT has the decoder's tokens at positions from P, which
this program can have too. T5 counts distances, and PEFT's prefix stands at some."""
MAX_LAYERS = 10_000
"""Limit of layers that a folder may speak of; real backbones have some hundred at most."""


def read_config(folder: Path) -> dict[str, Any]:
    """`adapter_config.json`.

    Raises:
        UserError: missing, or damaged.
    """
    path = folder / CONFIG_FILE
    try:
        config = read_json(path)
    except FileNotFoundError as error:
        raise UserError(
            "peft-config-missing",
            "{path} is missing. Choose a folder that PEFT's save_pretrained has written.",
            path=path,
        ) from error
    if not isinstance(config, dict):
        raise damaged_file(path, "it holds no object", what="folder")
    return config


def refuse_others(folder: Path, config: dict[str, Any], known: Known) -> str:
    """Refuse what is no prefix, or none that can be held.

    Returns:
        PEFT's name of its task.

    Raises:
        UserError: it is of another kind, task or backbone.
    """
    kind, task = config.get("peft_type"), config.get("task_type")
    if kind != "PREFIX_TUNING":
        raise UserError(
            "peft-kind",
            "{folder} holds an adapter of the kind {kind}. Only PREFIX_TUNING can be imported.",
            folder=folder,
            kind=kind,
        )
    if task is None:
        raise UserError(
            "peft-task-missing",
            "{path} has no task_type, so even PEFT would ignore the prefix. "
            'Set it to "CAUSAL_LM" if it was trained on a decoder-only backbone.',
            path=folder / CONFIG_FILE,
        )
    kinds: dict[str, tuple[BackboneKind, ...]] = {
        "CAUSAL_LM": (BackboneKind.DECODER,),
        "SEQ_2_SEQ_LM": (BackboneKind.ENCODER_DECODER,),
        **dict.fromkeys(TASKS, (BackboneKind.ENCODER, BackboneKind.MASKED)),
    }
    if not isinstance(task, str) or task not in kinds:
        raise UserError(
            "peft-task",
            "{folder} holds a prefix for the task {task}. Only {tasks} can be imported.",
            folder=folder,
            task=task,
            tasks=", ".join(kinds),
        )
    if known.shape is not None and known.shape.kind not in kinds[task]:
        what = "a decoder-only backbone"
        if known.shape.kind is not BackboneKind.DECODER:
            what = "an encoder" if known.shape.reads_only else "an encoder–decoder"
        raise UserError(
            "peft-task-of-another-backbone",
            "{folder} holds a prefix for the task {task}, but its backbone is {kind}. "
            "Name the backbone that it was trained on with --backbone.",
            folder=folder,
            task=task,
            kind=what,
        )
    types = SHIFTED_TYPES if task == "SEQ_2_SEQ_LM" else MODEL_TYPES
    if task == "CAUSAL_LM":
        return task
    if not known.model_type:
        raise UserError(
            "peft-backbone-absent",
            "{folder} holds a prefix for the task {task}, and its backbone is not on this "
            "machine, so it is not known whether it can be imported. Name the backbone with "
            "--backbone.",
            folder=folder,
            task=task,
        )
    if known.model_type not in types or (task, known.model_type) == ("SEQ_CLS", "electra"):
        raise UserError(
            "peft-model-type",
            "{folder} holds a prefix for the task {task} on {model_type}. Of such backbones, only "
            "{types} can be imported.",
            folder=folder,
            task=task,
            model_type=known.model_type,
            types=", ".join(types),
        )
    return task


def read_tensors(folder: Path, *, by_head: bool) -> tuple[torch.Tensor, Tensors]:
    """The prefix [P, L*2*H*D], and the other tensors.

    Args:
        by_head: whether there may be others, of a head.

    Raises:
        UserError: missing, damaged, or other tensors.
    """
    path = folder / TENSOR_FILE
    if not path.exists():
        refuse_pickles(folder)
        raise missing_file(path, what="folder")
    try:
        check_tensor_file(path)
        tensors = safetensors.torch.load_file(path)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise damaged_file(path, error, what="file") from error
    others = {name: tensor for name, tensor in tensors.items() if name != PROMPT_TENSOR}
    prompt = tensors.get(PROMPT_TENSOR)
    if (others and not by_head) or prompt is None or prompt.dim() != 2:
        what = f"also {min(others)}" if others and not by_head else f"no matrix {PROMPT_TENSOR}"
        raise UserError(
            "peft-other-tensors",
            "{path} holds {what}. Only adapters that are a prefix and nothing else can be "
            "imported.",
            path=path,
            what=what,
        )
    flat: torch.Tensor = prompt.float()
    if not bool(torch.isfinite(flat).all()):
        raise not_finite(PROMPT_TENSOR, folder.resolve().name, what="prefix")
    return flat, others


def sizes_of(
    folder: Path, config: dict[str, Any], shape: BackboneShape | None
) -> tuple[int, int, int]:
    """(L, H, D) of the backbone.

    Raises:
        UserError: neither the folder nor this machine knows them.
    """
    if shape is not None:
        return shape.layers, shape.kv_heads, shape.head_width
    sizes = [config.get(name) for name in ("num_layers", "num_attention_heads", "token_dim")]
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise UserError(
            "peft-sizes-missing",
            "{path} does not say num_layers, num_attention_heads and token_dim, and the backbone "
            "is not on this machine. Name the backbone with --backbone.",
            path=folder / CONFIG_FILE,
        )
    layers, heads, width = (int(size or 0) for size in sizes)
    if layers > MAX_LAYERS:
        raise UserError(
            "peft-too-many-layers",
            "{path} says num_layers {layers:,}. Up to {limit:,} are read.",
            path=folder / CONFIG_FILE,
            layers=layers,
            limit=MAX_LAYERS,
        )
    return layers, heads, width // heads


def method_of(config: dict[str, Any], length: int) -> PrefixMethod:
    """How PEFT trained it; both of its forms start at random or at zero."""
    if not config.get("prefix_projection"):
        return PrefixMethod(
            prefix_length=length, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM
        )
    widths = (config.get(name) for name in ("encoder_hidden_size", "token_dim"))
    return PrefixMethod(
        prefix_length=length,
        parametrisation=Parametrisation.MLP,
        mid_dim=next((width for width in widths if isinstance(width, int) and width > 0), 512),
        init=Init.RANDOM,
    )
