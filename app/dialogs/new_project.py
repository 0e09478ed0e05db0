"""New project: a name and a folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QWidget

from app.dialogs.parts import NewFolderEdit, add_folder_row, fill, ok_and_cancel
from app.qt.boxes import form_layout, vbox
from app.theme import SPACE_L, SPACE_M, Theme
from app.widgets.labels import MutedLabel


class NewProjectDialog(QDialog):
    """Asks for a name; the folder follows it until the user chooses another."""

    def __init__(self, theme: Theme, projects_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the project")
        self.name.setPlaceholderText("Restaurants")
        title = "Create the project's folder in"
        self.folder = NewFolderEdit("Folder of the project", projects_folder, title)
        form = form_layout(SPACE_L, SPACE_M)
        form.addRow("&Name:", self.name)
        tip = "Choose where to create the project's folder"
        add_folder_row(form, "&Folder:", self.folder, self.folder.choose, tip=tip)
        hint = MutedLabel(
            theme, "The project's data, runs and prefixes are all saved in this folder."
        )
        self.buttons = ok_and_cancel(self, "Create project")
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        fill(self, vbox(form, hint, spacing=SPACE_M), self.buttons, width_chars=76)
        self.name.textChanged.connect(self._follow_name)
        self.folder.textChanged.connect(self._check)
        self._follow_name()
        self.setTabOrder(self.name, self.folder)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def project_name(self) -> str:
        """The name, or the folder's where none was typed."""
        return self.name.text().strip() or self.project_folder().name

    def project_folder(self) -> Path:
        """The folder."""
        return self.folder.folder()

    def _follow_name(self) -> None:
        self.folder.follow(self.name.text().strip() or "Project")
        self._check()

    def _check(self) -> None:
        self.ok.setEnabled(bool(self.name.text().strip()) and bool(self.folder.text().strip()))
