"""How fast this machine trains: remembered from runs that finished here, else probed."""

from __future__ import annotations

import logging
import platform
import statistics
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.run import RunModel
from app.models.run_numbers import training_speed
from app.models.runs import RunsModel
from app.ports import Client, Pending
from app.qt.timers import single_shot
from engine.contract import codec
from engine.contract.errors import WorkbenchError
from engine.contract.files.regular_files import read_text
from engine.contract.files.writing import write_atomically
from engine.contract.methods.all import info_of
from engine.contract.protocol.commands import ProbeSpeed
from engine.contract.runs.events import RunState
from engine.contract.runs.speed import RememberedSpeed, Speed, SpeedBook
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import Device

log = logging.getLogger(__name__)

REST_MS = 1_200
"""How long a form rests before its run is probed."""
MAX_SPEEDS = 500
SPEEDS_FILE = "speeds.json"


class Speeds(QObject):
    """Speeds by backbone, method, settings that matter, and machine, in one small file.

    A probe is given up when another run is wanted, and none begins while a run is at work: each
    would slow the other.

    Signals:
        changed: a speed is new, or a probe has begun or ended.
    """

    changed = Signal()

    def __init__(self, path: Path, client: Client, runs: RunsModel) -> None:
        super().__init__()
        self._path, self._client, self._runs = path, client, runs
        self._known: dict[str, Speed] | None = None
        self._tried: set[str] = set()
        self._seen_at_work: set[str] = set()
        self._wanted: list[tuple[str, RunSpec]] = []
        self._asker: QObject | None = None
        self._pending: Pending | None = None
        self._probed = ""
        self._timer = single_shot(self, REST_MS, self._probe_next)
        runs.added.connect(self._follow)
        runs.removed.connect(lambda run: self._seen_at_work.discard(run.run_id))

    @property
    def is_probing(self) -> bool:
        """Whether a speed is measuring…, or will be in a moment."""
        return self._pending is not None or self._timer.isActive()

    def find(self, spec: RunSpec, device: str) -> Speed | None:
        """The speed of a run like this one: measured here, else on another run of the project.

        Args:
            device: what AUTO would choose, such as "cpu".
        """
        key = speed_key(spec, device)
        if key in self._read():
            return self._read()[key]
        for run in reversed(self._runs.all()):
            if run.started is not None and speed_key(run.spec, run.started.device) == key:
                speed = speed_of(run)
                if speed is not None:
                    return speed
        return None

    def want(self, asker: QObject, specs: Sequence[RunSpec], device: str) -> None:
        """Probe those whose speed is not known, soon and one by one; what was wanted is not now.

        Args:
            asker: who wants them; only the latest one's are probed.
            specs: with the whole path of their dataset; their backbones are on this machine.
        """
        self._asker = asker
        keys = {speed_key(spec, device): spec for spec in specs}
        open_ = {key for key in keys if key not in self._tried and key not in self._read()}
        self._wanted = [(key, spec) for key, spec in keys.items() if key in open_]
        if self._pending is not None and self._probed not in open_:
            pending, self._pending = self._pending, None
            pending.cancel()
        if self._wanted and self._pending is None and not self._is_busy:
            self._timer.start()
        else:
            self._timer.stop()

    @property
    def _is_busy(self) -> bool:
        return any(run.status.state.is_active for run in self._runs.all())

    def drop(self, asker: QObject) -> None:
        """Probe nothing for this one any more."""
        if asker is self._asker:
            self.want(asker, (), "")

    def _probe_next(self) -> None:
        self._wanted = [(key, spec) for key, spec in self._wanted if key not in self._tried]
        if not self._wanted or self._is_busy:
            self.changed.emit()
            return
        key, spec = self._wanted[0]
        pending = self._client.ask(ProbeSpeed(spec))
        self._pending, self._probed = pending, key
        pending.answered.connect(lambda speed: self._take(pending, key, speed))
        pending.failed.connect(lambda _failure: self._take(pending, key, None))
        self.changed.emit()

    def _take(self, pending: Pending, key: str, speed: Speed | None) -> None:
        self._tried.add(key)
        if speed is not None:
            self._remember(key, speed)
        if pending is self._pending:
            self._pending = None
            self._probe_next()
        self.changed.emit()

    def _follow(self, run: RunModel) -> None:
        run.status_changed.connect(lambda: self._on_status(run))

    def _on_status(self, run: RunModel) -> None:
        """Learn from a run that was seen at work: others may be of another machine."""
        if run.status.state.is_active:
            self._seen_at_work.add(run.run_id)
            return
        if run.run_id not in self._seen_at_work:
            return
        speed = speed_of(run) if run.status.state is RunState.FINISHED else None
        if speed is not None and run.started is not None:
            self._remember(speed_key(run.spec, run.started.device), speed)
        self._seen_at_work.discard(run.run_id)
        self.changed.emit()  # what waited for its end may be probed now

    def _read(self) -> dict[str, Speed]:
        if self._known is None:
            self._known = {}
            try:
                book = codec.from_text(SpeedBook, read_text(self._path))
                self._known = {one.key: one.speed for one in book.speeds}
            except FileNotFoundError:
                pass
            except (WorkbenchError, OSError, UnicodeDecodeError) as error:
                log.warning("the remembered speeds are left out: %s", error)
        return self._known

    def _remember(self, key: str, speed: Speed) -> None:
        known = self._read()
        known.pop(key, None)
        known[key] = speed  # the latest are last
        kept = [RememberedSpeed(key, speed) for key, speed in known.items()][-MAX_SPEEDS:]
        try:
            write_atomically(self._path, codec.to_text(SpeedBook(tuple(kept))), flush=False)
        except (WorkbenchError, OSError) as error:
            log.warning("the speed is not remembered: %s", error)


