"""What the command line shows: a progress bar on a terminal, plain lines elsewhere.

Names, headers, texts and sentences about them may come from an untrusted file. All that is
printed goes through `escaped`, so that a terminal shows them and never obeys them.
"""

from __future__ import annotations

import logging
import math
import re
import sys
import time
from collections.abc import Sequence

from engine.contract.errors import UserError
from engine.contract.runs.events import (
    Evaluation,
    JournalEntry,
    Notice,
    OutputsSaved,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import RunStatus
from engine.contract.runs.scores import Absent, Score
from engine.data.tallies import counted

BAR_WIDTH = 30
PLAIN_INTERVAL_S = 10.0
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters but tab and line break, what turns the direction of text, and surrogates."""


def escaped(text: str) -> str:
    """Text with the number of each character that a terminal would obey instead of it.

    The numbers are written as JSON does, so that JSON stays the same JSON.
    """
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def complain(error: UserError) -> None:
    """The sentence of an error, and what would help, on standard error."""
    print(escaped(f"error: {error.message}"), file=sys.stderr)
    for remedy in error.remedies:
        print(escaped(f"  would need less: {remedy.label}"), file=sys.stderr)


class EscapedFormatter(logging.Formatter):
    """Log lines and tracebacks as a terminal may have them."""

    def format(self, record: logging.LogRecord) -> str:
        """As the base class does it, escaped."""
        return escaped(super().format(record))


class Console:
    """Standard output; `line` for what stays, `bar` for what is replaced."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._bar = ""
        self._shown_s = time.monotonic()

    def line(self, text: str = "") -> None:
        """A line that stays."""
        self._clear()
        print(escaped(text), flush=True)

    def warn(self, text: str) -> None:
        """A line on standard error, beside output that a program may read."""
        self._clear()
        print(escaped(f"note: {text}"), file=sys.stderr, flush=True)

    def bar(self, done: int, total: int, text: str) -> None:
        """Progress: drawn in place on a terminal, else a line now and then."""
        share = done / total if total else 0.0
        text = escaped(" ".join(text.splitlines()))
        if self._terminal:
            filled = round(BAR_WIDTH * share)
            shown = f"{'█' * filled}{'░' * (BAR_WIDTH - filled)} {share:4.0%}  {text}"
            sys.stdout.write("\r\x1b[K" + shown)
            sys.stdout.flush()
            self._bar = shown
        elif time.monotonic() - self._shown_s >= PLAIN_INTERVAL_S:
            self._shown_s = time.monotonic()
            print(f"{share:4.0%}  {text}" if total else text, flush=True)

    def _clear(self) -> None:
        if self._bar:
            sys.stdout.write("\r\x1b[K")
            self._bar = ""


class ConsoleReporter:
    """A `Reporter` that draws on the console."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._drawn_s = 0.0

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        """Draw at most ten times a second."""
        if time.monotonic() - self._drawn_s < 0.1 and done != total:
            return
        self._drawn_s = time.monotonic()
        shown = self._title if not text else f"{self._title}: {text}"
        if total:
            shown += f", {_amount(done, unit)} of {_amount(total, unit)}"
        elif done:
            shown += f", {_amount(done, unit)}"
        self._console.bar(done, total, shown)


class RunPrinter:
    """Hears a run's journal and status, and prints what a person wants to see.

    Attributes:
        failed: the verdict of a run that could not go on, or None.

    Args:
        writes: whether the run's task writes texts.
    """

    def __init__(self, console: Console, *, writes: bool = True) -> None:
        self._console = console
        self._predicted = "decoded" if writes else "predicted"
        self._loss = ""
        self.failed: RunFailed | None = None

    def __call__(self, heard: JournalEntry | RunStatus) -> None:
        """Print one entry, or draw the progress."""
        if isinstance(heard, RunStatus):
            self._status(heard)
        else:
            self._entry(heard)

    def _status(self, status: RunStatus) -> None:
        if status.phase is None or status.state is not RunState.RUNNING:
            return
        left = f", {duration(status.remaining_s)} left" if status.remaining_s else ""
        step = f"step {status.step} of {status.total_steps}{left}" if status.total_steps else ""
        phase = status.phase.value
        self._console.bar(
            status.done, status.total, "  ".join(filter(None, (phase, step, self._loss)))
        )

    def _entry(self, entry: JournalEntry) -> None:
        console = self._console
        match entry.event:
            case RunStarted() as event:
                if event.resumed_from_step is not None:
                    console.line(f"  resumed from step {event.resumed_from_step}")
                console.line(
                    f"  {event.trainable_parameters:,} trainable parameters, "
                    f"{event.frozen_parameters:,} frozen; {counted(event.train_rows, 'row')}, "
                    f"{event.valid_inputs} validation and "
                    f"{counted(event.test_inputs, 'test input')}; "
                    f"{counted(event.total_steps, 'step')} on {event.device} in {event.precision}"
                    f"{event.computed_by and f', {event.computed_by}'}"
                )
            case TrainMetrics() as event:
                self._loss = f"loss {event.loss:.3f}"
            case Evaluation() as event:
                console.line(f"  step {event.step:5d}{_evaluated(event)}")
            case Notice() as event:
                console.line(f"  note: {event.text}")
            case OutputsSaved() as event:
                inputs = counted(event.count, f"{event.split} input")
                console.line(f"  {inputs} {self._predicted} in {duration(event.elapsed_s)}")
                print_scores(console, event.scores)
            case RunFinished() as event:
                early = " (stopped early)" if event.stopped_early else ""
                console.line(
                    f"  finished{early} after {duration(event.elapsed_s)}; best step "
                    f"{event.best_step}; {event.stored_bytes:,} bytes saved"
                )
            case RunFailed() as event:
                self.failed = event
                if event.traceback:
                    console.line(event.traceback)


def _evaluated(event: Evaluation) -> str:
    """Loss and scores, as far as the validation rows have any."""
    parts = [f"{score.metric} {score.value:.1f}" for score in event.scores]
    if not math.isnan(event.valid_loss):
        parts.insert(0, f"validation loss {event.valid_loss:.4f}")
    if parts and event.is_best:
        parts.append("best so far")
    return "".join(f"  {part}" for part in parts or ("no validation inputs",))


def absent_line(absent: Absent) -> str:
    """Why there is no score."""
    return f"  {absent.metric:10s} absent: {absent.reason}"


def print_scores(console: Console, scores: Sequence[Score | Absent]) -> None:
    """One line a score: value, interval, signature; or why there is none."""
    width = max((len(score.metric) for score in scores if isinstance(score, Score)), default=0)
    for score in scores:
        if isinstance(score, Absent):
            console.line(absent_line(score))
            continue
        interval = ""
        if score.low is not None and score.high is not None:
            interval = f" [{score.low:.2f}, {score.high:.2f}]"
        console.line(
            f"  {score.metric:{max(width, 10)}s} {score.value:6.2f}{interval}  {score.signature}"
        )


def duration(seconds: float) -> str:
    """In words: "45 s", "3 min 20 s" or "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _amount(count: int, unit: str) -> str:
    if unit == "bytes":
        return f"{count / 1e6:.1f} MB"
    return f"{count:,} {unit if count != 1 else unit.removesuffix('s')}"
