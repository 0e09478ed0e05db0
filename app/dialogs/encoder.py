"""Which encoder BERTScore compares words by."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from app.dialogs.parts import add_folder_row, fill, ok_and_cancel
from app.qt.boxes import form_layout, vbox
from app.theme import SPACE_L, SPACE_M, Theme
from app.widgets.labels import Label, MutedLabel
from engine.contract.runs.scores import Encoder

LAST = -1
"""The spin box's value for the last layer."""
MOST_LAYERS = 200


class EncoderDialog(QDialog):
    """Asks for a folder, a layer and how tokens weigh."""

    def __init__(self, theme: Theme, encoder: Encoder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("BERTScore encoder")
        self.folder = QLineEdit(encoder.name)
        self.folder.setPlaceholderText("a folder, or a hub id that is in the cache")
        self.layer = QSpinBox()
        self.layer.setRange(LAST, MOST_LAYERS)
        self.layer.setSpecialValueText("the last")
        self.layer.setValue(LAST if encoder.layer is None else encoder.layer)
        self.idf = QCheckBox("&Weight rare words more (IDF)")
        self.idf.setChecked(encoder.idf)
        form = form_layout(SPACE_L, SPACE_M)
        tip = "Choose the folder of the encoder"
        add_folder_row(form, "&Encoder:", self.folder, self._choose, tip=tip)
        layer = Label("&Layer:")
        layer.setBuddy(self.layer)
        form.addRow(layer, self.layer)
        form.addRow("", self.idf)
        hint = MutedLabel(
            theme,
            "BERTScore matches the words of an output with those of the references by an "
            "encoder's embeddings. The folder holds the encoder's config, tokenizer and weights "
            "in transformers' format; nothing is downloaded. For roberta-large, papers use layer "
            "17.",
        )
        self.buttons = ok_and_cancel(self, "Compute score")
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        layout = vbox(hint, form, spacing=SPACE_L)
        fill(self, layout, self.buttons, width_chars=72)
        self.folder.textChanged.connect(self._show)
        self._show()

    def encoder(self) -> Encoder:
        """What was chosen."""
        layer = None if self.layer.value() == LAST else self.layer.value()
        return Encoder.found(self.folder.text(), layer, idf=self.idf.isChecked())

    def _show(self) -> None:
        self.ok.setEnabled(bool(self.folder.text().strip()))

    def _choose(self) -> None:
        typed = Path(self.folder.text().strip()).expanduser()
        start = str(typed if typed.is_dir() else Path.home())
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the encoder", start)
        if chosen:
            self.folder.setText(chosen)
