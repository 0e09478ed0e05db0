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
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.context import AppContext
from app.dialogs.parts import add_folder_row, fill, ok_and_cancel
from app.qt.boxes import vbox
from app.shell.project_control import unused_folder
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
    """

    def __init__(
        self,
        theme: Theme,
        *,
        source: Path,
        name: str,
        start: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._source, self._name, self._start = source, name, start
        self.setWindowTitle(f"Export “{name}”")
        self.formats = QButtonGroup(self)
        choices = QVBoxLayout()
        choices.setSpacing(SPACE_S)
        for number, (title, words) in enumerate(FORMATS.values()):
            button = QRadioButton(title)
            self.formats.addButton(button, number)
            choices.addWidget(button)
            hint = MutedLabel(theme, words)
            hint.setContentsMargins(SPACE_L, 0, 0, SPACE_S)
            choices.addWidget(hint)
        self.formats.button(0).setChecked(True)
        self.folder = QLineEdit()
        self.folder.setAccessibleName("Folder to write to")
        form = QFormLayout()
        tip = "Choose the folder to write to"
        add_folder_row(form, "New &folder:", self.folder, self._choose, tip=tip)
        self.command = CommandLine(theme)
        self.buttons = ok_and_cancel(self, "Export")
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        layout = vbox(choices, form, self.command, spacing=SPACE_M)
        fill(self, layout, self.buttons, width_chars=84)
        self._follows = True
        self.formats.idToggled.connect(lambda _number, _on: self._propose())
        self.folder.textChanged.connect(lambda _text: self._show())
        self.folder.textEdited.connect(self._stop_following)
        self._propose()

    def export_format(self) -> str:
        """The format, as the command line calls it."""
        return tuple(FORMATS)[self.formats.checkedId()]

    def export_folder(self) -> Path:
        """Where to write."""
        return Path(self.folder.text().strip()).expanduser()

    def _propose(self) -> None:
        if self._follows:
            name = f"{clean_name(self._name)}-{self.export_format()}"
            self.folder.setText(str(unused_folder(self._start, name)))
        self._show()

    def _stop_following(self, _text: str) -> None:
        self._follows = False

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "Create the export folder in", str(self._start)
        )
        if chosen:
            self._start, self._follows = Path(chosen), True
            self._propose()

    def _show(self) -> None:
        self.ok.setEnabled(bool(self.folder.text().strip()))
        out = str(self.export_folder())
        self.command.set_command(
            ["export", str(self._source), "--format", self.export_format(), "--out", out]
        )


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
    dialog = ExportDialog(
        context.theme,
        source=source,
        name=name,
        start=context.settings.projects_folder,
        parent=parent,
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: then(dialog.export_format(), dialog.export_folder()))
    dialog.open()
