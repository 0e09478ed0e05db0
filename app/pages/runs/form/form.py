"""The form of a new run: backbone, method, length, cost, and everything else below."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.pages.runs.form.advanced import AdvancedSettings, PresetBox
from app.pages.runs.form.backbone_picker import BackbonePicker
from app.pages.runs.form.cost_panel import CostPanel
from app.pages.runs.form.length_control import LengthControl
from app.pages.runs.form.method_choice import MethodChoice
from app.pages.runs.form.method_drawing import MethodDrawing
from app.pages.runs.form.planner import Planner
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import ElidedLabel, MutedLabel, SectionHeader
from app.widgets.vertical_area import VerticalArea
from app.words import count
from engine.contract.errors import UserError

MINIMUM_LINES = 12


class RunForm(VerticalArea):
    """Writes to the form model and shows what the planner makes of it.

    Signals:
        data_asked: the user wants other data.
    """

    data_asked = Signal()

    def __init__(self, planner: Planner, theme: Theme) -> None:
        super().__init__(minimum_lines=MINIMUM_LINES)
        self._planner, self._form = planner, planner.form
        form = planner.form
        self.setAccessibleName("Settings of a new run")
        self.dataset = ElidedLabel()
        self.sizes = MutedLabel(theme)
        self.picker = BackbonePicker(form, planner.backbones, theme)
        self.method = MethodChoice(form)
        self.length = LengthControl()
        self.length.edited.connect(
            lambda length: form.set("method.prefix_length", length, "prefix length")
        )
        self._length_row = QWidget()
        self.drawing = MethodDrawing(theme)
        self.cost = CostPanel(planner, theme)
        self.presets = PresetBox(form)
        self.advanced = AdvancedSettings(form, planner)
        self._lay_out()
        form.changed.connect(self._tell)
        planner.changed.connect(self._draw)
        planner.changed.connect(self._tell_data)
        self._tell()
        self._tell_data()
        self._draw()

    def _lay_out(self) -> None:
        body = QWidget()
        label = QLabel("Prefix length")
        label.setBuddy(self.length.slider)
        hbox(label, (self.length, 1), parent=self._length_row, spacing=SPACE_S)
        vbox(
            self._data_header(),
            self.dataset,
            self.sizes,
            SectionHeader("Backbone"),
            self.picker,
            SectionHeader("Method"),
            self.method,
            self._length_row,
            self.drawing,
            self.cost,
            SectionHeader("Settings"),
            self.presets,
            self.advanced,
            1,
            parent=body,
            margins=(SPACE_M, SPACE_S, SPACE_M, SPACE_S),
            spacing=SPACE_S,
        )
        self.setWidget(body)

    def _data_header(self) -> SectionHeader:
        header = SectionHeader("Data")
        tip = "Choose another dataset or split on the Data page"
        header.add(flat_button(tip=tip, slot=self.data_asked, text="Change"))
        return header

    def _tell_data(self) -> None:
        data, report = self._planner.data, self._planner.report
        self.dataset.set_full_text(data.entry.name if data is not None else "no dataset")
        self.sizes.setVisible(report is not None)
        if report is not None:
            rows, valid = report.side("train").rows, report.side("valid").inputs
            self.sizes.setText(
                f"{count(rows)} rows to train on, {count(valid)} inputs to validate, "
                f"{count(report.test_inputs)} to test"
            )

    def _tell(self) -> None:
        draft = self._form.draft
        self._length_row.setVisible(draft.uses("method.prefix_length"))
        self.length.show_length(draft["method.prefix_length"])

    def _draw(self) -> None:
        backbone = self._planner.backbone
        try:
            method = self._form.draft.method()
            self.drawing.show_method(backbone.shape if backbone is not None else None, method)
        except UserError:
            return  # the last drawing stays while a value is being typed
        self.drawing.setVisible(backbone is not None)
