"""Saving tensors: what safetensors says of a full disk, in our words."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError

from engine.contract.files.writing import explain_disk_errors

_CODE = re.compile(r"os error (\d+)")


@contextlib.contextmanager
def explain_save_errors(path: Path) -> Iterator[None]:
    """As `explain_disk_errors`, also for what `safetensors` raises instead of an `OSError`."""
    with explain_disk_errors(path):
        try:
            yield
        except SafetensorError as error:
            match = _CODE.search(str(error))  # "I/O error: No space left on device (os error 28)"
            if match is None:
                raise
            raise _os_error(int(match[1])) from error


def flush(file: Path) -> None:
    """Wait until the disk has a file."""
    with open(file, "rb+") as stream:
        os.fsync(stream.fileno())


def _os_error(code: int) -> OSError:
    if sys.platform == "win32":
        return OSError(0, "writing failed", None, code)
    return OSError(code, os.strerror(code))
