"""A disk of a few megabytes that can really be full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A tmpfs at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def resize(self, kilobytes: int) -> None:
        """Make it larger or smaller."""
        self._mount("-o", f"remount,size={kilobytes}k")

    def fill(self) -> Path:
        """Take all the room there is; delete the file to give it back."""
        filler = self.path / "filler"
        with open(filler, "wb", buffering=0) as stream:
            while True:
                try:
                    stream.write(bytes(4096))
                except OSError:
                    return filler

    def free_kilobytes(self) -> int:
        return shutil.disk_usage(self.path).free // 1024

    def read_only(self, *, on: bool) -> None:
        self._mount("-o", f"remount,{'ro' if on else 'rw'}")

    def _mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, str(self.path)], check=True, capture_output=True)


@contextmanager
def small_disk(path: Path, *, kilobytes: int) -> Iterator[SmallDisk]:
    """Mount one; skips where the system does not let us (it takes root)."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(path)]
    if os.name != "posix" or shutil.which("mount") is None:
        pytest.skip("there is no mount command for a small disk")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root)")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True, capture_output=True)
