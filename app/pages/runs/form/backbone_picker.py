"""The list of backbones, with what one should know before choosing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFileDialog, QWidget

from app.pages.runs.form.planner import Planner
from app.pages.runs.form.section_box import choice_box
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import MutedLabel
from app.words import count, size
from engine.contract.backbone import BackboneEntry


class BackbonePicker(QWidget):
    """A list, a line about the chosen backbone, and buttons to fetch it or use another folder."""

    def __init__(self, planner: Planner, theme: Theme) -> None:
        super().__init__()
        self._planner, self._form, self._backbones = planner, planner.form, planner.backbones
        self._listed: tuple[tuple[BackboneEntry, str], ...] = ()
        self._model = QStandardItemModel(0, 1, self)
        self.box = choice_box("Backbone", tip="The language model that the prefix is trained for")
        self.box.setModel(self._model)
        self.box.activated.connect(
            lambda index: self._form.set("backbone", self.box.itemData(index))
        )
        tip = "Bring this backbone to this machine now"
        self.fetch = push_button("Fetch", self._fetch, icon="import", tip=tip)
        tip, name = "Use a local model folder, in transformers' format", "Choose a model folder"
        self.folder = push_button("", self._ask_folder, icon="folder", tip=tip, name=name)
        self.about = MutedLabel(theme)
        row = hbox((self.box, 1), self.fetch, self.folder, spacing=SPACE_S)
        vbox(row, self.about, parent=self, spacing=SPACE_XS)
        planner.changed.connect(self._update)
        self._update()

    def use_folder(self, path: Path) -> None:
        """List the backbone in this folder, and choose it."""
        self._backbones.add_folder(path)
        self._form.set("backbone", str(path))

    def _update(self) -> None:
        listed = tuple((entry, self._why_not(entry)) for entry in self._backbones.entries)
        if listed != self._listed:
            self._listed = listed
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

    def _why_not(self, entry: BackboneEntry) -> str:
        problem = self._planner.why_not(entry)
        return "" if problem is None else problem.message

    def _fill(self) -> None:
        self._model.clear()
        # What can be used at once comes first; the catalog's order decides among equals.
        for entry, why_not in sorted(
            self._listed, key=lambda pair: (bool(pair[1]), not pair[0].on_disk)
        ):
            title = entry.title
            if not entry.supported:
                title += " (not supported)"
            elif why_not:
                title += " (writes no texts)"
            elif not entry.on_disk:
                title += f" (fetch {size(entry.download_bytes)})"
            item = QStandardItem(title)
            item.setData(entry.name, Qt.ItemDataRole.UserRole)
            item.setToolTip(why_not if entry.supported and why_not else describe(entry))
            item.setEnabled(not why_not)
            self._model.appendRow(item)

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder with the backbone")
        if chosen:
            self.use_folder(Path(chosen))

    def _fetch(self) -> None:
        self._backbones.fetch(self._form.draft["backbone"])


def describe(entry: BackboneEntry) -> str:
    """Size, licence, and where it is."""
    parameters = entry.shape.parameters
    if parameters < 1_000_000:
        words = count(parameters)
    else:
        words = f"{parameters / 1e6:,.{1 if parameters < 10_000_000 else 0}f} M"
    parts = [f"{words} parameters", entry.licence or "licence unknown"]
    if not entry.supported:
        parts.append(entry.note or "not supported by this version")
    else:
        on_disk = "on disk" if entry.on_disk else f"to be fetched, {size(entry.download_bytes)}"
        parts += [on_disk, entry.note] if entry.note else [on_disk]
    return " · ".join(parts)
