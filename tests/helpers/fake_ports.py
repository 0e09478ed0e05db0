"""Engine client and runner without an engine: they record, and answer as the test says.

    client = FakeClient(replies={ListPrefixes: lambda command: PrefixList(())})
    pending = client.pendings[-1]; pending.progress(...); pending.answer(reply) or pending.fail(...)
    runner.feed(run_id, entries); runner.set_status(status)

`make_context` ties fakes and real models together as `app/shell/startup.py` does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QApplication

from app.context import AppContext
from app.models.activities import ActivitiesModel
from app.models.project import ProjectModel
from app.models.runs import RunsModel
from app.models.speeds import SPEEDS_FILE, Speeds
from app.models.studies import StudyLibrary
from app.settings import Settings
from app.shell.actions import ActionRegistry
from app.shell.messages import Navigator
from app.theme import Scheme, Theme
from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.protocol.commands import Command, Failure, Progress
from engine.contract.runs.events import Blame, Event, JournalEntry, RunState
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.runs.journal import JournalReader

Replies = Mapping[type, Callable[[Any], object]]


class FakePending(QObject):
    progressed = Signal(object)
    part_arrived = Signal(object)
    answered = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, command: Command, parent: QObject) -> None:
        super().__init__(parent)
        self.command = command
        self.cancel_asked = False
        self.is_over = False

    def cancel(self) -> None:
        """As a willing engine does: `cancelled` comes from the event loop, once."""
        self.cancel_asked = True
        QTimer.singleShot(0, self, self._confirm_cancel)

    def progress(self, done: int, total: int, unit: str = "rows", text: str = "") -> None:
        self.progressed.emit(Progress(done, total, unit, text))

    def answer(self, reply: object) -> None:
        self._end()
        self.answered.emit(reply)

    def fail(self, message: str, *, blame: Blame = Blame.USER, traceback: str = "") -> None:
        self._end()
        self.failed.emit(Failure(blame, message, traceback=traceback))

    def _confirm_cancel(self) -> None:
        if not self.is_over:
            self._end()
            self.cancelled.emit()

    def _end(self) -> None:
        assert not self.is_over, f"{self.command} was answered twice"
        self.is_over = True


class FakeClient(QObject):
    """Satisfies `ports.Client`.

    A command whose type is in `replies` is answered from the event loop: with what the
    function returns, or with a failure where it raises `UserError`. Others wait for the test.
    """

    asked_for = Signal(object)

    def __init__(self, replies: Replies | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.replies = dict(replies or {})
        self.pendings: list[FakePending] = []

    @property
    def asked(self) -> list[Command]:
        """Every command so far."""
        return [pending.command for pending in self.pendings]

    def ask(self, command: Command) -> FakePending:
        pending = FakePending(command, self)
        self.pendings.append(pending)
        if type(command) in self.replies:
            QTimer.singleShot(0, pending, lambda: self._reply(pending))
        self.asked_for.emit(command)
        return pending

    def last(self, kind: type) -> FakePending:
        """The latest pending request for a command of this type."""
        found = [pending for pending in self.pendings if isinstance(pending.command, kind)]
        assert found, f"no {kind.__name__} was asked; asked were {self.asked}"
        return found[-1]

    def open_tickets(self, kind: type) -> list[FakePending]:
        """Pending requests for commands of this type that have no end yet."""
        return [t for t in self.pendings if isinstance(t.command, kind) and not t.is_over]

    def _reply(self, pending: FakePending) -> None:
        if pending.is_over:
            return
        try:
            reply = self.replies[type(pending.command)](pending.command)
        except UserError as error:
            pending.fail(str(error))
        else:
            pending.answer(reply)


class FakeRunner(QObject):
    """Satisfies `workers.base.Runner`.

    With `replay`, following a folder tells its journal and status from the event loop, as the
    real one does; without, the test feeds everything itself.
    """

    entries_arrived = Signal(str, object)
    status_changed = Signal(str, object)

    def __init__(self, *, replay: bool = True, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.replay = replay
        self.calls: list[tuple[str, str]] = []
        """(method, run id or path) in order; stop is recorded as "stop" or "stop_and_save"."""
        self.followed: dict[str, Path] = {}
        self.queue: list[Path] = []

    def follow(self, path: Path) -> None:
        self.calls.append(("follow", str(path)))
        run_id = RunFolder(path).read_spec().run_id
        self.followed[run_id] = path
        if self.replay:
            QTimer.singleShot(0, self, lambda: self._replay(run_id, path))

    def detach(self, run_id: str) -> None:
        self.calls.append(("detach", run_id))
        self.followed.pop(run_id, None)

    def submit(self, path: Path) -> None:
        self.calls.append(("submit", str(path)))
        self.queue.append(path)

    def stop(self, run_id: str, *, save: bool) -> None:
        self.calls.append(("stop_and_save" if save else "stop", run_id))

    def pause(self, run_id: str) -> None:
        self.calls.append(("pause", run_id))

    def close(self) -> None:
        self.calls.append(("close", ""))

    def proceed(self, run_id: str) -> None:
        self.calls.append(("proceed", run_id))

    def feed(self, run_id: str, events: Iterable[Event]) -> None:
        """Let journal entries with these events arrive."""
        entries = tuple(JournalEntry(run_id, 1_800_000_000.0, event) for event in events)
        self.entries_arrived.emit(run_id, entries)

    def set_status(self, run_id: str, state: RunState, **parts: Any) -> None:
        """Let a status arrive; `parts` are further fields of `RunStatus`."""
        self.status_changed.emit(run_id, RunStatus(run_id=run_id, state=state, **parts))

    def _replay(self, run_id: str, path: Path) -> None:
        if run_id not in self.followed:
            return
        reader = JournalReader(RunFolder(path).events, run_id)
        while entries := reader.read_new():
            self.entries_arrived.emit(run_id, tuple(entries))
        self.status_changed.emit(run_id, read_status_as_written(path))


def read_status_as_written(path: Path) -> RunStatus:
    """The status file as it stands: a builder's "running" has no process to hold the lock."""
    try:
        return codec.from_text(RunStatus, (path / "status.json").read_text(encoding="utf-8"))
    except (OSError, UserError, ProtocolError) as error:
        return RunStatus(path.name, RunState.INTERRUPTED, message=str(error))


def make_context(
    settings_path: Path,
    *,
    replies: Replies | None = None,
    scheme: Scheme = Scheme.LIGHT,
    replay: bool = True,
    runner: Any = None,
) -> AppContext:
    """Real models over fake ports, or `runner`; `replies` serve both engine clients."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    undo = QUndoStack()
    runner = runner or FakeRunner(replay=replay)
    project, runs, model_client = ProjectModel(undo), RunsModel(runner), FakeClient(replies)
    return AppContext(
        project=project,
        runs=runs,
        studies=StudyLibrary(project, runs),
        speeds=Speeds(settings_path.with_name(SPEEDS_FILE), model_client, runs),
        activities=ActivitiesModel(),
        data_client=FakeClient(replies),
        model_client=model_client,
        runner=runner,
        theme=Theme(application, scheme),
        settings=Settings(settings_path),
        undo=undo,
        actions=ActionRegistry(),
        navigator=Navigator(),
    )


def discard(context: AppContext) -> None:
    """Close the project and delete the parts, which ends what is connected to them.

    Python cannot collect a cycle that goes through a signal's connection to a lambda.
    """
    context.project.close()
    for field in dataclasses.fields(context):
        getattr(context, field.name).deleteLater()
