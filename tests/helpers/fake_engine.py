"""A process that behaves as the engine does on a run folder, without training anything.

    python fake_engine.py RUN_DIR        plays what RUN_DIR/play.json declares

`write_play` declares it, and may declare something else before each launch. Only
`engine.contract` is used, so that a run takes milliseconds once Python has started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.contract import codec
from engine.contract.runs.events import (
    Blame,
    CheckpointSaved,
    Event,
    JournalEntry,
    Phase,
    RunCancelled,
    RunContinued,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import (
    ContinueRequest,
    ControlLine,
    ControlRequest,
    PauseRequest,
    RunFolder,
    RunStatus,
    StopRequest,
)
from engine.contract.runs.journal import JournalWriter
from engine.contract.runs.lock import FolderLock

COMMAND = (sys.executable, str(Path(__file__).resolve()))
POLL_S = 0.002


@dataclass(frozen=True)
class Play:
    """What the process does.

    Attributes:
        end: "finish"; "fail" and "user_error" (verdicts); "crash" (SIGKILL in the middle of a
            line); "kill" (SIGKILL between lines, as when memory runs out); "exit" (code 3
            without a verdict); "full_disk" (code 2 and a
            sentence without a verdict); "silence" (nothing more, but it obeys); "refuse" (neither
            obeys nor hears SIGTERM); "linger" (a verdict, but the process stays).
        steps: training steps before that; a checkpoint follows each.
        start: "" or how it ends before its first status: "import_error", "user_error".
        wait_for: name of a file in the run folder to wait for after the first half of the
            steps, so that a test decides when it goes on.
        foreign: also write an entry of another run into the journal.
    """

    end: str = "finish"
    steps: int = 4
    start: str = ""
    wait_for: str = ""
    foreign: bool = False


def write_play(folder: Path, play: Play) -> None:
    (folder / "play.json").write_text(json.dumps(asdict(play)), encoding="utf-8")


class Stopped(Exception):  # noqa: N818 - no error
    def __init__(self, save: bool) -> None:
        self.save = save


class FakeEngine:
    def __init__(self, path: Path, play: Play) -> None:
        self.folder = RunFolder(path)
        self.play = play
        self.run_id = self.folder.read_spec().run_id
        self.step = 0
        self.heard = 0

    def run(self) -> None:
        with FolderLock(self.folder.path) as lock:
            if not lock.acquire():
                raise SystemExit("another process works on this run")
            self.tell(RunState.STARTING)
            self.journal = JournalWriter(self.folder.events, self.run_id)
            try:
                self.train()
                self.end()
            except Stopped as stop:
                saved = self.step if stop.save else None
                self.journal.append(RunCancelled(self.step, saved))
                self.tell(RunState.CANCELLED)

    def train(self) -> None:
        done = [int(path.name.removeprefix("step-")) for path in self.folder.checkpoints.glob("*")]
        resumed = max(done, default=None)
        total = self.play.steps
        self.journal.append(
            RunStarted(total, resumed, "cpu", "float32", 10, 100, 8, 2, 2, "00" * 32)
        )
        for step in range((resumed or 0) + 1, total + 1):
            self.hear()
            if self.play.wait_for and step == total // 2 + 1:
                self.wait_for_file(self.play.wait_for)
            self.step = step
            self.tell(RunState.RUNNING)
            self.journal.append(
                TrainMetrics(step, step / 4, 2.0 / step, 1e-3, 1.0, 10 * step, 50.0, 0.1, 1000)
            )
            (self.folder.checkpoints / f"step-{step}").mkdir(parents=True)
            self.journal.append(CheckpointSaved(step, step), flush=True)
        if self.play.foreign:
            stranger = JournalWriter(self.folder.events, "another-run")
            stranger.append(CheckpointSaved(99, 99))
            stranger.close()

    def end(self) -> None:
        match self.play.end:
            case "finish":
                self.conclude(RunFinished(self.step, self.step, 0.5, 123), RunState.FINISHED)
            case "linger":
                self.conclude(RunFinished(self.step, self.step, 0.5, 123), RunState.FINISHED)
                self.stay(obedient=False)
            case "fail":
                event = RunFailed(self.step, Blame.ENGINE, "KeyError: 'x'", (), "Traceback …")
                self.conclude(event, RunState.FAILED)
            case "user_error":
                event = RunFailed(self.step, Blame.USER, "The disk is full: free some space.")
                self.conclude(event, RunState.FAILED)
            case "crash":
                event = TrainMetrics(self.step + 1, 9.0, 9.0, 9.0, 9.0, 9, 9.0, 9.0, 9)
                line = codec.to_line(JournalEntry(self.run_id, 0.0, event))
                with open(self.folder.events, "a", encoding="utf-8") as stream:
                    stream.write(line[: len(line) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                sys.stderr.write("the last words\n")
                raise SystemExit(3)
            case "full_disk":
                sys.stderr.write("The disk is full: free some space.\n")
                raise SystemExit(2)
            case "silence":
                self.stay(obedient=True)
            case "refuse":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                (self.folder.path / "refusing").touch()
                self.stay(obedient=False)

    def conclude(self, event: Event, state: RunState) -> None:
        self.journal.append(event, flush=True)
        self.tell(state, getattr(event, "message", ""))

    def stay(self, *, obedient: bool) -> None:
        while True:
            if obedient:
                self.hear()
            time.sleep(POLL_S)

    def wait_for_file(self, name: str) -> None:
        while not (self.folder.path / name).exists():
            self.hear()
            time.sleep(POLL_S)

    def hear(self) -> None:
        """Do what was asked since the last time."""
        for request in self.requests():
            if isinstance(request, StopRequest):
                raise Stopped(request.save)
            if isinstance(request, PauseRequest):
                self.pause()

    def pause(self) -> None:
        self.journal.append(RunPaused(self.step))
        self.tell(RunState.PAUSED)
        while True:
            for request in self.requests():
                if isinstance(request, StopRequest):
                    raise Stopped(request.save)
                if isinstance(request, ContinueRequest):
                    self.journal.append(RunContinued(self.step))
                    self.tell(RunState.RUNNING)
                    return
            time.sleep(POLL_S)

    def requests(self) -> list[ControlRequest]:
        if not self.folder.control.exists():
            return []
        lines = self.folder.control.read_text(encoding="utf-8").splitlines()
        fresh, self.heard = lines[self.heard :], len(lines)
        return [codec.from_text(ControlLine, line).request for line in fresh]

    def tell(self, state: RunState, message: str = "") -> None:
        phase = Phase.TRAINING if state is RunState.RUNNING else None
        self.folder.write_status(
            RunStatus(
                self.run_id,
                state,
                phase,
                self.step,
                self.play.steps,
                self.step,
                self.play.steps,
                pid=os.getpid(),
                process_started_s=psutil.Process().create_time(),
                message=message,
                updated_s=time.time(),
            )
        )


def main() -> None:
    path = Path(sys.argv[1])
    declared = path / "play.json"
    play = Play(**json.loads(declared.read_text(encoding="utf-8"))) if declared.exists() else Play()
    if play.start == "import_error":
        import no_such_module  # noqa: F401
    if play.start == "user_error":
        sys.stderr.write("The backbone gpt-9 is not on this disk: fetch it first.\n")
        raise SystemExit(2)
    FakeEngine(path, play).run()


if __name__ == "__main__":
    main()
