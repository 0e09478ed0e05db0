"""How long a study will take, as far as the speeds of its runs are known."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.models.speeds import Speeds, speed_key
from app.pages.runs.estimates import LONG_S, expected_time, time_text
from engine.contract.reading import SplitReport
from engine.contract.run_spec import RunSpec


@dataclass(frozen=True)
class Estimate:
    """Time for the runs that are still to be trained.

    Attributes:
        seconds: of those that can be estimated.
        known, runs: how many can be, and how many there are.
        waiting: runs that come before them.
        is_probing: whether speeds are being measured.
    """

    seconds: float = 0.0
    known: int = 0
    runs: int = 0
    waiting: int = 0
    is_probing: bool = False

    @property
    def is_long(self) -> bool:
        """Whether to warn of it."""
        return self.seconds >= LONG_S

    @property
    def sentence(self) -> str:
        """For people."""
        if not self.runs:
            return "Nothing is left to train."
        open_ = "being measured" if self.is_probing else "known once a run like it has finished"
        if not self.known:
            return f"Time: {open_}."
        text = time_text(self.seconds, self.waiting, now_s=time.time())
        if self.known < self.runs:
            return f"Time: {text}, for {self.known} of {self.runs} runs; of the others {open_}."
        return f"Time: {text}."


def estimate(
    specs: Iterable[RunSpec],
    report: SplitReport | None,
    speeds: Speeds,
    device: str,
    *,
    waiting: int = 0,
) -> Estimate:
    """Time for these runs, one after the other.

    Args:
        report: of the split that they share, but for the limit of training rows.
        device: what AUTO would choose.
        waiting: runs that come before them.
    """
    seconds, known, count = 0.0, 0, 0
    found: dict[RunSpec, float | None] = {}
    for spec in specs:
        count += 1
        alike = _without_seeds(spec)
        if alike not in found:
            expected = expected_time(spec, report, speeds, device)
            found[alike] = expected.total_s if expected is not None else None
        run_s = found[alike]
        if run_s is not None:
            seconds, known = seconds + run_s, known + 1
    return Estimate(seconds, known, count, waiting, speeds.is_probing)


def one_of_each(specs: Iterable[RunSpec], device: str) -> list[RunSpec]:
    """A run for each speed that these need."""
    return list({speed_key(spec, device): spec for spec in specs}.values())


def _without_seeds(spec: RunSpec) -> RunSpec:
    split = replace(spec.data.split, sample_seed=None)
    return replace(
        spec,
        run_id="",
        data=replace(spec.data, split=split),
        training=replace(spec.training, seed=0),
    )
