"""Where to compute and in which number format."""

from __future__ import annotations

import psutil
import torch

from engine.contract.errors import UserError
from engine.contract.specs.training import Device, Precision


def choose_device(device: Device) -> torch.device:
    """CUDA, else MPS, else the CPU; or the device that was requested.

    Raises:
        UserError: the device asked for is not there.
    """
    if device is Device.CUDA and not torch.cuda.is_available():
        built = "" if torch.version.cuda else ", as this torch is a build without CUDA"
        raise UserError(
            "no-nvidia-gpu",
            "The device is cuda, but torch finds no NVIDIA GPU{because}. Choose auto or cpu.",
            because=built,
        )
    if device is Device.MPS and not torch.backends.mps.is_available():
        raise UserError(
            "no-metal", "The device is mps, but this is not a Mac with Metal. Choose auto or cpu."
        )
    if device is not Device.AUTO:
        return torch.device(device.value)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """bfloat16 on a GPU that computes in it, float32 elsewhere; or what was requested."""
    if precision is Precision.FLOAT32:
        return torch.float32
    if precision is Precision.BFLOAT16:
        return torch.bfloat16
    # The first generation with bfloat16 arithmetic is Ampere, compute capability 8.0
    # (https://docs.nvidia.com/cuda/cuda-c-programming-guide/#arithmetic-instructions).
    if device.type == "cuda" and torch.cuda.get_device_capability(device)[0] >= 8:
        return torch.bfloat16
    return torch.float32


def free_memory_bytes(device: torch.device) -> dict[str, int]:
    """What is free where weights are put: in this machine's memory, and then on a GPU of its own.

    Returns:
        Bytes by place, in the words of a sentence.
    """
    free = {"of memory": int(psutil.virtual_memory().available)}
    if device.type == "cuda":
        free["on the GPU"] = int(torch.cuda.mem_get_info(device)[0])
    return free
