"""How the threads that compute one tensor wait for one another."""

from __future__ import annotations

import os

SPINS = 3000
"""Turns of libgomp's waiting loop before a thread sleeps: enough that a training step alone is no
slower (benchmarks/busy_core.py)."""


def share_cores() -> None:
    """Have waiting threads sleep soon; to be called before torch is imported.

    By default OpenMP's threads on Linux spin for milliseconds at the end of every operation
    (GCC's libgomp manual, GOMP_SPINCOUNT). Where another program takes one of the cores, most
    operations end so, and a training step takes several times as long as it does with this
    (docs/results.md). What the user has set stays; elsewhere than with libgomp this does nothing.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
