"""How outputs are decoded: presets, and their settings."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QSpinBox, QWidget

from app.qt.boxes import combo_box, vbox
from app.theme import SPACE_S, SPACE_XS
from app.widgets.buttons import flat_button
from app.widgets.labels import Label
from app.widgets.setting_editor import Editor, IgnoreWheel, make_editor
from engine.contract.errors import UserError
from engine.contract.protocol.playground import MAX_SAMPLES
from engine.contract.schema import settings_of
from engine.contract.specs.training import DecodingSpec, Strategy

PRESETS = {
    "Greedy": DecodingSpec(strategy=Strategy.GREEDY),
    "5 beams": DecodingSpec(strategy=Strategy.BEAM, num_beams=5),
    "Sampling, careful": DecodingSpec(strategy=Strategy.SAMPLING, temperature=0.7, top_p=0.9),
    "Sampling, creative": DecodingSpec(strategy=Strategy.SAMPLING, temperature=1.1, top_p=0.98),
}
TIPS = {
    "Greedy": "Always the likeliest token; appears as it is made",
    "5 beams": "The best of five texts searched side by side, as in the paper; appears at its end",
    "Sampling, careful": "By chance among the likely tokens: temperature 0.7, top-p 0.9",
    "Sampling, creative": "By chance, surprising: temperature 1.1, top-p 0.98",
}
OWN = "Own settings"
_LEFT_OUT = {"batch_size"}


class DecodingPanel(QWidget):
    """A preset, the number of samples, and all settings behind a button.

    Signals:
        edited: by the user.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._decoding = PRESETS["Greedy"]
        self.preset = combo_box("Decoding", chars=14)
        self.preset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.preset.installEventFilter(IgnoreWheel(self.preset))
        for name in (*PRESETS, OWN):
            self.preset.addItem(name)
            self.preset.setItemData(
                self.preset.count() - 1, TIPS.get(name), Qt.ItemDataRole.ToolTipRole
            )
        self.samples = QSpinBox()
        self.samples.setRange(1, MAX_SAMPLES)
        self.samples.setAccessibleName("Samples of each system")
        self.samples.setToolTip("Texts of each system, each with the next seed; needs sampling")
        self.more = flat_button(
            "settings", "Show all settings of decoding", text="Settings", name="Decoding settings"
        )
        self.more.setCheckable(True)
        top = QFormLayout()
        top.setHorizontalSpacing(SPACE_S)
        top.setVerticalSpacing(SPACE_XS)
        for text, widget in (("&Decoding", self.preset), ("Sa&mples", self.samples)):
            label = Label(text)
            label.setBuddy(widget)
            top.addRow(label, widget)
        top.addRow("", self.more)
        self._editors: dict[str, Editor] = {}
        self.body = QWidget()
        self.body.hide()
        self.more.toggled.connect(lambda on: self.body.setVisible(on and bool(self.editors)))
        vbox(top, self.body, parent=self, spacing=SPACE_XS)
        self.preset.activated.connect(self._on_preset)
        self.samples.valueChanged.connect(self.edited)
        self._show()

    @property
    def decoding(self) -> DecodingSpec:
        """As it is set."""
        return self._decoding

    @property
    def sample_count(self) -> int:
        """Outputs of each system."""
        sampling = self._decoding.strategy is Strategy.SAMPLING
        return self.samples.value() if sampling else 1

    def show_decoding(self, decoding: DecodingSpec, samples: int) -> None:
        """Show the settings of a question of before."""
        with QSignalBlocker(self.samples):
            self.samples.setValue(samples)
        self._set(decoding)

    @property
    def editors(self) -> dict[str, Editor]:
        """By setting; made when they are first needed."""
        if not self._editors:
            self._editors = self._make_editors()
            self._show()
        return self._editors

    def _make_editors(self) -> dict[str, Editor]:
        rows = QFormLayout(self.body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setHorizontalSpacing(SPACE_S)
        rows.setVerticalSpacing(SPACE_XS)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        editors = {}
        for item in settings_of(DecodingSpec):
            if item.name in _LEFT_OUT:
                continue
            editor = make_editor(f"playground.{item.name}", item)
            editor.edited.connect(lambda value, name=item.name: self._change(name, value))
            editors[item.name] = editor
            if item.kind is bool:
                rows.addRow(editor.widget)
                continue
            label = Label(item.setting.label)
            label.setToolTip(item.setting.help)
            label.setBuddy(editor.widget)
            rows.addRow(label, editor.widget)
        return editors

    def _change(self, name: str, value: object) -> None:
        try:
            self._set(replace(self._decoding, **{name: value}))  # type: ignore[arg-type]
        except UserError:  # two settings that do not go together
            self._show()

    def _on_preset(self, index: int) -> None:
        preset = PRESETS.get(self.preset.itemText(index))
        if preset is None:
            self.more.setChecked(True)
            return
        lasting = ("max_new_tokens", "seed", "line_breaks", "min_new_tokens")
        self._set(replace(preset, **{name: getattr(self._decoding, name) for name in lasting}))

    def _set(self, decoding: DecodingSpec) -> None:
        self._decoding = decoding
        self._show()
        self.edited.emit()

    def _show(self) -> None:
        decoding = self._decoding
        for name, editor in self._editors.items():
            editor.show(getattr(decoding, name))
        self.samples.setEnabled(decoding.strategy is Strategy.SAMPLING)
        choosing = ("strategy", "num_beams", "length_penalty", "temperature", "top_k", "top_p")
        names = [field.name for field in fields(DecodingSpec) if field.name in choosing]
        name = next(
            (
                title
                for title, preset in PRESETS.items()
                if all(getattr(preset, each) == getattr(decoding, each) for each in names)
            ),
            OWN,
        )
        with QSignalBlocker(self.preset):
            self.preset.setCurrentText(name)
