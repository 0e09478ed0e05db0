"""What the libraries below torch read from the environment when they are loaded."""

from __future__ import annotations

import os

SPINS = 3000
"""Turns of libgomp's waiting loop before a thread sleeps: enough that a training step alone is no
slower (benchmarks/busy_core.py)."""
PRIMITIVES = 128
"""oneDNN keeps compiled code for each shape, by default for 1,024 of them: hundreds of MB that
fill bit by bit as inputs of all lengths come."""


def prepare_environment() -> None:
    """Set what the user has not set; to be called before torch is imported."""
    share_cores()
    for variable in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):  # oneDNN, torch
        os.environ.setdefault(variable, str(PRIMITIVES))


def share_cores() -> None:
    """Have waiting threads sleep soon.

    By default OpenMP's threads on Linux spin for milliseconds at the end of every operation
    (GCC's libgomp manual, GOMP_SPINCOUNT). Where another program takes one of the cores, most
    operations end so, and a training step takes several times as long as it does with this
    (docs/results.md). What the user has set stays; elsewhere than with libgomp this does nothing.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
