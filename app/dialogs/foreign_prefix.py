"""What a PEFT folder does not say: the backbone on this machine, and how inputs were written."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget

from app.dialogs.parts import add_folder_row, choices, fill, ok_and_cancel
from app.pages.data.words import PRESET_TITLES
from app.qt.boxes import form_layout, vbox
from app.theme import SPACE_L, SPACE_M, Theme
from app.widgets.labels import MutedLabel
from engine.contract.errors import UserError
from engine.contract.files.regular_files import read_text
from engine.contract.options import OPTIONS
from engine.contract.protocol.prefixes import ImportPrefix
from engine.contract.specs.data import Linearisation, Preset, PromptForm

CONFIG_FILE = "adapter_config.json"
OUR_CARD_FILE = "prefix_card.json"


def foreign_folder(folder: Path) -> Path | None:
    """The PEFT folder that another program wrote, itself or the only one inside; else None."""
    if not folder.is_dir() or (folder / "prefix.json").exists() or (folder / "run.json").exists():
        return None
    folders = [folder]
    if not (folder / CONFIG_FILE).exists():
        folders = [path.parent for path in folder.glob(f"*/{CONFIG_FILE}")]
    if len(folders) != 1 or (folders[0] / OUR_CARD_FILE).exists():
        return None
    return folders[0]


def named_backbone(folder: Path) -> str:
    """The backbone that a PEFT folder names, or "" where it cannot be read."""
    try:
        config = json.loads(read_text(folder / CONFIG_FILE, limit_bytes=1_000_000))
        named = config.get("base_model_name_or_path")
    except (UserError, OSError, ValueError, RecursionError, AttributeError):
        return ""
    return named if isinstance(named, str) else ""


class ForeignPrefixDialog(QDialog):
    """Asks for the backbone, the separator and the form of tables.

    Args:
        folder: of the prefix.
        named: the backbone that it names.
    """

    def __init__(
        self, theme: Theme, folder: Path, named: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Import “{folder.name}”")
        self.backbone = QLineEdit()
        shown = named if len(named) <= 60 else f"…{named[-60:]}"
        self.backbone.setPlaceholderText(f"from the folder: {shown}" if named else "")
        self.form = choices("Separator", dict(OPTIONS["data.prompt"].setting.labels))
        self.preset = choices("Form of tables", PRESET_TITLES)
        self.preset.setCurrentIndex(self.preset.findData(Linearisation().preset))
        rows = form_layout(SPACE_L, SPACE_M)
        tip = "Choose the folder of the backbone"
        add_folder_row(rows, "&Backbone:", self.backbone, self._choose, tip=tip)
        rows.addRow("&Separator:", self.form)
        rows.addRow("&Tables as:", self.preset)
        hint = MutedLabel(
            theme,
            "Another program trained this prefix. It works only with the backbone it was trained "
            "on, and with inputs written as they were in training. Leave the backbone empty if it "
            "is on this machine under the name given in the folder.",
        )
        buttons = ok_and_cancel(self, "Import")
        fill(self, vbox(hint, rows, spacing=SPACE_L), buttons, width_chars=72)

    def command(self, folder: Path, project: Path) -> ImportPrefix:
        """The import of this folder into a project, with what was chosen."""
        form, preset = PromptForm(self.form.currentData()), Preset(self.preset.currentData())
        return ImportPrefix(
            str(folder),
            str(project),
            backbone=self.backbone.text().strip(),
            prompt=form if form is not PromptForm.NEWLINE else None,
            linearisation=Linearisation(preset) if preset is not Linearisation().preset else None,
        )

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the backbone", str(Path.home()))
        if chosen:
            self.backbone.setText(chosen)
