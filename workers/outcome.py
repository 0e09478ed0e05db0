"""How a child process ended."""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass


class End(enum.Enum):
    """The ways in which a process can end."""

    NOT_STARTED = "not started"
    FINISHED = "finished"
    FAILED = "failed"
    """It ended by itself with an exit code other than 0."""
    CRASHED = "crashed"
    """A signal ended it: a fault of its own, the system, or a person."""


@dataclass(frozen=True)
class ProcessOutcome:
    """How a child process ended.

    Attributes:
        code: the exit code (FAILED) or the signal's number (CRASHED).
        said: the last lines of its standard error.
    """

    end: End
    code: int = 0
    said: str = ""

    @classmethod
    def of(cls, returncode: int, said: str = "") -> ProcessOutcome:
        """The outcome behind `Popen.returncode` (negative: a signal)."""
        if returncode == 0:
            return cls(End.FINISHED, said=said)
        if returncode < 0:
            return cls(End.CRASHED, -returncode, said)
        return cls(End.FAILED, returncode, said)

    @property
    def sentence(self) -> str:
        """What an engine that ended with exit code 2 has to say to the user, or ""."""
        if self.end is End.FAILED and self.code == 2 and self.said:
            return self.said.splitlines()[-1]
        return ""

    def describe(self) -> str:
        """What happened, to follow "the process …"."""
        match self.end:
            case End.NOT_STARTED:
                return f"could not be started ({self.said})"
            case End.FINISHED:
                return "ended with exit code 0"
            case End.FAILED:
                return f"ended with exit code {self.code}"
        try:
            name = signal.Signals(self.code).name
        except ValueError:
            name = "unknown"
        words = f"was ended by signal {self.code} ({name})"
        if name == "SIGKILL":
            words += ", often because memory ran out"
        return words
