"""Products with a frozen matrix on a CPU, by the library that is the faster on this machine.

torch multiplies float32 by MKL. oneDNN's own kernels, which torch ships too but has no public
function for, are up to twice as fast on some processors, most of all with few rows. Which are
faster is measured once for each machine, number of threads and size of the left-hand side, and
remembered in the cache folder: a resumed run computes as it did before.
"""

from __future__ import annotations

import contextlib
import json
import platform
import time
from collections.abc import Callable
from enum import Enum
from functools import cache
from pathlib import Path

import torch
from torch.nn.functional import linear

from engine.backbones.paths import cache_folder
from engine.contract.errors import UserError
from engine.contract.files.regular_files import read_text
from engine.contract.files.writing import write_atomically

FEW_ROWS = 128
"""A decoding step has fewer rows, a training step more."""
_SHAPE = (1536, 576)
"""Outputs and inputs of the matrix that is measured with: 3.5 MB, more than a core's cache."""
_ROUNDS = 25
"""Many, since another program may have the cores for a while; a quarter of a second."""


class Kernel(Enum):
    """The library that multiplies."""

    TORCH = "torch"
    ONEDNN = "onednn"


def product(
    x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """X @ matrix.T + bias.

    Args:
        x: [N, in], float32.
        matrix: [out, in], in either order in memory: oneDNN is faster where the inputs are
            the rows (`matrix.T` is contiguous). Of bfloat16, x is rounded to it.
        bias: [out], float32.

    Returns:
        [N, out], float32.
    """
    if matrix.dtype is torch.bfloat16:
        function = _onednn if matrix.is_mkldnn else linear
        rounded = function(x.bfloat16(), matrix, None).float()
        return rounded if bias is None else rounded.add_(bias)
    kernel = Kernel.ONEDNN if matrix.is_mkldnn else kernel_for(len(x), x)
    return _function(kernel)(x, matrix, bias)


def packed(matrix: torch.Tensor, rows: int) -> torch.Tensor:
    """A copy of a matrix [out, in] in the order in which oneDNN reads it, for `product`.

    The matrix itself where another kernel is the faster for so many rows.
    """
    if kernel_for(rows, matrix) is not Kernel.ONEDNN:
        return matrix
    made: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(matrix.contiguous(), rows)
    return made


def kernel_for(rows: int, like: torch.Tensor) -> Kernel:
    """The kernel for so many rows of such a tensor."""
    formats = (torch.float32, torch.bfloat16)
    if like.device.type != "cpu" or like.dtype not in formats or not _has_onednn():
        return Kernel.TORCH
    if like.dtype is torch.bfloat16:
        return Kernel.ONEDNN  # torch has no other
    return _choice(rows <= FEW_ROWS, torch.get_num_threads())


def _function(
    kernel: Kernel,
) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]:
    return _onednn if kernel is Kernel.ONEDNN else linear


def _onednn(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    made: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, matrix, bias, "none", [], "")
    return made


@cache
def _has_onednn() -> bool:
    """Whether this torch has oneDNN's product, which is not public, and it multiplies right."""
    x, matrix, bias = _numbers(3, 8), _numbers(5, 8), _numbers(5)
    try:
        reordered = torch.ops.mkldnn._reorder_linear_weight(matrix, 3)
        return all(
            torch.allclose(_onednn(x, given, bias), linear(x, matrix, bias), atol=1e-5)
            for given in (matrix, matrix.T.contiguous().T, reordered)
        )
    except (AttributeError, RuntimeError, TypeError):
        return False


@cache
def _choice(few_rows: bool, threads: int) -> Kernel:
    """As saved, or as measured now."""
    path, machine = cache_folder() / "kernels.json", platform.processor() or platform.machine()
    capability = torch.backends.cpu.get_cpu_capability()
    rows = "few" if few_rows else "many"
    key = f"torch {torch.__version__}, {machine}, {capability}, {threads} threads, {rows} rows"
    if (saved := _read(path, key)) is not None:
        return saved
    chosen = _measure(FEW_ROWS // 4 if few_rows else 4 * FEW_ROWS)
    # Another engine may have measured meanwhile: both must compute alike.
    if (saved := _read(path, key)) is not None:
        return saved
    with contextlib.suppress(OSError):  # measured again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({**_all(path), key: chosen.value}, indent=1))
    return chosen


def _read(path: Path, key: str) -> Kernel | None:
    """The kernel saved for a machine."""
    saved = _all(path).get(key)
    return next((kernel for kernel in Kernel if kernel.value == saved), None)


def _all(path: Path) -> dict[str, object]:
    """The choices in a file; none where it is missing or damaged."""
    try:
        saved = json.loads(read_text(path))
    except (OSError, ValueError, UserError):
        return {}
    return saved if isinstance(saved, dict) else {}


def _measure(rows: int) -> Kernel:
    """The faster of the two by the best of some rounds in turn."""
    x, matrix = _numbers(rows, _SHAPE[1]), _numbers(_SHAPE[1], _SHAPE[0]).T
    best = dict.fromkeys(Kernel, float("inf"))
    for _ in range(_ROUNDS):
        for kernel in Kernel:
            start = time.perf_counter()
            _function(kernel)(x, matrix, None)
            best[kernel] = min(best[kernel], time.perf_counter() - start)
    return min(best, key=best.__getitem__)


def _numbers(*shape: int) -> torch.Tensor:
    """Random ones that leave torch's own generator as it is: a run must not depend on them."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))
