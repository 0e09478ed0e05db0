"""The choice of what is trained: a prefix, the whole backbone, or another method of both."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox

from app.pages.runs.form.draft import MethodKind
from app.pages.runs.form.model import FormModel
from app.widgets.setting_editor import IgnoreWheel

CHOICES = (
    (
        MethodKind.PREFIX,
        "Prefix-tuning",
        "Train a few hundred kilobytes in front of a frozen backbone (Li & Liang 2021)",
    ),
    (MethodKind.FINETUNE, "Full fine-tuning", "Train every weight of the backbone"),
    (
        MethodKind.TOP_LAYERS,
        "Top layers",
        "Train the last layers and the final norm (FT-top2 of Li & Liang 2021)",
    ),
    (MethodKind.BITFIT, "BitFit", "Train every bias of the backbone (Ben Zaken et al. 2022)"),
    (
        MethodKind.ADAPTER,
        "Adapters",
        "Train small layers between those of a frozen backbone (Houlsby et al. 2019, Lin et al. "
        "2020)",
    ),
    (
        MethodKind.LORA,
        "LoRA",
        "Train thin matrices beside those of a frozen backbone (Hu et al. 2021)",
    ),
    (
        MethodKind.PROMPT,
        "Prompt tuning",
        "Train input embeddings before the source (Lester et al. 2021)",
    ),
    (
        MethodKind.P_TUNING,
        "P-tuning",
        "Train a small network that makes input embeddings (Liu et al. 2021)",
    ),
)


class MethodChoice(QComboBox):
    """Writes the method to the form model and listens to it."""

    def __init__(self, form: FormModel) -> None:
        super().__init__()
        self._form = form
        self.setAccessibleName("Method")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.installEventFilter(IgnoreWheel(self))
        for place, (_kind, words, tip) in enumerate(CHOICES):
            self.addItem(words)
            self.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(lambda place: form.set_kind(CHOICES[place][0]))
        form.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        kinds = [kind for kind, _words, _tip in CHOICES]
        place = kinds.index(self._form.draft.kind)
        with QSignalBlocker(self):
            self.setCurrentIndex(place)
        self.setToolTip(CHOICES[place][2])
