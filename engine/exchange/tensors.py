"""Files of tensors: float32 by name, in safetensors."""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from engine.exchange.checking import read_checked
from engine.exchange.errors import damaged_file, not_finite
from engine.methods.base import Tensors


def to_bytes(tensors: Tensors) -> bytes:
    """The content of a tensors' file; the same numbers always give the same bytes."""
    stored = {
        name: tensor.detach().to("cpu", torch.float32).contiguous()
        for name, tensor in sorted(tensors.items())
    }
    return bytes(safetensors.torch.save(stored))


def read_tensors(path: Path, sha256: str, *, name: str, what: str) -> Tensors:
    """The tensors of a file, float32 on the CPU, if it is the one that a card describes.

    Raises:
        UserError: missing, damaged, changed, or a value in it is no number.
    """
    data = read_checked(path, sha256=sha256, what=what)
    try:
        tensors: Tensors = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise damaged_file(path, error, what=what) from error
    check_finite(tensors, name, what=what)
    return tensors


def check_finite(tensors: Tensors, name: str, *, what: str) -> None:
    """Raise `UserError` for the first tensor that holds something else than numbers."""
    for tensor_name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise not_finite(tensor_name, name, what=what)
