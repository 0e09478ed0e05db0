"""The Write page over a data engine in this process, and a model that the test plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.write.page import WritePage
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.prefixes import ListPrefixes, PrefixList
from engine.contract.protocol.writing import ExportTexts, PrepareWriting, PreviewInputs, WriteTexts
from engine.contract.writing.progress import ProgressWriter, WrittenRow
from engine.contract.writing.work import Work
from engine.data.importing import import_file
from engine.writing.handlers import export_texts, prepare_writing, preview_inputs
from tests.app.data.answers import real
from tests.helpers.fake_ports import FakeClient
from tests.helpers.tiny_runs import write_table

HEAD = ("Nr", "NAME", "Kind", "near")


@dataclass
class Writer:
    """The page and what stands around it."""

    page: WritePage
    model_client: FakeClient
    qtbot: QtBot
    folder: Path

    def open(self, rows: int = 6) -> None:
        """Open a table without texts."""
        lines = [(n, f"Hut {n}", "shelter", "Ystad") for n in range(1, rows + 1)]
        assert self.page.open_path(write_table(self.folder / "new.csv", [HEAD, *lines]))
        self.qtbot.waitUntil(lambda: self.page.model.folder is not None)

    def use(self, run: Path) -> None:
        """Choose the run that writes."""
        self.page.use(str(run), None, None)
        self.qtbot.waitUntil(lambda: self.page.model.plan is not None)

    def write(self, *rows: WrittenRow) -> None:
        """What the engine does for the latest command."""
        model = self.page.model
        assert model.folder is not None
        assert model.writing is not None
        assert model.plan is not None
        form, decoding = model.plan.linearisation, model.writing.decoding
        work = Work("t", "s", model.matches, form, "newline", 512, decoding)
        lines = ProgressWriter(model.folder.progress, work)
        for row in rows:
            lines.append(row)
        lines.close()
        self.model_client.last(WriteTexts).progress(len(rows), 6)

    def finish(self) -> None:
        """The command has ended."""
        self.model_client.last(WriteTexts).answer(Done())
        self.qtbot.waitUntil(lambda: self.page.model.job is None)


@pytest.fixture
def writer(
    qtbot: QtBot,
    context: AppContext,
    client: FakeClient,
    model_client: FakeClient,
    rich_project: Path,
    open_project: Callable[[Path], None],
    tmp_path: Path,
) -> Iterator[Writer]:
    client.replies.update(
        {
            ImportFile: real(import_file),
            PrepareWriting: real(prepare_writing),
            PreviewInputs: real(preview_inputs),
            ExportTexts: real(export_texts),
            ListPrefixes: lambda command: PrefixList(()),
        }
    )
    open_project(rich_project)
    page = WritePage(context)
    page.resize(1100, 700)
    page.show()
    yield Writer(page, model_client, qtbot, tmp_path)
    context.project.close()
    page.close()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
