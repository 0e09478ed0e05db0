"""Export what was trained: in which format, to which folder, and the command for the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QRadioButton,
    QWidget,
)

from app.context import AppContext
from app.dialogs.parts import NewFolderEdit, add_folder_row, fill, ok_and_cancel
from app.qt.boxes import vbox
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme
from app.widgets.command_line import CommandLine
from app.widgets.labels import MutedLabel
from engine.contract.files.writing import slug

NAME_CHARS = 60
FORMATS = {
    "native": (
        "&Native",
        "The trained parameters as safetensors, with a card: all that this program needs, and no "
        "code.",
    ),
    "peft": (
        "&PEFT",
        "adapter_config.json and adapter_model.safetensors, for Python programs that use the "
        "peft library.",
    ),
}


class ExportDialog(QDialog):
    """Asks for format and folder.

    Args:
        source: the folder of a run, prefix or delta, for the command.
        name: what it is called, for the proposed folder.
        start: where the folder is made.
    """

    def __init__(
        self, theme: Theme, *, source: Path, name: str, start: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._source, self._name = source, name
        self.setWindowTitle(f"Export “{name}”")
        self.formats = QButtonGroup(self)
        rows = vbox(spacing=SPACE_S)
        for number, (title, words) in enumerate(FORMATS.values()):
            button, hint = QRadioButton(title), MutedLabel(theme, words)
            self.formats.addButton(button, number)
            hint.setContentsMargins(SPACE_L, 0, 0, SPACE_S)
            rows.addWidget(button)
            rows.addWidget(hint)
        self.formats.button(0).setChecked(True)
        self.folder = NewFolderEdit("Folder to write to", start, "Create the export folder in")
        form = QFormLayout()
        tip = "Choose the folder to write to"
        add_folder_row(form, "New &folder:", self.folder, self.folder.choose, tip=tip)
        self.command = CommandLine(theme)
        self.buttons = ok_and_cancel(self, "Export")
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        fill(self, vbox(rows, form, self.command, spacing=SPACE_M), self.buttons, width_chars=84)
        self.formats.idToggled.connect(self._show_format)
        self.folder.textChanged.connect(self._show)
        self._show_format()

    def export_format(self) -> str:
        """The format, as the command line calls it."""
        return tuple(FORMATS)[self.formats.checkedId()]

    def _show_format(self) -> None:
        self.folder.follow(f"{clean_name(self._name)}-{self.export_format()}")
        self._show()

    def _show(self) -> None:
        self.ok.setEnabled(bool(self.folder.text().strip()))
        form, out = self.export_format(), str(self.folder.folder())
        self.command.set_command(["export", str(self._source), "--format", form, "--out", out])


def clean_name(name: str) -> str:
    """A name for a folder that needs no quotes: letters, digits, dots and single dashes."""
    return re.sub("-{2,}", "-", slug(name))[:NAME_CHARS].strip("-._") or "prefix"


def ask_for_export(
    context: AppContext,
    parent: QWidget,
    *,
    source: Path,
    name: str,
    then: Callable[[str, Path], None],
) -> None:
    """Open the dialog; `then` is called with format and folder if it is accepted."""
    start = context.settings.projects_folder
    dialog = ExportDialog(context.theme, source=source, name=name, start=start, parent=parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: then(dialog.export_format(), dialog.folder.folder()))
    dialog.open()
