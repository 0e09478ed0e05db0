"""A button with a menu of metrics to tick, and the encoder that BERTScore asks for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.assets import icon
from app.dialogs.parts import add_folder_row, fill, ok_and_cancel
from app.qt.boxes import form_layout, vbox
from app.qt.plain_text import caption
from app.settings import Settings
from app.theme import SPACE_L, SPACE_M, Theme
from app.widgets.labels import MutedLabel
from engine.contract.metrics import METRICS, Need, metric_info, metrics_for, needs_encoder
from engine.contract.runs.scores import Encoder
from engine.contract.specs.answer import AnswerKind

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
        form.addRow("&Layer:", self.layer)
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
        return Encoder.from_text(self.folder.text(), layer, idf=self.idf.isChecked())

    def _show(self) -> None:
        self.ok.setEnabled(bool(self.folder.text().strip()))

    def _choose(self) -> None:
        typed = Path(self.folder.text().strip()).expanduser()
        start = str(typed if typed.is_dir() else Path.home())
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the encoder", start)
        if chosen:
            self.folder.setText(chosen)


class MetricMenu(QToolButton):
    """Shows what is ticked when it opens, and says what was ticked then.

    BERTScore asks for its encoder when there is none yet, and the menu's last line asks anew.

    Attributes:
        choices: the actions by metric.

    Signals:
        opening: the menu is about to be shown: `show_metrics` now.
        chosen: names of the ticked metrics, in the order of the menu.
        encoder_chosen: the same, bertscore among them: its encoder is new in the settings.
    """

    opening = Signal()
    chosen = Signal(tuple)
    encoder_chosen = Signal(tuple)

    def __init__(
        self, settings: Settings, theme: Theme, tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._theme = settings, theme
        self.setText("Scores")
        self.setIcon(icon("check"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.choices: dict[str, QAction] = {}
        for info in METRICS:
            action = menu.addAction(info.title)
            action.setCheckable(True)
            action.triggered.connect(lambda on, name=info.name: self._on_ticked(name, checked=on))
            self.choices[info.name] = action
        menu.addSeparator()
        needing = next(info for info in METRICS if Need.ENCODER in info.needs)
        self._needing_encoder = self.choices[needing.name]
        self.encoder = menu.addAction(caption(f"{needing.title} encoder…"))
        self.encoder.triggered.connect(self.ask_for_encoder)
        menu.aboutToShow.connect(self.opening)
        self.setMenu(menu)

    def show_metrics(
        self,
        metrics: Collection[str],
        *,
        answer: AnswerKind = AnswerKind.TEXT,
        waiting_for: str = "",
    ) -> None:
        """Tick these; the last one cannot be taken away.

        Args:
            answer: what is predicted: metrics of something else are not offered.
            waiting_for: why nothing can be chosen just now, as a sentence.
        """
        offered = {info.name for info in metrics_for(answer)}
        self.encoder.setVisible(needs_encoder(offered))
        for metric, action in self.choices.items():
            action.setVisible(metric in offered)
            action.setChecked(metric in metrics)
            action.setEnabled(not waiting_for and set(metrics) != {metric})
            action.setToolTip(f"{waiting_for} {metric_info(metric).tip}".lstrip())
        self.encoder.setEnabled(not waiting_for)

    def present_encoder(self) -> Encoder:
        """What a metric that needs an encoder would be computed with."""
        return self._settings.encoder

    def ask_for_encoder(self) -> None:
        """Open the dialog; if it is accepted, BERTScore is ticked."""
        dialog = EncoderDialog(self._theme, self.present_encoder(), self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._set_encoder(dialog.encoder()))
        dialog.open()

    def _set_encoder(self, encoder: Encoder) -> None:
        self._settings.encoder = encoder
        self._needing_encoder.setChecked(True)
        self.encoder_chosen.emit(self._ticked())

    def _on_ticked(self, metric: str, *, checked: bool) -> None:
        if needs_encoder((metric,)) and checked and not self.present_encoder().name:
            self._needing_encoder.setChecked(False)
            self.ask_for_encoder()
        else:
            self.chosen.emit(self._ticked())

    def _ticked(self) -> tuple[str, ...]:
        chosen = self.choices.items()
        return tuple(name for name, action in chosen if action.isVisible() and action.isChecked())
