"""Where the axis of a study's figure begins."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPicture
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


WORDS = ("at random", "from “summarize”", "from “table-to-text:”", "from “Straßenbahnhaltestelle”")
LONG = ("from “" + " ".join(["the hut on the ridge"] * 8) + "”", "“" + "𝄞" * 90 + "”", "", "…")
NUMBERS = ("50", "100", "200", "500", "1000", "20000")


@pytest.mark.parametrize(("width", "percent"), [(300, 100), (400, 150), (900, 150), (500, 200)])
@pytest.mark.parametrize("names", [WORDS, WORDS + LONG, ("x",), NUMBERS])
def test_names_below_the_axis_do_not_overlap(
    qtbot: QtBot, context: AppContext, names: tuple[str, ...], width: int, percent: int
) -> None:
    places = tuple(float(number) for number in range(len(names)))
    series = FigureSeries("", 0, places, places, places, places, names, places, places)
    joined = names is NUMBERS
    panel = FigurePanel("BLEU", (series,), tuple(zip(places, names, strict=True)), "", joined)
    context.theme.set_font_percent(percent)
    try:
        widget = StudyPanel(context.theme)
        qtbot.addWidget(widget)
        widget.resize(width, 300)
        widget.show_panel(panel)
        widget.show()
        widget.grab()  # gives the vertical axis its width, and with it the plot
        if not joined:  # all are drawn; of numbers those that would reach beyond the widget are not
            wanted = sum(bool(text.strip()) for text in widget.tick_texts)
            qtbot.waitUntil(lambda: len(label_boxes(widget)) == wanted)
        boxes = label_boxes(widget)
    finally:
        context.theme.set_font_percent(100)
    assert boxes
    for number, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[:number])


def label_boxes(widget: StudyPanel) -> list[QRectF]:
    """Where the horizontal axis draws its texts, each as wide as its longest line."""
    axis, picture = widget.getPlotItem().getAxis("bottom"), QPicture()
    painter = QPainter(picture)
    try:
        _, _, texts = axis.generateDrawSpecs(painter)
        return [
            painter.boundingRect(
                box, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextDontClip, text
            )
            for box, _, text in texts
            if text.strip()
        ]
    finally:
        painter.end()
