"""How the C library hands out memory to a process that computes on the CPU."""

from __future__ import annotations

import ctypes
import functools
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
"""Parameters of glibc's mallopt(3), from its malloc.h."""
_NEVER = 2**31 - 1


@functools.cache
def reuse_freed_memory() -> None:
    """Let glibc keep what is freed for the next allocation, once for this process.

    By default it maps every large tensor anew and gives it back when it is freed, so that each
    training step has its pages zeroed again by the system: a fifth of the step
    (docs/results.md). Elsewhere than on Linux with glibc this does nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library, such as musl
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _NEVER)
    mallopt(_M_ARENA_MAX, 1)
