"""The device that AUTO would choose and its memory, without loading torch."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys

_ASK_S = 5.0


def describe_device() -> tuple[str, int]:
    """("cuda", "mps" or "cpu", its memory in bytes; 0 where that is unknown)."""
    gpu = _nvidia_memory_bytes()
    if gpu:
        return "cuda", gpu
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps", physical_memory_bytes()
    return "cpu", physical_memory_bytes()


def _nvidia_memory_bytes() -> int:
    """Memory of the first NVIDIA GPU, or 0 where torch could not use one."""
    tool = shutil.which("nvidia-smi")
    if tool is None or _torch_is_for_cpu():
        return 0
    try:
        asked = subprocess.run(
            [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_ASK_S,
            check=True,
        )
        return int(asked.stdout.split()[0]) * 1024 * 1024
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0


def _torch_is_for_cpu() -> bool:
    try:
        return importlib.metadata.version("torch").endswith("+cpu")
    except importlib.metadata.PackageNotFoundError:
        return True


def physical_memory_bytes() -> int:
    """This machine's memory, or 0 where that is unknown."""
    if sys.platform == "win32":
        return _windows_memory_bytes()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0


if sys.platform == "win32":

    class _MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load_percent", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 6),
        )

    def _windows_memory_bytes() -> int:
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.total)
