"""Outputs that clients wait for: a queue with a limit, which the search takes its inputs from."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.contract.specs.training import DecodingSpec
from engine.decoding.processors import SearchInput
from engine.serving.transcript import TokenText, Transcript


@dataclass(frozen=True)
class OutputPiece:
    """An output goes on.

    Attributes:
        tokens: those that came since the last piece; empty where nobody asked for them.
    """

    text: str
    tokens: tuple[TokenText, ...] = ()


@dataclass(frozen=True)
class JobEnded:
    """An output is complete.

    Attributes:
        text: all of it.
        tokens: of all of it; empty where nobody asked for them.
        new_tokens: how many were generated.
        is_cut: whether it ended because it was as long as it may be.
    """

    text: str
    tokens: tuple[TokenText, ...]
    new_tokens: int
    is_cut: bool


@dataclass(frozen=True)
class OutputFailed:
    """There will be no output."""

    message: str


JobEvent = OutputPiece | JobEnded | OutputFailed


@dataclass(eq=False)
class OutputJob:
    """One output to be made.

    Attributes:
        row: of its prefix.
        alternatives: as `SearchInput` has them.
        transcript: its text so far.
        streams: whether `report` gets pieces.
        report: gets each event, in the thread of the search.
        is_cancelled: set by anyone when nobody waits for it any more.
    """

    row: int
    prompt: Sequence[int]
    decoding: DecodingSpec
    transcript: Transcript
    report: Callable[[JobEvent], None]
    streams: bool = False
    alternatives: int = 0
    is_cancelled: bool = False
    reported_tokens: int = field(default=0, init=False)

    def as_input(self, index: int) -> SearchInput:
        """What the search is given."""
        return SearchInput(
            index=index,
            row=self.row,
            tokens=self.prompt,
            decoding=self.decoding,
            alternatives=self.alternatives,
            is_over=lambda tokens: self.is_cancelled or self.transcript.is_stopped,
        )


class QueueFullError(Exception):
    """More jobs wait than may."""


class JobQueue:
    """Jobs that wait, and those that the search works on (`engine.decoding.search.Source`).

    Args:
        most_waiting: jobs that may wait.
    """

    def __init__(self, most_waiting: int) -> None:
        self.most_waiting = most_waiting
        self._changed = threading.Condition()
        self._waiting: deque[OutputJob] = deque()
        self._running: dict[int, OutputJob] = {}
        self._count = 0
        self._is_closed = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many the search works on."""
        return len(self._running)

    def put(self, jobs: Sequence[OutputJob]) -> None:
        """Let jobs wait, all of them or none.

        Raises:
            QueueFullError: there is no room for them.
        """
        with self._changed:
            if self._is_closed or len(self._waiting) + len(jobs) > self.most_waiting:
                raise QueueFullError
            self._waiting.extend(jobs)
            self._changed.notify()

    def cancel(self, jobs: Sequence[OutputJob]) -> None:
        """Nobody waits for these any more."""
        with self._changed:
            for job in jobs:
                job.is_cancelled = True
                if job in self._waiting:
                    self._waiting.remove(job)

    def take(self, most: int, *, wait: bool) -> list[SearchInput]:
        """As `Source.take`; nothing once the queue is closed."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
            inputs: list[SearchInput] = []
            while self._waiting and len(inputs) < most:
                job = self._waiting.popleft()
                self._count += 1
                self._running[self._count] = job
                inputs.append(job.as_input(self._count))
            return inputs

    def running_job(self, index: int) -> OutputJob:
        """The job of an event of the search."""
        return self._running[index]

    def done(self, index: int) -> None:
        """The search has ended this job."""
        del self._running[index]

    def fail_running(self, message: str) -> None:
        """The search has stopped in the middle."""
        running, self._running = self._running, {}
        for job in running.values():
            job.report(OutputFailed(message))

    def close(self) -> None:
        """Take nothing any more, and end what is being done."""
        with self._changed:
            self._is_closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            for job in (*waiting, *self._running.values()):
                job.is_cancelled = True
            self._changed.notify()
        for job in waiting:
            job.report(OutputFailed("The server is shutting down."))

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed
