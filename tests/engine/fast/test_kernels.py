"""Products by the faster library: right, remembered, and without a trace in a run's numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.backbones.paths import CACHE_VARIABLE
from engine.fast import kernels
from engine.fast.kernels import FEW_ROWS, Kernel, kernel_for, packed, product


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of choices in a cache of its own, nothing measured yet."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    forget()
    yield tmp_path / "kernels.json"
    forget()


def forget() -> None:
    """As in a new process."""
    for name in ("_choice", "_has_onednn"):
        vars(kernels)[name].cache_clear()


@pytest.mark.parametrize("kernel", Kernel)
@pytest.mark.parametrize("rows", [1, 5, FEW_ROWS, FEW_ROWS + 1])
def test_products_are_those_of_torch(
    saved: Path, kernel: Kernel, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "kernel_for", lambda rows, like: kernel)
    x, matrix, bias = torch.randn(rows, 24), torch.randn(40, 24), torch.randn(40)
    for given in (matrix, matrix.T.contiguous().T, packed(matrix, rows)):
        torch.testing.assert_close(
            product(x, given, bias), torch.nn.functional.linear(x, matrix, bias)
        )


def test_what_was_measured_is_remembered(saved: Path) -> None:
    x = torch.randn(3, 8)
    first = kernel_for(3, x)
    (key,) = json.loads(saved.read_text())
    other = next(kernel for kernel in Kernel if kernel is not first)
    saved.write_text(json.dumps({key: other.value}))
    assert kernel_for(3, x) is first  # of this process
    forget()
    assert kernel_for(3, x) is other


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}'])
def test_a_damaged_file_is_measured_again(saved: Path, text: str) -> None:
    saved.write_text(text)
    chosen = kernel_for(3, torch.randn(3, 8))
    assert chosen.value in json.loads(saved.read_text()).values()


def test_the_measurement_leaves_the_random_numbers_of_a_run(saved: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    kernel_for(3, torch.zeros(3, 8))
    kernel_for(500, torch.zeros(500, 8))
    assert torch.equal(torch.rand(4), expected)


def test_other_formats_are_left_to_torch(saved: Path) -> None:
    assert kernel_for(3, torch.zeros(3, 8, dtype=torch.float64)) is Kernel.TORCH
    assert not saved.exists()