def speed_key(spec: RunSpec, device: str) -> str:
    """What a speed is the speed of; `device` stands for AUTO."""
    training, decoding = spec.training, spec.decoding
    chosen = device if training.device is Device.AUTO else training.device.value
    parts = (
        platform.node(),
        chosen.partition(":")[0],
        training.precision.value,
        spec.backbone,
        info_of(spec.method).spec.__name__,
        getattr(getattr(spec.method, "parametrisation", None), "value", ""),
        training.batch_size,
        training.gradient_checkpointing,
        training.evaluate_bleu,
        decoding.strategy.value,
        decoding.num_beams,
        decoding.max_new_tokens,
    )
    return "|".join(map(str, parts))


def speed_of(run: RunModel) -> Speed | None:
    """What a finished run took, its steps, evaluations and test outputs apart."""
    if run.started is None or run.finished is None or not run.metrics:
        return None
    last, started = run.metrics[-1], run.started
    rows = last.epoch * started.train_rows
    tokens_per_s = training_speed(run)
    if rows <= 0 or tokens_per_s is None:
        return None
    evaluations = [
        one.elapsed_s - before
        for one in run.evaluations
        if (before := _elapsed_at(run, one.step)) is not None
    ]
    in_training = sum(evaluations[: sum(one.step < last.step for one in run.evaluations)])
    training_s = max(last.elapsed_s - in_training, 1e-6)
    end_s = max([last.elapsed_s, *(one.elapsed_s for one in run.evaluations)])
    valid, test = max(started.valid_inputs, 1), max(started.test_inputs, 1)
    return Speed(
        data=run.spec.data.fingerprint,
        row_s=training_s / rows,
        row_tokens=tokens_per_s * training_s / rows,
        evaluate_input_s=max(statistics.fmean(evaluations), 0.0) / valid if evaluations else 0.0,
        decode_input_s=max(run.finished.elapsed_s - end_s, 0.0) / test,
    )


def _elapsed_at(run: RunModel, step: int) -> float | None:
    place = bisect_left(run.metrics, step, key=lambda one: one.step)
    found = place < len(run.metrics) and run.metrics[place].step == step
    return run.metrics[place].elapsed_s if found else None
