"""Whether what a backbone's `config.json` asks for is what its weight files hold.

Asked before anything is allocated: a file of a kilobyte may speak of a hundred million layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.backbones.config import BackboneConfig
from engine.backbones.tensor_files import SavedTensor
from engine.contract.errors import UserError

if TYPE_CHECKING:
    import torch

_MADE_POSITIONS = 16_384
"""Most positions of backbones that compute a table of them in Python when they are made."""
_SPARE = 2
"""How many times the saved parameters a model may have: tied weights are saved once."""


def saved_parameters(config: BackboneConfig, tensors: Sequence[SavedTensor]) -> int:
    """How many numbers the weight files hold.

    Args:
        tensors: of all of them.

    Raises:
        UserError: `config.json` asks for more layers than there are tensors, or for a table of
            positions that would take hours to compute.
    """
    for name, value in config.layer_counts():
        if value > len(tensors):
            raise _beyond(config, name, value, f"the weight files hold {len(tensors):,} tensors")
    for name, value in config.computed_positions():
        if value > _MADE_POSITIONS:
            raise _beyond(config, name, value, f"at most {_MADE_POSITIONS:,} can be computed")
    return sum(min(tensor.count, tensor.end - tensor.start) for tensor in tensors)


def _beyond(config: BackboneConfig, name: str, value: int, held: str) -> UserError:
    return UserError(
        "config-number-too-large",
        "{path} says {name} {value:,}, but {reason}. Get the backbone again.",
        path=config.path,
        name=name,
        value=value,
        reason=held,
    )


def refuse_more(config: BackboneConfig, model: Any, declared: int) -> None:
    """Refuse a model, outlined without weights, that is larger than its files.

    Raises:
        UserError: it has far more parameters than are saved.
    """
    wanted = sum(parameter.numel() for parameter in model.parameters())
    if wanted > _SPARE * declared:
        raise UserError(
            "model-larger-than-its-files",
            "{path} describes a model of {described:,} parameters, but the weight files hold "
            "{stored:,}. Get the backbone again.",
            path=config.path,
            described=wanted,
            stored=declared,
        )


def refuse_memory(folder: Path, declared: int, *, device: torch.device, dtype: torch.dtype) -> None:
    """Refuse weights that cannot fit into the memory that is free here, or on the GPU.

    Raises:
        UserError: they are larger, with the arithmetic.
    """
    from engine.backbones.device import free_memory_bytes

    needed = declared * dtype.itemsize
    for where, free in free_memory_bytes(device).items():
        if needed > free:
            raise UserError(
                "no-room-for-weights",
                "{name} has {parameters:,} parameters: at {width} bytes each ({precision}) they "
                "need {needed_mb:,} MB, and {free_mb:,} MB {where} are free. Close other "
                "programs, or choose a smaller backbone.",
                name=folder.name,
                parameters=declared,
                width=dtype.itemsize,
                precision=str(dtype).removeprefix("torch."),
                needed_mb=needed // 10**6,
                free_mb=free // 10**6,
                where=where,
            )
