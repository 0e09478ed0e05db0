"""Export what was trained: in which format, to which folder, and the command for the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from app.dialogs.export_options import CacheOptions
from app.dialogs.parts import NewFolderEdit, add_folder_row, fill, ok_and_cancel
from app.qt.boxes import vbox
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme
from app.widgets.command_line import CommandLine
from app.widgets.labels import MutedLabel
from engine.contract.exports import EXPORT_NAMES, EXPORTS
from engine.contract.files.writing import slug
from engine.contract.protocol.prefixes import CacheType, ExportPrefix

NAME_CHARS = 60
KEYS = {"native": "&Native", "peft": "&PEFT", "transformers": "&transformers",
        "llamacpp": "&llama.cpp", "mlx": "&MLX"}  # fmt: skip


class ExportDialog(QDialog):
    """Asks for format and folder, and for what a format needs besides.

    Args:
        source: the folder of a run, prefix or delta, for the command.
        name: what it is called, for the proposed folder.
        start: where the folder is made.
        formats: names of those that can hold it.
    """

    def __init__(
        self,
        theme: Theme,
        *,
        source: Path,
        name: str,
        start: Path,
        formats: Sequence[str] = EXPORT_NAMES,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._source, self._name = source, name
        self._infos = [info for info in EXPORTS if info.name in formats]
        self.setWindowTitle(f"Export “{name}”")
        self.formats = QButtonGroup(self)
        self.options = CacheOptions()
        rows = vbox(spacing=SPACE_S)
        for number, info in enumerate(self._infos):
            button, hint = QRadioButton(KEYS[info.name]), MutedLabel(theme, info.where)
            hint.setWordWrap(True)
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
        parts = vbox(rows, self.options, form, self.command, spacing=SPACE_M)
        fill(self, parts, self.buttons, width_chars=84)
        self.formats.idToggled.connect(self._show_format)
        self.folder.textChanged.connect(self._show)
        self.options.changed.connect(self._show)
        self._show_format()

    def export_format(self) -> str:
        """The format, as the command line calls it."""
        return self._infos[self.formats.checkedId()].name

    def export_command(self) -> ExportPrefix:
        """What is to be done."""
        form = self.export_format()
        command = ExportPrefix(str(self._source), form, str(self.folder.folder()))
        if form in ("llamacpp", "mlx"):
            command = replace(command, cache_type=self.options.cache_type.currentData())
        if form == "llamacpp":
            write = self.options.write_gguf()
            command = replace(
                command,
                gguf="" if write is not None else self.options.gguf.text().strip(),
                write_gguf=write,
                flash_attention=self.options.flash.isChecked(),
            )
        return command

    def _show_format(self) -> None:
        self.folder.follow(f"{clean_name(self._name)}-{self.export_format()}")
        self.options.show_for(self.export_format())
        self._show()

    def _show(self) -> None:
        command = self.export_command()
        complete = command.format != "llamacpp" or self.options.is_complete()
        self.ok.setEnabled(bool(self.folder.text().strip()) and complete)
        self.command.set_command(command_words(command))


def command_words(command: ExportPrefix) -> list[str]:
    """The same on the command line."""
    words = ["export", command.source, "--format", command.format]
    if command.gguf:
        words += ["--gguf", command.gguf]
    if command.write_gguf is not None:
        words += ["--write-gguf", command.write_gguf.value]
    if command.cache_type is not CacheType.F16:
        words += ["--cache-type", command.cache_type.value]
    if not command.flash_attention:
        words.append("--no-flash-attention")
    return [*words, "--out", command.out]


def clean_name(name: str) -> str:
    """A name for a folder that needs no quotes: letters, digits, dots and single dashes."""
    return re.sub("-{2,}", "-", slug(name))[:NAME_CHARS].strip("-._") or "prefix"


def ask_for_export(
    context: AppContext,
    parent: QWidget,
    *,
    source: Path,
    name: str,
    formats: Sequence[str],
    then: Callable[[ExportPrefix], None],
) -> None:
    """Open the dialog; `then` is called with the command if it is accepted."""
    start = context.settings.projects_folder
    dialog = ExportDialog(
        context.theme, source=source, name=name, start=start, formats=formats, parent=parent
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: then(dialog.export_command()))
    dialog.open()
