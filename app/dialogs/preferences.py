"""Preferences: each takes effect at once; there is no OK and no Cancel."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QWidget

from app.dialogs.parts import choices, close_button, fill
from app.ports import Client
from app.qt.boxes import form_layout, hbox, vbox
from app.settings import FONT_PERCENTS, Settings
from app.theme import SPACE_L, SPACE_M, SPACE_S, Scheme, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import ElidedLabel, MutedLabel
from engine.contract.protocol.backbones import BackboneList, ListBackbones

_SCHEMES = {
    Scheme.SYSTEM: "Follow system",
    Scheme.LIGHT: "Light",
    Scheme.DARK: "Dark",
}


class PreferencesDialog(QDialog):
    """Colours, text size, where projects are made, where backbones are saved."""

    def __init__(
        self, theme: Theme, settings: Settings, *, client: Client, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle("Preferences")
        self.scheme = choices("Colour scheme", _SCHEMES)
        percents = {percent: f"{percent} %" for percent in FONT_PERCENTS}
        self.font_percent = choices("Text size", percents)
        self.projects = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        name = "Choose the folder for new projects"
        choose = push_button("Choose…", self._choose_projects, name=name)
        self.cache = ElidedLabel("…", mode=Qt.TextElideMode.ElideMiddle)
        name = "Show the folder of the backbones"
        self.show_cache = push_button("Show", self._open_cache, name=name)
        self.show_cache.setEnabled(False)
        form = form_layout(SPACE_L, SPACE_M)
        form.addRow("Colour &scheme:", self.scheme)
        form.addRow("Text si&ze:", self.font_percent)
        form.addRow("Default project folder:", _beside(self.projects, choose))
        form.addRow("Backbone folder:", _beside(self.cache, self.show_cache))
        hint = MutedLabel(
            theme,
            "Changes take effect immediately. The environment variable PREFIX_WORKBENCH_CACHE "
            f"sets the backbone folder. Settings are saved in {settings.path}.",
        )
        fill(self, vbox(form, hint, spacing=SPACE_L), close_button(self), width_chars=80)
        self._show()
        settings.changed.connect(self._show)
        self.scheme.activated.connect(self._set_scheme)
        self.font_percent.activated.connect(self._set_font_percent)
        self._pending = client.ask(ListBackbones())
        self._pending.answered.connect(self._show_cache)

    def _show(self) -> None:
        self.scheme.setCurrentIndex(self.scheme.findData(self._settings.scheme))
        size = self.font_percent.findData(self._settings.font_percent)
        self.font_percent.setCurrentIndex(size)
        self.projects.set_full_text(str(self._settings.projects_folder))

    def _show_cache(self, catalog: BackboneList) -> None:
        self.cache.set_full_text(catalog.cache_folder)
        self.show_cache.setEnabled(Path(catalog.cache_folder).is_dir())

    def _open_cache(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.cache.full_text()))

    def _set_scheme(self) -> None:
        self._settings.scheme = self.scheme.currentData()

    def _set_font_percent(self) -> None:
        self._settings.font_percent = self.font_percent.currentData()

    def _choose_projects(self) -> None:
        start = str(self._settings.projects_folder)
        chosen = QFileDialog.getExistingDirectory(self, "Folder for new projects", start)
        if chosen:
            self._settings.projects_folder = Path(chosen)


def _beside(label: QWidget, button: QWidget) -> QHBoxLayout:
    return hbox((label, 1), button, spacing=SPACE_S)
