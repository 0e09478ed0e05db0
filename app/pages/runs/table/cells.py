"""The columns of the run table: what stands in them, how they sort, look, explain themselves."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.models.run import RunModel
from app.models.run_numbers import test_score, training_speed, valid_loss, valid_score
from app.models.studies import StudyLibrary
from app.pages.runs.run.view import RunsView
from app.qt.table_model import RIGHT, ROW_ROLE, Index, TableColumn
from app.run_text import STATES, state_icon, state_word
from app.score_column import number_column, score_column
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.swatch import swatch_pixmap
from app.words import date, duration
from engine.contract.metrics import metric_title
from engine.contract.runs.folder import RunMeta
from engine.contract.specs.run import describe_system
from engine.contract.tasks.all import TASKS

Column = TableColumn[RunModel]
SetMeta = Callable[[RunModel, RunMeta, str], None]
"""Changes a run's words as a step of this name."""
PROGRESS_CHARS = 14
_MAIN_METRICS = ", ".join(
    f"{metric_title(info.quick_metrics[0])} ({info.title.lower()})" for info in TASKS
)


RunColumn = enum.IntEnum(
    "RunColumn",
    "SHOWN NAME STATE PROGRESS LOSS VALID_SCORE TEST_SCORE LEFT SPEED METHOD STUDY TAGS CREATED",
    start=0,
)
"""Columns from the left; what they hold is in `run_columns`."""


def run_columns(
    view: RunsView, studies: StudyLibrary, theme: Theme, set_meta: SetMeta
) -> list[Column]:
    """The columns in the order of `RunColumn`."""

    def shown(run: RunModel) -> bool:
        return view.is_shown(run.run_id)

    def rename(run: RunModel, name: str) -> bool:
        if name.strip():
            set_meta(run, dataclasses.replace(run.meta, name=name.strip()), "Rename run")
        return bool(name.strip())

    def tag(run: RunModel, tags: str) -> bool:
        set_meta(run, dataclasses.replace(run.meta, tags=split_tags(tags)), "Change tags")
        return True

    columns = {
        RunColumn.SHOWN: Column(
            "",
            lambda _run: "",
            title_tip="On the plots",
            width_chars=9,
            sort_key=shown,
            icon=lambda run: swatch_pixmap(view.style(run.run_id), shown=shown(run)),
            checked=shown,
            check=lambda run, shown: view.set_shown(run.run_id, shown),
            spoken=lambda run: f"{'on' if shown(run) else 'not on'} the plots",
        ),
        RunColumn.NAME: _column(
            "Name",
            "The run's name; double-click to edit",
            30,
            lambda run: run.meta.name,
            tip=_name_tip,
            icon=lambda run: icon("star-filled") if run.meta.starred else None,
            edit=rename,
        ),
        RunColumn.STATE: _column(
            "State",
            "State of the run",
            17,
            state_word,
            tip=lambda run: run.status.message or None,
            icon=partial(state_icon, theme=theme),
            sort_key=lambda run: list(STATES).index(run.status.state),
        ),
        RunColumn.PROGRESS: _column(
            "Progress", "Optimiser steps taken, of all", PROGRESS_CHARS, _steps, sort_key=_share
        ),
        RunColumn.LOSS: number_column(
            "Valid loss",
            valid_loss,
            "{:,.3f}".format,
            **_number(
                "Validation loss of the step that is saved, in nats per target: a token, a label, "
                "a tag, or an end of a span"
            ),
        ),
        RunColumn.VALID_SCORE: score_column(
            "Valid score",
            valid_score,
            "{:,.1f}".format,
            **_number(f"Score of the validation inputs at the saved step, by {_MAIN_METRICS}"),
        ),
        RunColumn.TEST_SCORE: score_column(
            "Test score",
            test_score,
            "{:,.1f}".format,
            **_number(f"Score of the test inputs, predicted once the run ends, by {_MAIN_METRICS}"),
        ),
        RunColumn.LEFT: _column(
            "Left",
            "Estimated time until the run ends",
            16,
            _left,
            align=RIGHT,
            sort_key=lambda run: -1.0 if run.status.remaining_s is None else run.status.remaining_s,
        ),
        RunColumn.SPEED: number_column(
            "Train tok/s",
            training_speed,
            "{:,.0f}".format,
            **_number("Training: source and target tokens a second in the last steps, no padding"),
        ),
        RunColumn.METHOD: _column(
            "Method",
            "What is trained",
            22,
            lambda run: describe_system(run.spec.method, run.spec.task),
        ),
        RunColumn.STUDY: _column(
            "Study",
            "The studies that the run is part of",
            14,
            lambda run: ", ".join(studies.names_of(run.run_id)),
        ),
        RunColumn.TAGS: _column(
            "Tags",
            "Tags to find a run by; double-click to edit",
            14,
            lambda run: ", ".join(run.meta.tags),
            edit=tag,
        ),
        RunColumn.CREATED: _column(
            "Created",
            "When the run was created",
            18,
            lambda run: date(run.meta.created_s),
            sort_key=lambda run: run.meta.created_s,
        ),
    }
    return [columns[column] for column in RunColumn]


def _column(
    title: str, title_tip: str, width_chars: int, text: Callable[[RunModel], str], **more: Any
) -> Column:
    """A column whose tool tip, unless another is given, is the text, which may be cut."""
    more = {"tip": lambda run: text(run) or None, **more}
    return Column(
        title,
        text,
        title_tip=title_tip,
        width_chars=width_chars,
        edited=text,
        says_title=True,
        aligns_title=False,
        **more,
    )


def _number(title_tip: str) -> dict[str, Any]:
    return {"title_tip": title_tip, "width_chars": 8, "aligns_title": False}


def progress(run: RunModel) -> tuple[int, int]:
    """Optimiser steps taken, and of all; 0 while unknown."""
    total = run.status.total_steps
    if not total and run.started is not None:
        total = run.started.total_steps
    step = run.status.step or (run.metrics[-1].step if run.metrics else 0)
    return step, total


def split_tags(text: str) -> tuple[str, ...]:
    """Tags as they are typed, separated by commas; each once."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def _steps(run: RunModel) -> str:
    step, total = progress(run)
    return f"{step:,} / {total:,}" if total else ""


def _share(run: RunModel) -> float:
    step, total = progress(run)
    return step / total if total else 0.0


def _left(run: RunModel) -> str:
    left = run.status.remaining_s if run.status.state.is_active else None
    return "" if left is None else duration(left)


def _name_tip(run: RunModel) -> str:
    notes = f"\n{run.meta.notes}" if run.meta.notes else ""
    return f"{run.meta.name}{' (starred)' if run.meta.starred else ''}{notes}"


class ProgressDelegate(PlainDelegate):
    """A thin bar under the number of steps."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        """Draw the cell, then the bar at its foot."""
        super().paint(painter, option, index)
        run: RunModel = index.data(ROW_ROLE)
        step, total = progress(run)
        if not total:
            return
        colors = self._theme.colors
        bar = option.rect.adjusted(SPACE_XS, 0, -SPACE_S, -2)
        bar.setTop(bar.bottom() - 2)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.line)
        painter.drawRect(bar)
        bar.setWidth(max(1, round(bar.width() * min(step / total, 1.0))))
        painter.setBrush(getattr(colors, STATES[run.status.state].tone))
        painter.drawRect(bar)
        painter.restore()

    def sizeHint(self, option: Any, index: Index) -> QSize:
        """Wide enough to see a bar grow."""
        width = option.fontMetrics.averageCharWidth() * PROGRESS_CHARS
        return super().sizeHint(option, index).expandedTo(QSize(width, 0))
