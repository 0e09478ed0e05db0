"""Running a helper process that can be watched, cancelled and never outlives its caller."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_POLL_EVERY_S = 0.1
GRACE_S = 3.0


@dataclass(frozen=True)
class Ended:
    """How a helper process ended; `output` is what it wrote to both its streams."""

    code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line that says something, or "no message"."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else "no message"


def run_python(
    arguments: Sequence[str], *, environment: Mapping[str, str], poll: Callable[[], None]
) -> Ended:
    """Run this Python with `arguments` and wait for it.

    Args:
        arguments: what follows `python`, such as ("-m", "pip", "--version").
        environment: variables beside those of this process.
        poll: called some ten times a second; what it raises ends the process, then goes on up.
    """
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            code = _wait(process, poll)
        finally:
            _end(process)
        output.seek(0)
        return Ended(code, output.read().decode("utf-8", errors="replace"))


def _wait(process: subprocess.Popen[bytes], poll: Callable[[], None]) -> int:
    while True:
        poll()
        try:
            return process.wait(_POLL_EVERY_S)
        except subprocess.TimeoutExpired:
            continue


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
