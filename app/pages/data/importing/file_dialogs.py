"""PageRequests for files without a nested event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from app.settings import Settings
from engine.contract.reading.formats import DATA_ENDINGS, FORMATS
from engine.contract.reading.reading import HUB_SCHEME

_KINDS = (("Data", DATA_ENDINGS), *((info.title, info.endings) for info in FORMATS))
FILTERS = (
    *(f"{title} ({' '.join('*' + ending for ending in endings)})" for title, endings in _KINDS),
    "All files (*)",
)
FOLDER = "data/folder"


def ask_for_table(
    parent: QWidget, settings: Settings, chosen: Callable[[Path], object]
) -> QFileDialog:
    """Let the user choose a file to import."""
    dialog = _dialog(parent, settings, "Open data", chosen)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(FILTERS)
    dialog.open()
    return dialog


def ask_for_folder(
    parent: QWidget, settings: Settings, chosen: Callable[[Path], object]
) -> QFileDialog:
    """Let the user choose a folder of WebNLG's files."""
    dialog = _dialog(parent, settings, "Open a WebNLG folder", chosen)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.open()
    return dialog


def ask_for_hub_name(parent: QWidget, chosen: Callable[[Path], object]) -> QInputDialog:
    """Let the user name a dataset of Hugging Face; `chosen` gets "hub:NAME"."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Open a Hugging Face dataset")
    dialog.setLabelText(
        "Owner and name, such as EdinburghNLP/xsum; with a configuration, "
        "abisee/cnn_dailymail:3.0.0.\nIt is downloaded from huggingface.co; none of its code is "
        "run."
    )

    def take(text: str) -> None:
        name = text.strip().removeprefix(HUB_SCHEME)
        if name:
            chosen(Path(f"{HUB_SCHEME}{name}"))

    dialog.textValueSelected.connect(take)
    dialog.open()
    return dialog


def _dialog(
    parent: QWidget, settings: Settings, title: str, chosen: Callable[[Path], object]
) -> QFileDialog:
    dialog = QFileDialog(parent, title, settings.choice(FOLDER))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def take(file: str) -> None:
        settings.set_choice(FOLDER, str(Path(file).parent))
        chosen(Path(file))

    dialog.fileSelected.connect(take)
    return dialog
