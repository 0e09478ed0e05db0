"""The list of backbones, with what one should know before choosing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFileDialog,
    QWidget,
)

from app.pages.runs.form.backbones import BackbonesModel
from app.pages.runs.form.model import FormModel
from app.qt.boxes import combo_box, hbox, vbox
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import MutedLabel
from app.widgets.setting_editor import IgnoreWheel
from app.words import count, size
from engine.contract.backbone import BackboneEntry

WIDTH_CHARS = 14


def describe(entry: BackboneEntry) -> str:
    """Size, licence, and where it is."""
    shape = entry.shape
    parts = [f"{_millions(shape.parameters)} parameters", entry.licence or "licence unknown"]
    if not entry.supported:
        parts.append(entry.note or "not supported by this version")
    elif entry.on_disk:
        parts.append("on disk")
    else:
        parts.append(f"to be fetched, {size(entry.download_bytes)}")
    if entry.supported and entry.note:
        parts.append(entry.note)
    return " · ".join(parts)


def _millions(parameters: int) -> str:
    if parameters < 1_000_000:
        return count(parameters)
    return f"{parameters / 1e6:,.{1 if parameters < 10_000_000 else 0}f} M"


class BackbonePicker(QWidget):
    """A list, a line about the chosen one, and buttons to fetch it or take another folder."""

    def __init__(self, form: FormModel, backbones: BackbonesModel, theme: Theme) -> None:
        super().__init__()
        self._form, self._backbones = form, backbones
        self._shown: tuple[BackboneEntry, ...] | None = None
        self.box = combo_box(
            "Backbone", chars=WIDTH_CHARS, tip="The language model that the prefix is trained for"
        )
        self.box.setModel(QStandardItemModel(0, 1, self.box))
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._calm = IgnoreWheel(self)
        self.box.installEventFilter(self._calm)
        self.box.currentIndexChanged.connect(self._on_chosen)
        tip = "Bring this backbone to this machine now"
        self.fetch = push_button("Fetch", self._on_fetch, picture="import", tip=tip)
        tip, name = "Use a local model folder, in transformers' format", "Choose a model folder"
        self.folder = push_button("", self._ask_folder, picture="folder", tip=tip, name=name)
        self.about = MutedLabel(theme)
        row = hbox((self.box, 1), self.fetch, self.folder, spacing=SPACE_S)
        vbox(row, self.about, parent=self, spacing=SPACE_XS)
        form.changed.connect(self._tell)
        backbones.changed.connect(self._tell)
        self._tell()

    def take_folder(self, path: Path) -> None:
        """List the backbone in this folder, and choose it."""
        self._backbones.add_folder(path)
        self._form.set("backbone", str(path), "backbone")

    def _tell(self) -> None:
        with QSignalBlocker(self.box):
            if self._backbones.entries != self._shown:
                self._fill()
            name = self._form.draft["backbone"]
            self.box.setCurrentIndex(self.box.findData(name))
        entry = self._backbones.get(name)
        self.about.setText(self._about(entry))
        fetching = self._backbones.is_fetching(name)
        self.fetch.setVisible(entry is not None and entry.supported and not entry.on_disk)
        self.fetch.setEnabled(not fetching)
        self.fetch.setText("Fetching…" if fetching else "Fetch")

    def _about(self, entry: BackboneEntry | None) -> str:
        if entry is not None:
            return describe(entry)
        if self._backbones.failure:
            return self._backbones.failure
        return "Choose a backbone." if self._backbones.entries else "Looking for backbones…"

    def _fill(self) -> None:
        self._shown = self._backbones.entries
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)
        model.clear()
        # What can be used at once comes first; the catalog's order decides among equals.
        ranked = sorted(self._shown, key=lambda e: (not e.supported, not e.on_disk))
        for entry in ranked:
            item = QStandardItem(entry.title)
            item.setData(entry.name, Qt.ItemDataRole.UserRole)
            item.setToolTip(describe(entry))
            item.setEnabled(entry.supported)
            if entry.supported and not entry.on_disk:
                item.setText(f"{entry.title} (fetch {size(entry.download_bytes)})")
            elif not entry.supported:
                item.setText(f"{entry.title} (not supported)")
            model.appendRow(item)

    def _on_chosen(self, place: int) -> None:
        if place >= 0:
            self._form.set("backbone", self.box.itemData(place), "backbone")

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder with the backbone")
        if chosen:
            self.take_folder(Path(chosen))

    def _on_fetch(self) -> None:
        self._backbones.fetch(self._form.draft["backbone"])
