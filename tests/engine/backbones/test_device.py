"""Choosing device and number format on the machine that runs the tests."""

import pytest
import torch

from engine.backbones.device import choose_device, choose_dtype
from engine.backbones.machine import describe_device
from engine.contract.specs.training import Device, Precision
from tests.helpers.errors import refused

CPU = torch.device("cpu")


def test_auto_takes_the_best_that_is_there() -> None:
    best = "cuda" if torch.cuda.is_available() else "cpu"
    best = "mps" if torch.backends.mps.is_available() else best
    assert choose_device(Device.AUTO).type == best
    assert describe_device()[0] == best
    assert choose_device(Device.CPU) == CPU


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_gpu_is_named() -> None:
    with refused("no-nvidia-gpu"):
        choose_device(Device.CUDA)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this is a Mac")
def test_a_missing_mac_is_named() -> None:
    with refused("no-metal"):
        choose_device(Device.MPS)


def test_a_gpu_that_torch_cannot_use_is_not_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "2.13.0+cpu")
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/nvidia-smi")
    assert describe_device()[0] != "cuda"


def test_float32_on_a_cpu_unless_asked_otherwise() -> None:
    assert choose_dtype(Precision.AUTO, CPU) == torch.float32
    assert choose_dtype(Precision.FLOAT32, CPU) == torch.float32
    assert choose_dtype(Precision.BFLOAT16, CPU) == torch.bfloat16


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_capable_gpu_computes_in_bfloat16() -> None:
    capable = torch.cuda.get_device_capability()[0] >= 8
    expected = torch.bfloat16 if capable else torch.float32
    assert choose_dtype(Precision.AUTO, torch.device("cuda")) == expected
