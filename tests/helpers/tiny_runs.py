"""Runs on tiny real backbones, and the real engine processes that work on them."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.backbones.paths import CACHE_VARIABLE
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Init, Parametrisation
from engine.contract.methods.prefix import PrefixMethod as Prefix
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.events import Event, JournalEntry, Phase, TrainMetrics
from engine.contract.runs.folder import RunFolder, RunMeta, RunStatus
from engine.contract.runs.journal import JournalReader
from engine.contract.specs.data import Column, DataSpec, Role, Split
from engine.contract.specs.data import Mapping as ColumnMapping
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import DecodingSpec, Device, Strategy, TrainingSpec
from engine.contract.tasks.generation import GenerationTask
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.tiny_backbones import save_tiny

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
COLUMNS = ("name", "food", "area", "text")
METHODS: dict[str, MethodSpec] = {
    "mlp": Prefix(prefix_length=4, mid_dim=16, dropout=0.1, init_text="A hut:"),
    "direct": Prefix(
        prefix_length=4, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM, dropout=0.1
    ),
    "finetune": FinetuneMethod(),
}
TRAINING = TrainingSpec(
    max_steps=12,
    batch_size=4,
    accumulation_steps=2,
    learning_rate=1e-2,
    evaluate_every_steps=4,
    device=Device.CPU,
)
DECODING = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=10, batch_size=4)
TASK = GenerationTask(DECODING)


def table(rows: int = 30) -> list[tuple[str, ...]]:
    """Header and two texts for each of `rows` inputs."""
    found = [COLUMNS]
    for number in range(rows):
        name, food = f"Hut {number}", ("soup", "bread", "stew")[number % 3]
        area = ("north", "south")[number % 2]
        found.append((name, food, area, f"{name} in the {area} has {food}."))
        found.append((name, food, area, f"You get {food} at {name}."))
    return found


def write_table(path: Path, rows: Sequence[Sequence[str]] | None = None) -> Path:
    """Write `rows` (default: `table()`) as CSV."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(table() if rows is None else rows)
    return path


@dataclass(frozen=True)
class Workshop:
    """A tiny backbone of each kind, a table and the dataset made of it."""

    folder: Path
    csv: Path
    dataset: Path
    fingerprint: str
    mapping: ColumnMapping

    @classmethod
    def make(cls, folder: Path) -> Workshop:
        path = write_table(folder / "huts.csv")
        columns = inspect_file(InspectFile(str(path)), Silent()).columns
        assert columns[-1] == Column("text", Role.TARGET), columns
        dataset = folder / "huts.sqlite"
        command = ImportFile(str(path), ReadOptions(), str(dataset))
        fingerprint = import_file(command, Silent()).fingerprint
        return cls(folder, path, dataset, fingerprint, ColumnMapping(columns))

    def backbone(self, kind: str) -> Path:
        place = self.folder / f"tiny-{kind}"
        return place if place.exists() else save_tiny(place, kind)

    def spec(
        self, method: str | MethodSpec, *, training: TrainingSpec = TRAINING, kind: str = ""
    ) -> RunSpec:
        chosen = METHODS[method] if isinstance(method, str) else method
        # GPT-2 has dropout of its own, so that fine-tuning it draws random numbers.
        kind = kind or ("gpt2" if isinstance(chosen, FinetuneMethod) else "llama")
        split = Split(valid_fraction=0.2, test_fraction=0.3)
        data = DataSpec(str(self.dataset), self.fingerprint, self.mapping, split=split)
        return RunSpec("run-1", str(self.backbone(kind)), chosen, data, training, TASK)

    def run(self, place: Path, spec: RunSpec) -> RunFolder:
        return RunFolder.create(place, spec, RunMeta(name="tiny"))


def entries(folder: RunFolder) -> list[JournalEntry]:
    return JournalReader(folder.events, folder.read_spec().run_id).read_new(100_000)


def events(folder: RunFolder, *kinds: type[Event]) -> list[Event]:
    """Events of these kinds, or all, in order."""
    found = [entry.event for entry in entries(folder)]
    return [event for event in found if not kinds or isinstance(event, kinds)]


def losses(folder: RunFolder) -> dict[int, set[float]]:
    """Every loss that was ever told for a step: more than one where resumes differ."""
    found: dict[int, set[float]] = {}
    for event in events(folder, TrainMetrics):
        assert isinstance(event, TrainMetrics)
        found.setdefault(event.step, set()).add(event.loss)
    return found


def results(folder: RunFolder) -> dict[str, bytes]:
    """What a finished run leaves: outputs without their times, and the trained tensors."""
    places = (folder.prefix, folder.delta, folder.model)
    (kept,) = [place for place in places if place.is_dir()]
    files = [folder.outputs / "test.jsonl", *kept.glob("*.safetensors")]
    assert len(files) >= 2, files
    return {file.name: file.read_bytes() for file in files}


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    """Keep this process, and those it starts, out of the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder))
        yield


def engine_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment for a child; warnings stay quiet as they do for users."""
    return {**os.environ, "PYTHONUTF8": "1", **(extra or {})}


def start_engine(
    folder: Path, *, prepare: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """`python -m engine run FOLDER`; `prepare` is called in the child before it begins."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "run", str(folder)],
        cwd=ROOT,
        env=engine_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a process that ends by itself."""
    with process:
        out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL, and wait until it is gone."""
    with process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGKILL


def wait_until(process: subprocess.Popen[str], condition: Callable[[], bool], *, what: str) -> None:
    """Look again and again until `condition` holds, as long as the process lives."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        try:
            process.wait(0.005)
        except subprocess.TimeoutExpired:
            if time.monotonic() < give_up_s:
                continue
            process.kill()
        _, err = process.communicate()
        if not condition():
            raise AssertionError(f"the process ended before {what}: {err}")


class Watcher:
    """Conditions on a run at work, for `wait_until`."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._reader = JournalReader(folder.events, folder.read_spec().run_id)
        self._reader.read_new(100_000)  # what an earlier process has told is known

    def told(self, *kinds: type[Event], at_least_step: int = 0) -> bool:
        """Whether a new event of one of these kinds has come, of this step or a later one."""
        return any(
            isinstance(entry.event, kinds) and getattr(entry.event, "step", 0) >= at_least_step
            for entry in self._reader.read_new(100_000)
        )

    @property
    def step(self) -> int:
        """The last step that the status tells."""
        return self._folder.read_status().step

    def in_phase(self, phase: Phase) -> bool:
        """Whether the engine is at work in this phase."""
        status: RunStatus = self._folder.read_status()
        return status.state.is_active and status.phase is phase
