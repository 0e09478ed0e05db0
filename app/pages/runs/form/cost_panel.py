"""The live figures under the method: what it trains, stores, needs, and how long it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.pages.runs.form.estimates import LONG_S, time_text
from app.pages.runs.form.planner import Planner
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.labels import MutedLabel
from app.words import count, duration, percent, size
from engine.contract.backbone import BackboneEntry
from engine.contract.methods.cost import Cost

UNCOUNTED = "known when the backbone is downloaded"
"""Where only the backbone's modules say how many parameters a method has."""
COUNTING = "being counted"
DURATION_TIP = (
    "Based on the speed of a finished run with this backbone and method on this machine, or of "
    "two steps measured in the background."
)
TIGHT_SHARE = 0.8
"""Above this share of the device's memory, the rough figure is called tight."""


@dataclass(frozen=True)
class Figure:
    """One line of the panel; `tone` names a colour of the theme."""

    label: str
    value: str
    tip: str
    tone: str = "text"


def figures(planner: Planner) -> tuple[Figure, ...]:
    """The lines for what the form describes now."""
    cost, backbone = planner.cost, planner.backbone
    if cost is None or backbone is None:
        return ()
    open_word = COUNTING if planner.is_counting else UNCOUNTED
    return (
        _trainable(cost, backbone, open_word),
        Figure(
            "Frozen",
            _frozen(cost, backbone, open_word),
            "Backbone parameters that training leaves unchanged, bit for bit.",
            "frozen",
        ),
        Figure(
            "File",
            f"{_file(cost, open_word)}, of {size(4 * backbone.shape.parameters)}",
            "Size of what the run saves in float32, compared with the whole backbone.",
        ),
        _memory(planner, cost),
        _steps(planner),
        _time(planner),
    )


def _frozen(cost: Cost, backbone: BackboneEntry, open_word: str) -> str:
    whole = backbone.shape.parameters
    return open_word if cost.stored is None else count(0 if cost.stored == whole else whole)


def _file(cost: Cost, open_word: str) -> str:
    return open_word if cost.stored_bytes is None else size(cost.stored_bytes)


def _trainable(cost: Cost, backbone: BackboneEntry, open_word: str) -> Figure:
    value = open_word
    if cost.trainable is not None:
        share = percent(cost.trainable, backbone.shape.parameters)
        value = f"{count(cost.trainable)} ({share})"
    return Figure(
        "Trained",
        value,
        "Parameters trained, and their share of the backbone's in percent; an MLP among them is "
        "dropped afterwards.",
        "trainable",
    )


def _memory(planner: Planner, cost: Cost) -> Figure:
    there = planner.backbones.device_memory_bytes
    text, tone = f"about {size(cost.memory_bytes)}", "text"
    if there:
        device = planner.backbones.device.upper() or "device"
        if cost.memory_bytes > there:
            word, tone = "does not fit", "bad"
        elif cost.memory_bytes > TIGHT_SHARE * there:
            word, tone = "tight", "warning"
        else:
            word, tone = "fits", "good"
        text += f": {word} ({device}, {size(there)})"
    return Figure(
        "Memory",
        text,
        "Rough peak during training: weights, gradients, AdamW's moments, activations.",
        tone,
    )


def _steps(planner: Planner) -> Figure:
    rows = "" if planner.train_rows is None else f" over {count(planner.train_rows)} rows"
    steps = planner.steps
    value = "known when the split is counted" if steps is None else count(steps) + rows
    return Figure("Steps", value, "Optimiser steps in the whole run.")


def _time(planner: Planner) -> Figure:
    found = planner.time
    if found is None:
        value = "being measured" if planner.is_probing else "measured when it runs"
        return Figure("Duration", value, DURATION_TIP)
    value = time_text(found.total_s, planner.waiting_count, now_s=time.time())
    parts = (
        ("training", found.training_s),
        ("evaluations", found.evaluation_s),
        ("test outputs", found.decoding_s),
    )
    tip = ", ".join(f"{name} {duration(seconds)}" for name, seconds in parts)
    tone = "warning" if found.total_s >= LONG_S else "text"
    return Figure("Duration", value, f"About {tip}.\n{DURATION_TIP}", tone)


class CostPanel(QWidget):
    """The figures as a small table."""

    def __init__(self, planner: Planner, theme: Theme) -> None:
        super().__init__()
        self._planner, self._theme = planner, theme
        self._rows: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE_S)
        self._grid.setVerticalSpacing(SPACE_XS)
        self._grid.setColumnStretch(1, 1)
        planner.changed.connect(self._tell)
        theme.changed.connect(self._tell)
        self._tell()

    def text(self) -> str:
        """All lines as plain text."""
        shown = [
            (label.text(), value.text()) for label, value in self._rows if label.isVisibleTo(self)
        ]
        return "\n".join(f"{label}: {value}" for label, value in shown)

    def _tell(self) -> None:
        lines = figures(self._planner)
        while len(self._rows) < len(lines):
            self._add_row()
        for place, (label, value) in enumerate(self._rows):
            shown = place < len(lines)
            label.setVisible(shown)
            value.setVisible(shown)
            if shown:
                self._fill(label, value, lines[place])

    def _fill(self, label: QLabel, value: QLabel, figure: Figure) -> None:
        label.setText(figure.label)
        value.setText(figure.value)
        value.setToolTip(figure.tip)
        label.setToolTip(figure.tip)
        value.setAccessibleName(f"{figure.label}: {figure.value}")
        palette = value.palette()
        palette.setColor(value.foregroundRole(), getattr(self._theme.colors, figure.tone))
        value.setPalette(palette)

    def _add_row(self) -> None:
        label, value = MutedLabel(self._theme), QLabel()
        label.setWordWrap(False)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setWordWrap(True)
        value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._rows)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(value, row, 1)
        self._rows.append((label, value))
