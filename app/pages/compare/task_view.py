"""What Compare needs to know of a task; the rest of the page is the same for all tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.theme import Theme
from engine.contract.tasks.info import TaskInfo

if TYPE_CHECKING:
    from app.pages.compare.model import CompareModel


class PredictionView(QWidget):
    """Shows `CompareModel.example`: its input, and what each system predicts.

    Attributes:
        tools: what the view needs in the bar above it.
    """

    tools: Sequence[QWidget] = ()


@dataclass(frozen=True)
class TaskView:
    """One task.

    Attributes:
        info: names the metrics: the first of `quick_metrics` is shown first.
        make: makes the view of an example.
        has_blind_test: whether predictions are texts, of which people may judge the better one.
        has_bare: whether an untrained backbone predicts anything, so that it can be compared.
    """

    info: TaskInfo
    make: Callable[[CompareModel, Theme], PredictionView]
    has_blind_test: bool
    has_bare: bool
