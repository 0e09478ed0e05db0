"""A terminal that a test holds the other end of."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from types import TracebackType

PATIENCE_S = 120.0


class Terminal:
    """A pseudo-terminal; `inside` is the end for the process.

    The process must be started in a session of its own, with `take_control` called before it
    begins, so that Ctrl+C reaches it.
    """

    def __init__(self) -> None:
        self._outside, self.inside = pty.openpty()
        self._shown = b""

    def take_control(self) -> None:
        """Make this the terminal of the session (in the child)."""
        fcntl.ioctl(self.inside, termios.TIOCSCTTY, 0)

    def press_ctrl_c(self) -> None:
        os.write(self._outside, b"\x03")

    def read_until(self, text: str, process: subprocess.Popen[str]) -> None:
        """Read until `text` was shown."""
        give_up_s = time.monotonic() + PATIENCE_S
        while text.encode() not in self._shown:
            assert time.monotonic() < give_up_s, self._shown.decode()
            if not self._read() and process.poll() is not None:
                raise AssertionError(f"ended without {text!r}: {self._shown.decode()}")

    def read_all(self) -> str:
        """Everything shown, once the process has ended."""
        while self._read(patience_s=0.0):
            pass
        return self._shown.decode()

    def _read(self, *, patience_s: float = 0.1) -> bool:
        ready, _, _ = select.select([self._outside], [], [], patience_s)
        if not ready:
            return False
        self._shown += os.read(self._outside, 65536)
        return True

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._outside)
        os.close(self.inside)
