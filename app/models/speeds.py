"""How fast this machine trains: remembered from runs that finished here, else probed."""

from __future__ import annotations

import logging
import platform
import statistics
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.run import RunModel, RunPart
from app.models.run_numbers import training_speed
from app.models.runs import RunsModel
from app.ports import Client
from app.qt.latest_request import LatestRequest
from app.qt.timers import single_shot
from engine.contract import codec
from engine.contract.errors import WorkbenchError
from engine.contract.files.regular_files import read_text
from engine.contract.files.writing import write_atomically
from engine.contract.methods.all import info_of
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.runs.events import RunState
from engine.contract.runs.speed import RememberedSpeed, Speed, SpeedBook
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import Device
from engine.contract.tasks.all import decoding_of, task_info
from engine.contract.tasks.generation import GenerationTask

log = logging.getLogger(__name__)

REST_MS = 1_200
"""How long a form rests before its run is probed."""
MAX_SPEEDS = 500
SPEEDS_FILE = "speeds.json"


class Speeds(QObject):
    """Speeds by backbone, method, settings that matter, and machine, in one small file.

    A probe is cancelled when another run is wanted, and none begins while a run is at work: each
    would slow the other.

    Signals:
        changed: a speed is new, or a probe has begun or ended.
    """

    changed = Signal()

    def __init__(self, path: Path, client: Client, runs: RunsModel) -> None:
        super().__init__()
        self._path, self._runs = path, runs
        self._tried: set[str] = set()
        self._seen_at_work: set[str] = set()
        self._wanted: dict[str, RunSpec] = {}
        self._asker: QObject | None = None
        self._probe = LatestRequest(client, self)
        self._probed = ""
        self._probe.answered.connect(self._on_probed)
        self._probe.failed.connect(lambda _failure: self._on_probed(None))
        self._timer = single_shot(self, REST_MS, self._probe_next)
        runs.changed.connect(self._on_run_changed)
        runs.removed.connect(lambda run: self._seen_at_work.discard(run.run_id))

    @property
    def is_probing(self) -> bool:
        """Whether a speed is being measured, or will be in a moment."""
        return self._probe.is_busy or self._timer.isActive()

    def find(self, spec: RunSpec, device: str) -> Speed | None:
        """The speed of a run like this one: measured here, else on another run of the project.

        Args:
            device: what AUTO would choose, such as "cpu".
        """
        key = speed_key(spec, device)
        if key in self._known:
            return self._known[key]
        for run in reversed(self._runs.all()):
            if run.started is not None and speed_key(run.spec, run.started.device) == key:
                speed = speed_of(run)
                if speed is not None:
                    return speed
        return None

    def want(self, asker: QObject, specs: Sequence[RunSpec], device: str) -> None:
        """Probe those whose speed is not known, soon and one by one, instead of earlier ones.

        Args:
            asker: who wants them; only the latest one's are probed.
            specs: with the whole path of their dataset; their backbones are on this machine.
        """
        self._asker = asker
        keys = {speed_key(spec, device): spec for spec in specs}
        done = self._tried | set(self._known)
        self._wanted = {key: spec for key, spec in keys.items() if key not in done}
        if self._probed not in self._wanted:
            self._probe.drop()
        if self._wanted and not self._probe.is_busy and not self._runs.active():
            self._timer.start()
        else:
            self._timer.stop()

    def drop(self, asker: QObject) -> None:
        """Probe nothing for this one any more."""
        if asker is self._asker:
            self.want(asker, (), "")

    def _probe_next(self) -> None:
        waiting = [key for key in self._wanted if key not in self._tried]
        if waiting and not self._runs.active():
            self._probed = waiting[0]
            self._probe.ask(ProbeSpeed(self._wanted[self._probed]))
        self.changed.emit()

    def _on_probed(self, speed: Speed | None) -> None:
        self._tried.add(self._probed)
        if speed is not None:
            self._remember(self._probed, speed)
        self._probe_next()

    def _on_run_changed(self, run: RunModel, part: RunPart) -> None:
        """Learn from a run that was seen at work: others may be of another machine."""
        if part is not RunPart.STATUS:
            return
        if run.status.state.is_active:
            self._seen_at_work.add(run.run_id)
        elif run.run_id in self._seen_at_work:
            self._seen_at_work.discard(run.run_id)
            speed = speed_of(run) if run.status.state is RunState.FINISHED else None
            if speed is not None and run.started is not None:
                self._remember(speed_key(run.spec, run.started.device), speed)
            self.changed.emit()  # what waited for its end may be probed now

    @cached_property
    def _known(self) -> dict[str, Speed]:
        try:
            book = codec.from_text(SpeedBook, read_text(self._path))
            return {entry.key: entry.speed for entry in book.speeds}
        except FileNotFoundError:
            pass
        except (WorkbenchError, OSError, UnicodeDecodeError) as error:
            log.warning("the remembered speeds are left out: %s", error)
        return {}

    def _remember(self, key: str, speed: Speed) -> None:
        self._known.pop(key, None)
        self._known[key] = speed  # the latest are last
        entries = [RememberedSpeed(*item) for item in self._known.items()][-MAX_SPEEDS:]
        try:
            write_atomically(self._path, codec.to_text(SpeedBook(tuple(entries))), flush=False)
        except (WorkbenchError, OSError) as error:
            log.warning("the speed is not remembered: %s", error)


def speed_key(spec: RunSpec, device: str) -> str:
    """What a speed is the speed of; `device` stands for AUTO."""
    training, decoding = spec.training, decoding_of(spec.task)
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
        *(() if isinstance(spec.task, GenerationTask) else (task_info(spec.task).name,)),
    )
    return "|".join(map(str, parts))


def speed_of(run: RunModel) -> Speed | None:
    """What a finished run took, its steps, evaluations and test outputs apart."""
    if run.started is None or run.finished is None or not run.metrics:
        return None
    last, started, evaluations = run.metrics[-1], run.started, list(run.evaluations)
    rows = last.epoch * started.train_rows
    tokens_per_s = training_speed(run)
    if rows <= 0 or tokens_per_s is None:
        return None
    spent_s = [
        evaluation.elapsed_s - before
        for evaluation in evaluations
        if (before := _elapsed_at(run, evaluation.step)) is not None
    ]
    in_training_s = sum(spent_s[: sum(event.step < last.step for event in evaluations)])
    training_s = max(last.elapsed_s - in_training_s, 1e-6)
    end_s = max([last.elapsed_s, *(event.elapsed_s for event in evaluations)])
    valid, test = max(started.valid_inputs, 1), max(started.test_inputs, 1)
    return Speed(
        data=run.spec.data.fingerprint,
        row_s=training_s / rows,
        row_tokens=tokens_per_s * training_s / rows,
        evaluate_input_s=max(statistics.fmean(spent_s), 0.0) / valid if spent_s else 0.0,
        decode_input_s=max(run.finished.elapsed_s - end_s, 0.0) / test,
    )


def _elapsed_at(run: RunModel, step: int) -> float | None:
    index = bisect_left(run.metrics, step, key=lambda event: event.step)
    exists = index < len(run.metrics) and run.metrics[index].step == step
    return run.metrics[index].elapsed_s if exists else None
