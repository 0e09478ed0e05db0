"""What llama.cpp and MLX need to know besides the folder: the backbone's file, and the cache."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFormLayout, QLineEdit, QWidget

from app.dialogs.parts import add_folder_row, choices
from app.qt.boxes import form_layout
from app.theme import SPACE_L, SPACE_S
from app.widgets.labels import Label
from engine.contract.protocol.prefixes import CacheType

_NUMBERS = {CacheType.F16: "float16", CacheType.F32: "float32"}
_BACKBONES = {
    CacheType.F16: "Write it as a GGUF file in float16",
    CacheType.F32: "Write it as a GGUF file in float32",
    None: "A GGUF file of my own",
}


class CacheOptions(QWidget):
    """The options of the formats that are a cache; those that a format lacks are hidden.

    Signals:
        changed: a value is new.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._form: QFormLayout = form_layout(SPACE_L, SPACE_S)
        self._form.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._form)
        self.backbone = choices("Backbone", _BACKBONES)
        self.gguf = QLineEdit()
        self.gguf.setAccessibleName("GGUF file")
        self.gguf.setPlaceholderText("MODEL.gguf, whole or quantised")
        self.cache_type = choices("Numbers of the cache", _NUMBERS)
        self.flash = QCheckBox("The server runs with flash attention (its default)")
        self.flash.setChecked(True)
        self._row("&Backbone:", self.backbone)
        add_folder_row(
            self._form, "GGUF f&ile:", self.gguf, self._choose, tip="Choose the GGUF file"
        )
        self._row("&Cache in:", self.cache_type)
        self._form.addRow("", self.flash)
        self._of_llama = (0, 1, 3)
        for box in (self.backbone, self.cache_type):
            box.currentIndexChanged.connect(self._on_changed)
        self.gguf.textChanged.connect(self.changed)
        self.flash.toggled.connect(self.changed)

    def show_for(self, form: str) -> None:
        """Show what this format asks for."""
        self.setVisible(form in ("llamacpp", "mlx"))
        for row in self._of_llama:
            self._form.setRowVisible(row, form == "llamacpp")
        if form == "llamacpp":
            self._form.setRowVisible(1, self.write_gguf() is None)

    def is_complete(self) -> bool:
        """Whether llama.cpp's backbone is named."""
        return self.write_gguf() is not None or bool(self.gguf.text().strip())

    def write_gguf(self) -> CacheType | None:
        """In which format the backbone is to be written, or None for the user's own file."""
        chosen: CacheType | None = self.backbone.currentData()
        return chosen

    def _row(self, label: str, field: QWidget) -> None:
        buddy = Label(label)
        buddy.setBuddy(field)
        self._form.addRow(buddy, field)

    def _on_changed(self) -> None:
        self._form.setRowVisible(1, self.write_gguf() is None)
        self.changed.emit()

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "The backbone as a GGUF file", "", "GGUF files (*.gguf)"
        )
        if chosen:
            self.gguf.setText(chosen)
