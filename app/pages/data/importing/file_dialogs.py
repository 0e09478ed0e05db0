"""Dialogs for files, folders and names of data, without a nested event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from app.settings import Settings
from engine.contract.reading.formats import DATA_ENDINGS, FORMATS
from engine.contract.reading.reading import HUB_SCHEME

_KINDS = (
    ("Data", DATA_ENDINGS),
    *((info.title, info.endings) for info in FORMATS if info.endings),
)
FILTERS = (
    *(f"{title} ({' '.join('*' + ending for ending in endings)})" for title, endings in _KINDS),
    "All files (*)",
)
FOLDER = "data/folder"


def ask_for_path(
    parent: QWidget, settings: Settings, chosen: Callable[[Path], object], *, folder: bool = False
) -> None:
    """Let the user choose a file to import, or a folder of files."""
    modes = QFileDialog.FileMode
    mode = modes.Directory if folder else modes.ExistingFile
    _ask(parent, settings, mode, lambda paths: chosen(paths[0]))


def ask_for_paths(
    parent: QWidget, settings: Settings, chosen: Callable[[Sequence[Path]], object]
) -> None:
    """Let the user choose a file to import, or several of one dataset."""
    _ask(parent, settings, QFileDialog.FileMode.ExistingFiles, chosen)


def _ask(
    parent: QWidget,
    settings: Settings,
    mode: QFileDialog.FileMode,
    chosen: Callable[[Sequence[Path]], object],
) -> None:
    is_folder = mode is QFileDialog.FileMode.Directory
    title = "Open a folder of data" if is_folder else "Open data"
    dialog = QFileDialog(parent, title, settings.choice(FOLDER))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(mode)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, is_folder)
    if not is_folder:
        dialog.setNameFilters(FILTERS)

    def choose(files: list[str]) -> None:
        paths = [Path(file) for file in files]
        settings.set_choice(FOLDER, str(paths[0].parent))
        chosen(paths)

    dialog.filesSelected.connect(choose)
    dialog.open()


def ask_for_hub_name(parent: QWidget, chosen: Callable[[Path], object]) -> None:
    """Let the user name a dataset of Hugging Face; `chosen` gets "hub:NAME"."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Open a Hugging Face dataset")
    dialog.setLabelText(
        "Owner and name, such as EdinburghNLP/xsum; with a configuration, "
        "abisee/cnn_dailymail:3.0.0.\nIt is downloaded from huggingface.co; none of its code is "
        "run."
    )

    def choose(text: str) -> None:
        name = text.strip().removeprefix(HUB_SCHEME)
        if name:
            chosen(Path(f"{HUB_SCHEME}{name}"))

    dialog.textValueSelected.connect(choose)
    dialog.open()
