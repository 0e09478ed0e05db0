"""The dialog that serves prefixes over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from app.context import AppContext
from app.dialogs.export import clean_name
from app.dialogs.parts import fill
from app.models.activities import Activity
from app.pages.prefixes.library import LibraryRow
from app.pages.prefixes.serving.meter import WorkDone
from app.pages.prefixes.serving.process import ServerProcess
from app.pages.prefixes.serving.snippet import Snippet, curl_lines, python_lines
from app.qt.boxes import vbox
from app.theme import SPACE_M
from app.widgets.buttons import push_button
from app.widgets.command_line import CommandLine
from app.widgets.facts import Facts
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import MutedLabel, WrappedLabel
from app.words import count

PORT = 8321


class ServingDialog(QDialog):
    """Starts and stops a server; the server goes on when the dialog is closed.

    Attributes:
        server: the process, running or not.
    """

    def __init__(self, context: AppContext, rows: Sequence[LibraryRow], parent: QWidget) -> None:
        super().__init__(parent)
        self._activities = context.activities
        self._activity: Activity | None = None
        self._served = served_names(rows)
        names = ", ".join(f"“{row.name}”" for row in rows)
        self._title = f"Serve {names}"
        self.setWindowTitle(self._title)
        self.server = ServerProcess(self)
        self.port = QSpinBox()
        self.port.setRange(0, 65_535)
        self.port.setSpecialValueText("any that is free")
        self.port.setValue(PORT)
        self.backbone = QLineEdit()
        self.backbone.setPlaceholderText("as the prefix says; or a name or folder")
        form = QFormLayout()
        form.addRow("&Port:", self.port)
        form.addRow("&Backbone:", self.backbone)
        self.command = CommandLine(context.theme)
        self.bar = InfoBar(context.theme, closable=False)
        self.facts = Facts(context.theme)
        self.curl = Snippet(context.theme, "With curl", lines=3)
        self.python = Snippet(context.theme, "With Python", lines=7)
        hint = MutedLabel(
            context.theme,
            "Programs on this machine can ask it. It goes on when this dialog is closed, and "
            "stops with the project.",
        )
        hint.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start_button = push_button("&Start", self.start, icon="play")
        self.stop_button = push_button("S&top", self.server.stop, icon="stop")
        for button in (self.start_button, self.stop_button):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.rejected.connect(self.reject)
        models = WrappedLabel(f"One model for each prefix: {', '.join(self._served)}")
        parts = vbox(
            models, form, self.command, self.bar, self.facts, self.curl, self.python, hint,
            spacing=SPACE_M,
        )  # fmt: skip
        fill(self, parts, self.buttons, width_chars=92)
        self.port.valueChanged.connect(self._show_command)
        self.backbone.textChanged.connect(self._show_command)
        self.server.answering.connect(self._show_address)
        self.server.meter.counted.connect(self._show_counts)
        self.server.ended.connect(self._on_ended)
        context.project.closed.connect(self._leave)
        self._on_ended("")

    def words(self) -> list[str]:
        """What follows `main.py` on the command line."""
        words = ["serve", *(f"{name}={path}" for name, path in self._served.items())]
        if backbone := self.backbone.text().strip():
            words += ["--backbone", backbone]
        if self.port.value() != PORT:
            words += ["--port", str(self.port.value())]
        return words

    def start(self) -> None:
        """Start the server, in the list of activities."""
        self._activity = self._activities.start(self._title, self.server.stop)
        self.bar.show_message(Tone.INFO, "Loading the backbone…")
        self.server.start(self.words())
        self._show_running()

    def _show_command(self) -> None:
        self.command.set_command(self.words())
        self._show_snippets(f"http://127.0.0.1:{self.port.value() or 'PORT'}/v1")

    def _show_snippets(self, address: str) -> None:
        model = next(iter(self._served))
        self.curl.text.setPlainText(curl_lines(address, model))
        self.python.text.setPlainText(python_lines(address, model))

    def _show_address(self, address: str) -> None:
        self.bar.show_message(Tone.GOOD, "It answers requests.")
        self._show_snippets(address)
        self._show_counts(WorkDone(), 0.0)

    def _show_counts(self, counts: WorkDone, rate: float) -> None:
        self.facts.show_facts(
            (
                ("Address", self.server.address or "none yet"),
                ("Requests", count(counts.requests)),
                ("Tokens written", count(counts.tokens)),
                ("Tokens a second", f"{rate:.0f}"),
            )
        )

    def _on_ended(self, why: str) -> None:
        if self._activity is not None:
            self._activities.end(self._activity)
            self._activity = None
        self.bar.show_message(Tone.BAD if why else Tone.INFO, why or "It is not running.")
        self._show_command()
        self._show_counts(WorkDone(), 0.0)
        self._show_running()

    def _show_running(self) -> None:
        running = self.server.is_running
        self.start_button.setEnabled(not running)
        self.stop_button.setEnabled(running)
        self.port.setEnabled(not running)
        self.backbone.setEnabled(not running)

    def _leave(self) -> None:
        self.server.kill()
        self.reject()


def served_names(rows: Sequence[LibraryRow]) -> dict[str, Path]:
    """The folder to serve for each prefix, by the name of its model; no two are the same."""
    served: dict[str, Path] = {}
    for row in rows:
        name, copy = clean_name(row.name), 1
        while (unused := name if copy == 1 else f"{name}-{copy}") in served:
            copy += 1
        # A run knows the fields of its data, which its prefix alone does not.
        run = row.path.parent
        is_of_run = row.path.name == "prefix" and (run / "run.json").is_file()
        served[unused] = run if is_of_run else row.path
    return served
