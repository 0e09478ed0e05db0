"""Blind judging: which of two outputs is better, without knowing whose it is."""

from __future__ import annotations

import enum
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from app.qt.plain_text import markup
from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.writing import write_atomically


class BlindChoice(enum.Enum):
    """A verdict on one example."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


@dataclass(frozen=True)
class Judged:
    """A system that was judged, by its key in the project and its name at that time."""

    key: str
    name: str


@dataclass(frozen=True)
class Vote:
    """One verdict; `swapped` says that the second system's output was shown as output 1."""

    example_id: str
    choice: BlindChoice
    swapped: bool
    time_s: float


@dataclass(frozen=True)
class BlindRecord:
    """A session, as `compare/blind-*.json` has it after every vote.

    Attributes:
        seed: decides the order of the examples and each one's sides.
        examples: ids in the order in which they are shown.
        votes: for the first of them.
        ended: whether the user has seen the result; no vote can be added then.
    """

    first: Judged
    second: Judged
    seed: int
    examples: tuple[str, ...]
    votes: tuple[Vote, ...] = ()
    started_s: float = 0.0
    ended: bool = False
    version: int = 1

    @property
    def current(self) -> str | None:
        """Id of the example to judge now, or None at the end."""
        if self.ended or len(self.votes) >= len(self.examples):
            return None
        return self.examples[len(self.votes)]


@dataclass(frozen=True)
class BlindResult:
    """What a session showed.

    Attributes:
        p: of the two-sided exact sign test over the votes that are no ties.
        agreeing, comparable: votes that prefer the output with the better row score, of
            those that prefer one and whose row scores differ.
    """

    first_wins: int
    second_wins: int
    ties: int
    p: float
    agreeing: int
    comparable: int


def begin(first: Judged, second: Judged, examples: Sequence[str], *, seed: int) -> BlindRecord:
    """A new session over these examples, shuffled."""
    shuffled = list(examples)
    random.Random(seed).shuffle(shuffled)
    return BlindRecord(first, second, seed, tuple(shuffled), started_s=time.time())


def is_swapped(record: BlindRecord, example_id: str) -> bool:
    """Whether the second system's output is output 1; the same whenever it is asked."""
    return random.Random(f"{record.seed}:{example_id}").random() < 0.5


def vote(record: BlindRecord, output: int) -> BlindRecord:
    """Prefer output 1 or 2 of the current example, or neither (0)."""
    current = record.current
    if current is None:
        return record
    swapped = is_swapped(record, current)
    if output == 0:
        choice = BlindChoice.TIE
    else:
        choice = BlindChoice.FIRST if (output == 1) is not swapped else BlindChoice.SECOND
    added = Vote(current, choice, swapped, time.time())
    return replace(record, votes=(*record.votes, added))


def take_back(record: BlindRecord) -> BlindRecord:
    """Drop the last vote."""
    return record if record.ended else replace(record, votes=record.votes[:-1])


def result(record: BlindRecord, differences: Mapping[str, float]) -> BlindResult:
    """Count the votes.

    Args:
        differences: row scores of the first less the second system; above 0 where the first
            is better.
    """
    first = sum(item.choice is BlindChoice.FIRST for item in record.votes)
    second = sum(item.choice is BlindChoice.SECOND for item in record.votes)
    agreeing = comparable = 0
    for item in record.votes:
        difference = differences.get(item.example_id, 0.0)
        if item.choice is BlindChoice.TIE or not (difference > 0 or difference < 0):
            continue
        comparable += 1
        agreeing += (difference > 0) is (item.choice is BlindChoice.FIRST)
    ties = len(record.votes) - first - second
    return BlindResult(first, second, ties, sign_test(first, second), agreeing, comparable)


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact sign test; ties must be left out before.

    p = min(1, 2 * sum over k <= min(wins, losses) of C(n, k) / 2^n), n = wins + losses.
    """
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return float(min(Fraction(1), Fraction(2 * tail, 2**n)))


def save(record: BlindRecord, folder: Path) -> Path:
    """Write the session's file; raise `UserError` where that fails."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(record.started_s))
    path = folder / f"blind-{stamp}-{record.seed:08x}.json"
    write_atomically(path, codec.to_text(record))
    return path


def unfinished(folder: Path, first: str, second: str) -> BlindRecord | None:
    """The latest session of this pair, in either order, that has a next example."""
    for path in sorted(folder.glob("blind-*.json"), reverse=True):
        try:
            record = codec.from_text(BlindRecord, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ProtocolError, UserError):
            continue  # another program's file, or a newer version's: not ours to go on with
        if {record.first.key, record.second.key} == {first, second} and record.current:
            return record
    return None


def result_text(record: BlindRecord, result: BlindResult, metric: str) -> str:
    """HTML: counts, the sign test, and how far the row scores of this metric agree."""
    first, second = markup(record.first.name), markup(record.second.name)
    votes, wins = len(record.votes), (result.first_wins, result.second_wins)
    if votes == 0:
        return "<p>No pairs were judged.</p>"
    lines = [
        f"{votes} of {len(record.examples)} examples were judged: <b>{first}</b> was preferred in "
        f"<b>{wins[0]}</b>, <b>{second}</b> in <b>{wins[1]}</b>, neither in {result.ties}."
    ]
    if not any(wins):
        lines.append("Without a preference, there is nothing to test.")
    else:
        p = "below 0.001" if result.p < 0.001 else f"{result.p:.3f}"
        verdict = (
            "a preference this one-sided would be rare between systems of equal quality."
            if result.p < 0.05
            else "this does not show which system is better."
        )
        lines.append(
            f"Two-sided exact sign test, ties left out: n = {sum(wins)}, {max(wins)} against "
            f"{min(wins)}, p = {p}: {verdict}"
        )
    if result.comparable == 0:
        lines.append(
            f"No judged pair had different row {metric}, so agreement with it cannot be said."
        )
    else:
        share = 100 * result.agreeing / result.comparable
        lines.append(
            f"The preferred output also had the better row {metric} in {result.agreeing} of "
            f"{result.comparable} ({share:.0f} %; chance is about 50 %)."
        )
    if votes < len(record.examples):
        lines.append("The session was ended early. Stopping as soon as one system leads makes the "
                     "p-value too small.")  # fmt: skip
    return "".join(f"<p>{line}</p>" for line in lines)
