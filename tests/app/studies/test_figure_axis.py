"""Where the axis of a study's figure begins."""

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.studies.results.figure_panel import StudyPanel
from engine.contract.metrics import metric_info
from engine.contract.studies.figure import FigurePanel, FigureSeries


@pytest.mark.parametrize(
    ("metric", "below"), [("bleu", False), ("ter", False), ("bertscore", True)]
)
def test_an_axis_begins_below_0_only_where_scores_may(
    qtbot: QtBot, context: AppContext, metric: str, below: bool
) -> None:
    """Student's t makes intervals of few runs that reach below 0."""
    series = FigureSeries("", 0, (0.0, 1.0), (3.0, 4.0), (-9.0, -7.0), (15.0, 15.0), ("a", "b"),
                          (0.0,), (3.0,))  # fmt: skip
    panel = FigurePanel(metric, (series,), ((0.0, "a"), (1.0, "b")), "", False,
                        lowest=metric_info(metric).lowest)  # fmt: skip
    widget = StudyPanel(context.theme)
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show_panel(panel)
    low, high = widget.getPlotItem().getViewBox().viewRange()[1]
    assert (low < 0) == below
    assert high >= 15
