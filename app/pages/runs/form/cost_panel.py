"""The live figures under the method: what it trains, stores, needs, and how long it takes."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QSizePolicy, QWidget

from app.pages.runs.form.estimates import LONG_S, time_text
from app.pages.runs.form.planner import Planner
from app.qt.boxes import form_layout
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Label, MutedLabel
from app.words import count, duration, percent, size
from engine.contract.backbone import BackboneEntry
from engine.contract.methods.cost import Cost
from engine.contract.methods.info import ArtifactKind

UNCOUNTED = "known when the backbone is downloaded"
"""Where only the backbone's modules say how many parameters a method has."""
COUNTING = "being counted"
TIPS = {
    "Trained": "Parameters trained, and their share of the backbone's in percent; an MLP among "
    "them is dropped afterwards.",
    "Frozen": "Backbone parameters that training leaves unchanged, bit for bit.",
    "File": "Size of what the run saves in float32, compared with the whole backbone.",
    "Memory": "Rough peak during training: weights, gradients, AdamW's moments, activations.",
    "Steps": "Optimiser steps in the whole run.",
    "Duration": "Based on the speed of a finished run with this backbone and method on this "
    "machine, or of two steps measured in the background.",
}
"""The lines of the panel, each with its tool tip."""
TIGHT_SHARE = 0.8
"""Above this share of the device's memory, the rough figure is called tight."""


class CostPanel(QWidget):
    """The figures as a small table."""

    def __init__(self, planner: Planner, theme: Theme) -> None:
        super().__init__()
        self._planner, self._theme = planner, theme
        self._values: dict[str, QLabel] = {}
        rows = form_layout(SPACE_S, SPACE_XS)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, tip in TIPS.items():
            label, value = MutedLabel(theme, name), Label()
            label.setWordWrap(False)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
            label.setToolTip(tip)
            value.setToolTip(tip)
            value.setWordWrap(True)
            value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            rows.addRow(label, value)
            self._values[name] = value
        self.setLayout(rows)
        planner.changed.connect(self._update)
        theme.changed.connect(self._update)
        self._update()

    def _update(self) -> None:
        planner = self._planner
        cost, backbone = planner.cost, planner.backbone
        self.setVisible(cost is not None and backbone is not None)
        if cost is None or backbone is None:
            return
        self._show_parameters(cost, backbone)
        self._show_memory(cost)
        steps = "known when the split is counted"
        if planner.steps is not None:
            rows = "" if planner.train_rows is None else f" over {count(planner.train_rows)} rows"
            steps = count(planner.steps) + rows
        self._show("Steps", steps)
        self._show_duration()

    def _show_parameters(self, cost: Cost, backbone: BackboneEntry) -> None:
        whole = backbone.shape.parameters
        trained = frozen = file = COUNTING if self._planner.counts.is_counting else UNCOUNTED
        if cost.trainable is not None:
            trained = f"{count(cost.trainable)} ({percent(cost.trainable, whole)})"
        if cost.stored is not None:
            is_whole = self._planner.form.draft.info.saved_as is ArtifactKind.MODEL
            frozen = count(0 if is_whole else whole)
        if cost.stored_bytes is not None:
            file = size(cost.stored_bytes)
        self._show("Trained", trained, "trainable")
        self._show("Frozen", frozen, "frozen")
        self._show("File", f"{file}, of {size(4 * whole)}")

    def _show_memory(self, cost: Cost) -> None:
        memory, needed = self._planner.backbones.device_memory_bytes, cost.memory_bytes
        if not memory:
            self._show("Memory", f"about {size(needed)}")
            return
        word, tone = "fits", "good"
        if needed > memory:
            word, tone = "does not fit", "bad"
        elif needed > TIGHT_SHARE * memory:
            word, tone = "tight", "warning"
        device = self._planner.backbones.device.upper() or "device"
        self._show("Memory", f"about {size(needed)}: {word} ({device}, {size(memory)})", tone)

    def _show_duration(self) -> None:
        run_time, tip = self._planner.time, TIPS["Duration"]
        value, tone = "measured when it runs", "text"
        if run_time is not None:
            value = time_text(run_time.total_s, self._planner.waiting_count, now_s=time.time())
            tip = (
                f"About training {duration(run_time.training_s)}, evaluations "
                f"{duration(run_time.evaluation_s)}, test outputs "
                f"{duration(run_time.decoding_s)}.\n{tip}"
            )
            tone = "warning" if run_time.total_s >= LONG_S else "text"
        elif self._planner.speeds.is_probing:
            value = "being measured"
        self._show("Duration", value, tone)
        self._values["Duration"].setToolTip(tip)

    def _show(self, name: str, text: str, tone: str = "text") -> None:
        """Show a figure in a colour of the theme."""
        value = self._values[name]
        value.setText(text)
        value.setAccessibleName(f"{name}: {text}")
        palette = value.palette()
        palette.setColor(value.foregroundRole(), getattr(self._theme.colors, tone))
        value.setPalette(palette)
