"""The writing that the page shows: its table, its texts, and the work on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.activities import Activity
from app.pages.write.texts import Texts
from app.qt.idle_task import IdleTask
from app.qt.latest_request import LatestRequest
from app.qt.value_change import ValueChange
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.commands import Command, Failure
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.writing import (
    PrepareWriting,
    WriteAgain,
    WriteTexts,
    WritingPlan,
    WrittenAgain,
)
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import Strategy
from engine.contract.writing.changes import Change
from engine.contract.writing.folder import (
    Writing,
    WritingFolder,
    new_folder,
    new_writing,
    writing_folders,
)
from engine.contract.writing.matching import Match
from engine.contract.writing.work import ChosenRows


class WritingModel(QObject):
    """What all parts of the page show and edit.

    Attributes:
        folder, writing: the one that is shown, or None.
        store, texts: its table and its texts.
        plan: what its system reads; None until that is known.
        system: folder of the run or prefix; "" until one is chosen.

    Signals:
        shown: another writing, or none.
        changed: system, matches or plan are new.
        texts_changed: texts have come or changed.
        job_changed: writing has begun, gone on or ended.
        failed: title, `Failure` that the user can mend.
        refused: why something was not done.
    """

    shown = Signal()
    changed = Signal()
    texts_changed = Signal()
    job_changed = Signal()
    failed = Signal(str, object)
    refused = Signal(str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.folder: WritingFolder | None = None
        self.writing: Writing | None = None
        self.store: DatasetStore | None = None
        self.texts: Texts | None = None
        self.plan: WritingPlan | None = None
        self.system = ""
        self._jobs: dict[Path, Activity] = {}
        self._reading: IdleTask[None] | None = None
        self._prepare = LatestRequest(context.data_client, self)
        self._prepare.answered.connect(self._on_plan)
        self._prepare.failed.connect(partial(self.failed.emit, "Match the columns"))
        context.project.opened.connect(self.show_newest)
        context.project.closed.connect(self._on_closed)
        self.show_newest()

    @property
    def job(self) -> Activity | None:
        """The work on the writing that is shown, or None."""
        return self._jobs.get(self.folder.path) if self.folder is not None else None

    @property
    def answer(self) -> AnswerKind:
        """What the system predicts of each row, as far as that is known."""
        return self.plan.answer if self.plan is not None else AnswerKind.TEXT

    @property
    def matches(self) -> tuple[Match, ...]:
        """The columns of the fields."""
        return self.writing.matches if self.writing is not None else ()

    def writings(self) -> list[WritingFolder]:
        """All of the project, the newest first."""
        folder = self._context.project.folder
        return writing_folders(folder.path) if folder is not None else []

    def open_table(self, path: Path, reading: ReadOptions | None = None) -> None:
        """Read a table into the project, and show it."""
        project = self._context.project.folder
        if project is None:
            return
        folder = new_folder(project.path, path.name)
        command = ImportFile(str(path), reading or ReadOptions(), str(folder.table))
        title = f"Read {path.name}"
        pending = self._context.data_client.ask(command)
        self._context.activities.follow(title, pending, tell_failure=False)

        def show(_imported: object) -> None:
            folder.write(new_writing(path.name, path))
            if self._context.project.folder is project:
                self.show(folder)

        pending.answered.connect(show)
        pending.failed.connect(partial(self.failed.emit, title))

    def show(self, folder: WritingFolder | None) -> None:
        """Show a writing, or none."""
        self._close()
        if folder is not None:
            try:
                writing = folder.read()
                store = DatasetStore(folder.table)
                self.texts = Texts(folder, store)
            except UserError as error:
                self.refused.emit(error.message)
            else:
                self.folder, self.writing, self.store = folder, writing, store
                self._reading = IdleTask(
                    self.texts.read_steps(), self, done=self._on_read, failed=self._on_error
                )
                if writing.system:
                    self.system = str(folder.system_path(writing.system))
                if self.system:
                    self._ask_plan()
        self.shown.emit()

    def choose_system(self, path: str) -> None:
        """Write with this run or prefix; the columns are matched to its fields."""
        if path == self.system:
            return
        self.system, self.plan = path, None
        if self.folder is not None and self.writing is not None:
            self._save(replace(self.writing, system=self._system_name(), matches=()))
            self._ask_plan()
        self.changed.emit()

    def match(self, field: str, column: str) -> None:
        """Read a field from another column, or from none; can be undone."""
        before = self.matches
        after = tuple(
            replace(match, column=column)
            if match.field == field
            else replace(match, column="" if column and match.column == column else match.column)
            for match in before
        )
        if after != before:
            text = f"Read “{field}” from “{column}”" if column else f"Leave out “{field}”"
            self._push(text, before, after, apply=partial(self._set_matches, self.folder))

    def start(self, chosen: ChosenRows) -> None:
        """Write the rows that are chosen and have no text yet."""
        folder, writing = self.folder, self.writing
        if folder is None or writing is None or self.job is not None:
            return
        self._save(replace(writing, chosen=chosen))
        self._run(f"Write texts for {writing.name}", WriteTexts(str(folder.path)))

    def write_again(self, rows: tuple[int, ...], seed: int) -> None:
        """Write other texts for these rows by sampling; can be undone."""
        folder, writing, texts = self.folder, self.writing, self.texts
        if folder is None or writing is None or texts is None or self.job is not None or not rows:
            return
        decoding = replace(writing.decoding, strategy=Strategy.SAMPLING, seed=seed)

        def put(reply: WrittenAgain) -> None:
            if self.texts is texts:
                self._change_texts(
                    "Write again", {row.row: Change(row, seed) for row in reply.rows}
                )

        command = WriteAgain(str(folder.path), rows, decoding)
        self._run(f"Write texts again for {writing.name}", command, put)

    def edit_text(self, row: int, text: str) -> None:
        """Put a text in the place of a row's; can be undone."""
        if self.texts is not None and text != self.texts.row(row).text:
            self._change_texts("Edit a text", {row: self.texts.edited(row, text)})

    def take_back(self, rows: tuple[int, ...]) -> None:
        """Go back to what the model wrote first; can be undone."""
        if self.texts is not None:
            changed = [row for row in rows if self.texts.changes.get(row) is not None]
            if changed:
                self._change_texts("Take changes back", dict.fromkeys(changed))

    def start_anew(self) -> None:
        """Forget all texts of the writing that is shown."""
        if self.folder is not None and self.job is None:
            for path in (self.folder.progress, self.folder.changes):
                path.unlink(missing_ok=True)
            self.show(self.folder)

    def _run(
        self, title: str, command: Command, put: Callable[[WrittenAgain], None] | None = None
    ) -> None:
        assert self.folder is not None
        path = self.folder.path
        pending = self._context.model_client.ask(command)
        activity = self._context.activities.follow(title, pending, tell_failure=False)
        self._jobs[path] = activity

        def go_on() -> None:
            if self.job is activity:
                self._read_new()
                self.job_changed.emit()

        def end(reply: object = None) -> None:
            del self._jobs[path]
            if isinstance(reply, WrittenAgain) and put is not None:
                put(reply)
            if self.folder is not None and self.folder.path == path:
                self._read_new()
            if isinstance(reply, Failure):
                self.failed.emit(title, reply)
            self.job_changed.emit()

        activity.changed.connect(go_on)
        for signal in (pending.answered, pending.failed, pending.cancelled):
            signal.connect(end)
        self.job_changed.emit()

    def _change_texts(self, text: str, after: dict[int, Change | None] | dict[int, Change]) -> None:
        assert self.texts is not None
        assert self.folder is not None
        before = {row: self.texts.changes.get(row) for row in after}
        self._push(text, before, after, apply=partial(self._set_changes, self.folder, self.texts))

    def _set_changes(
        self,
        folder: WritingFolder,
        texts: Texts,
        _before: object,
        after: dict[int, Change | None],
    ) -> None:
        if self.texts is not None and self._shows(folder):
            texts = self.texts  # it was shown again since
        try:
            texts.set_changes(after)
        except UserError as error:
            self.refused.emit(error.message)
        if texts is self.texts:
            self.texts_changed.emit()

    def _set_matches(
        self, folder: WritingFolder | None, _before: object, after: tuple[Match, ...]
    ) -> None:
        if folder is None or not self._shows(folder) or self.writing is None:
            return
        self._save(replace(self.writing, matches=after))
        self.changed.emit()

    def _shows(self, folder: WritingFolder) -> bool:
        return self.folder is not None and self.folder.path == folder.path

    def _push(
        self, text: str, before: object, after: object, *, apply: Callable[..., object]
    ) -> None:
        self._context.undo.push(ValueChange(text, before, after, apply=apply))

    def _save(self, writing: Writing) -> None:
        assert self.folder is not None
        try:
            self.folder.write(writing)
        except UserError as error:
            self.refused.emit(error.message)
        self.writing = writing

    def _system_name(self) -> str:
        assert self.folder is not None
        return self.folder.system_name(Path(self.system))

    def _ask_plan(self) -> None:
        assert self.folder is not None
        self._prepare.ask(PrepareWriting(self.system, str(self.folder.table)))

    def _on_plan(self, plan: WritingPlan) -> None:
        if self.writing is None:
            return
        self.plan = plan
        fields = [match.field for match in plan.matches]
        chosen = self.writing.matches
        matches = chosen if [match.field for match in chosen] == fields else plan.matches
        self._save(
            replace(
                self.writing,
                system=self._system_name(),
                matches=matches,
                decoding=plan.decoding,
            )
        )
        self.changed.emit()

    def _read_new(self) -> None:
        """Read what the engine has written since; the rest in later turns, if it is much."""
        if self.texts is not None and self._reading is None and self.texts.read_new():
            self._reading = IdleTask(
                self.texts.read_steps(), self, done=self._on_read, failed=self._on_error
            )

    def _on_read(self, _none: None) -> None:
        self._reading = None
        self.texts_changed.emit()

    def _on_error(self, error: UserError) -> None:
        self._reading = None
        self.refused.emit(error.message)

    def show_newest(self) -> None:
        """Show the writing of the project that was begun last, if there is one."""
        folders = self.writings()
        self.show(folders[0] if folders else None)

    def _on_closed(self) -> None:
        for activity in tuple(self._jobs.values()):
            activity.cancel()
        self.system = ""
        self.show(None)

    def _close(self) -> None:
        self._prepare.drop()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self.store is not None:
            self.store.close()
        self.folder = self.writing = self.store = self.texts = self.plan = None
