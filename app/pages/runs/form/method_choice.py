"""The choice of what is trained: a prefix, the whole backbone, or another method of both."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox

from app.pages.runs.form.model import FormModel
from app.widgets.setting_editor import IgnoreWheel
from engine.contract.methods.all import METHODS


class MethodChoice(QComboBox):
    """Writes the method to the form model and listens to it."""

    def __init__(self, form: FormModel) -> None:
        super().__init__()
        self._form = form
        self.setAccessibleName("Method")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.installEventFilter(IgnoreWheel(self))
        for index, info in enumerate(METHODS):
            self.addItem(info.title)
            self.setItemData(index, info.help, Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(lambda index: form.set_method(METHODS[index].name))
        form.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        info = self._form.draft.info
        with QSignalBlocker(self):
            self.setCurrentIndex(METHODS.index(info))
        self.setToolTip(info.help)
