"""The plots: drawn seldom enough, never taking the view from a user who has zoomed."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QImage
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.plots.export import PlotSaver
from app.plots.lines import Quantity
from app.plots.panel import MetricPanel
from app.plots.plot_view import PlotChoice
from app.plots.series import Axis
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import Evaluation, TrainMetrics
from engine.contract.runs.scores import Score
from tests.app.plots.conftest import Stage, metrics, started
from tests.helpers.projects import training_events


def curves(panel: MetricPanel) -> list[pg.PlotDataItem]:
    """Curves with data, raw before strong."""
    items = [i for i in panel.getPlotItem().items if isinstance(i, pg.PlotDataItem)]
    return [item for item in items if item.getOriginalDataset()[0] is not None]


def data_of(item: pg.PlotDataItem) -> tuple[np.ndarray, np.ndarray]:
    return item.getOriginalDataset()


def test_a_run_is_drawn_raw_and_smoothed_with_its_evaluations(stage: Stage) -> None:
    stage.feed(training_events(PrefixMethod(), 50, 50))
    stage.draw()
    raw, strong, points = curves(stage.board.panel(Quantity.LOSS))
    np.testing.assert_array_equal(data_of(raw)[1], [m.loss for m in stage.runs[0].metrics])
    assert np.std(np.diff(data_of(strong)[1])) < np.std(np.diff(data_of(raw)[1]))
    np.testing.assert_array_equal(data_of(points)[0], np.arange(5, 51, 5))
    assert raw.opts["autoDownsample"]
    assert raw.opts["downsampleMethod"] == "peak"
    assert raw.opts["clipToView"]
    assert raw.opts["pen"].width() == 1


def test_a_burst_of_events_is_one_drawing(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.feed([started(), *metrics(1, 10)])
    stage.draw()
    calls: list[int] = []
    original = pg.PlotDataItem.setData

    def count(self: pg.PlotDataItem, *args: object, **kwargs: object) -> None:
        calls.append(id(self))
        original(self, *args, **kwargs)

    monkeypatch.setattr(pg.PlotDataItem, "setData", count)
    for step in range(11, 211):
        stage.feed(metrics(step, step))
    assert calls == []
    raw = curves(stage.board.panel(Quantity.LOSS))[0]
    qtbot.waitUntil(lambda: len(data_of(raw)[0]) == 210)
    assert len(calls) == len(set(calls))


def test_fifty_thousand_steps_are_taken_in_over_several_drawings(
    stage: Stage, qtbot: QtBot
) -> None:
    stage.feed([started(), *metrics(1, 50_000)])
    sizes: list[int] = []
    series = stage.board.view.runs[0].series

    def all_there() -> bool:
        sizes.append(series.metrics.size)
        return series.metrics.size == 50_000

    qtbot.waitUntil(all_there, timeout=20_000)
    assert len(set(sizes)) > 3


def test_a_zoomed_view_stays_while_data_comes_until_follow(stage: Stage, qtbot: QtBot) -> None:
    panel = stage.board.panel(Quantity.LOSS)
    stage.feed([started(), *metrics(1, 100)])
    stage.draw()
    assert panel.is_following
    box = panel.getPlotItem().getViewBox()
    box.setRange(xRange=(20, 40), padding=0)
    box.sigRangeChangedManually.emit(box.state["mouseEnabled"])
    assert not panel.is_following
    assert stage.board.controls.follow_button.isEnabled()
    stage.feed(metrics(101, 300))
    stage.draw()
    assert box.viewRange()[0] == [20, 40]
    stage.board.controls.follow_button.click()
    assert panel.is_following
    assert not stage.board.controls.follow_button.isEnabled()
    qtbot.waitUntil(lambda: box.viewRange()[0][1] >= 300)


def test_other_axes_change_the_horizontal_numbers(stage: Stage) -> None:
    stage.feed([started(), *metrics(1, 20)])
    ends = {}
    for axis in Axis:
        stage.board.view.choose(axis=axis)
        stage.draw()
        ends[axis] = data_of(curves(stage.board.panel(Quantity.LOSS))[0])[0][-1]
    assert ends == {Axis.STEP: 20, Axis.EPOCH: 2.0, Axis.TOKENS: 140, Axis.TIME: 20.0}


def test_a_log_axis_leaves_out_what_has_no_logarithm(stage: Stage) -> None:
    stage.feed([started(), *metrics(1, 20)])
    view = stage.board.view
    view.choose(quantity=Quantity.LEARNING_RATE)
    stage.feed([TrainMetrics(21, 2.1, 1.0, 0.0, 1.0, 150, 50.0, 1300.0, 1)])
    view.choose(is_log=True)
    stage.draw()
    panel = stage.board.panel(Quantity.LEARNING_RATE)
    (curve,) = curves(panel)
    assert curve.opts["connect"] == "finite"
    assert panel.getPlotItem().getAxis("left").logMode
    view.choose(quantity=Quantity.MEMORY)
    stage.draw()
    assert not stage.board.panel(Quantity.MEMORY).getPlotItem().getAxis("left").logMode


def test_a_nan_loss_leaves_a_gap_and_the_rest_is_drawn(stage: Stage) -> None:
    events = [started(), *metrics(1, 30)]
    broken = metrics(31, 31, float("nan"))
    stage.feed([*events, *broken, *metrics(32, 60)])
    stage.draw()
    raw, strong = curves(stage.board.panel(Quantity.LOSS))
    assert raw.opts["connect"] == "finite"
    assert np.isfinite(data_of(strong)[1]).all()


def test_a_resume_is_marked_and_cut_back(stage: Stage) -> None:
    stage.feed([started(), *metrics(1, 50)])
    stage.draw()
    stage.feed([started(30), *metrics(31, 33)])
    stage.draw()
    panel = stage.board.panel(Quantity.LOSS)
    assert data_of(curves(panel)[0])[0][-1] == 33
    marks = [
        item
        for item in panel.getPlotItem().items
        if isinstance(item, pg.InfiniteLine) and item.isVisible()
    ]
    assert [mark.value() for mark in marks] == [30]


def test_the_best_checkpoint_has_a_star(stage: Stage) -> None:
    evaluations = [
        Evaluation(step, 1.0, loss, (Score("bleu", 10.0 + step, "s"),), 1.0, best)
        for step, loss, best in ((5, 2.0, True), (10, 1.5, True), (15, 1.8, False))
    ]
    stage.feed([started(), *metrics(1, 15), *evaluations])
    for quantity, value in ((Quantity.LOSS, 1.5), (Quantity.SCORES, 20.0)):
        stage.board.view.choose(quantity=quantity)
        stage.draw()
        stars = [
            item
            for item in stage.board.panel(quantity).getPlotItem().items
            if isinstance(item, pg.ScatterPlotItem) and len(item.getData()[0])
        ]
        assert [tuple(star.getData()[0]) for star in stars] == [(10.0,)]
        assert stars[0].getData()[1][0] == value


def test_the_legend_tells_all_runs_at_the_crosshair(stage: Stage) -> None:
    stage.feed([started(), *metrics(1, 20, 2.0)])
    stage.feed([started(), *metrics(1, 20, 5.0)], 1)
    stage.board.view.choose(percent=0)
    stage.draw()
    legend = stage.board.legend
    assert legend.text() == "latest train · valid · run 1: 2.05 · – · run 2: 5.05 · –"
    stage.board.view.set_cursor(9.8, Quantity.LOSS)
    assert legend.text() == "step 10: train · valid · run 1: 2.1 · – · run 2: 5.1 · –"
    stage.board.view.set_cursor(500.0, Quantity.LOSS)
    assert "run 1: – · –" in legend.text()


def test_a_click_on_a_line_picks_its_run(stage: Stage, qtbot: QtBot) -> None:
    stage.feed([started(), *metrics(1, 20)], 1)
    stage.draw()
    strong = curves(stage.board.panel(Quantity.LOSS))[-1]
    with qtbot.waitSignal(stage.board.view.run_picked) as picked:
        strong.sigClicked.emit(strong, None)
    assert picked.args == [stage.runs[1].run_id]


def test_a_hidden_board_draws_nothing_and_catches_up(stage: Stage, qtbot: QtBot) -> None:
    stage.board.hide()
    stage.feed([started(), *metrics(1, 20)])
    qtbot.waitUntil(lambda: not stage.board.refresher.is_waiting)
    assert stage.board.view.runs[0].series.metrics.size == 0
    stage.board.show()
    assert stage.board.view.runs[0].series.metrics.size == 20


def test_a_run_taken_off_leaves_nothing(stage: Stage) -> None:
    stage.feed([started(), *metrics(1, 20)])
    stage.feed([started(5), *metrics(6, 20)])
    stage.draw()
    empty_panel = stage.board.panel(Quantity.LOSS).getPlotItem()
    stage.board.set_runs([])
    stage.draw()
    assert not curves(stage.board.panel(Quantity.LOSS))
    assert not [i for i in empty_panel.items if isinstance(i, pg.ScatterPlotItem)]
    assert stage.board.legend.text().startswith("latest")


def test_all_panels_at_once_each_with_its_title(stage: Stage) -> None:
    stage.feed(training_events(PrefixMethod(), 50, 50))
    stage.board.view.choose(quantity=None)
    stage.draw()
    for quantity in Quantity:
        assert stage.board.panel(quantity).isVisible()
        assert curves(stage.board.panel(quantity))
    title = stage.board.panel(Quantity.MEMORY).getPlotItem().titleLabel.text
    assert title == "Memory (GB, peak)"


def test_the_numbers_are_a_table_too(
    stage: Stage, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    stage.feed([started(), *metrics(1, 20)])
    stage.feed([started(), *metrics(1, 5)], 1)
    stage.board.controls.numbers_button.click()
    stage.draw()
    model = stage.board.numbers
    assert model.rowCount() == 25
    cells = [model.index(20, column).data() for column in range(4)]
    assert cells == ["run 2", "training loss", "1", "3"]
    qtmodeltester.check(model)


def test_choices_are_remembered(stage: Stage, qtbot: QtBot, context: AppContext) -> None:
    stage.board.view.choose(axis=Axis.TOKENS)
    stage.board.view.choose(percent=50)
    stage.board.view.choose(is_log=True)
    again = type(stage.board)(context.theme, context.settings)
    qtbot.addWidget(again)
    assert again.view.choice == PlotChoice(Axis.TOKENS, 50, True)


@pytest.fixture
def saver(stage: Stage, context: AppContext) -> PlotSaver:
    stage.feed(training_events(PrefixMethod(), 50, 50))
    return PlotSaver(stage.board, context.theme, settings=context.settings, parent=stage.board)


def test_png_has_twice_the_size_of_the_screen(
    saver: PlotSaver, stage: Stage, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(saver.saved):
        saver.save("png", tmp_path / "loss.png")
    image = QImage(str(tmp_path / "loss.png"))
    plots, legend = stage.board.parts
    assert image.height() == 2 * (plots.height() + legend.height())
    colors = {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 3)
        for y in range(100, 600, 7)
    }
    assert len(colors) > 5


def test_svg_holds_lines_and_words(saver: PlotSaver, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(saver.saved):
        saver.save("svg", tmp_path / "loss.svg")
    tree = ElementTree.parse(tmp_path / "loss.svg")
    names = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert names.count("polyline") + names.count("path") > 10
    assert "run 1" in "".join(tree.getroot().itertext())


def test_csv_holds_every_step_and_evaluation(
    saver: PlotSaver, stage: Stage, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(saver.saved):
        saver.save_numbers(tmp_path / "all.csv")
    with open(tmp_path / "all.csv", newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    steps = [row for row in rows if row["kind"] == "step"]
    evaluations = [row for row in rows if row["kind"] == "evaluation"]
    run = stage.runs[0]
    assert [float(row["loss"]) for row in steps] == [m.loss for m in run.metrics]
    assert [float(row["bleu"]) for row in evaluations] == [
        e.scores[0].value for e in run.evaluations
    ]


def test_numbers_of_a_workbook_are_numbers(
    saver: PlotSaver, stage: Stage, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(saver.saved):
        saver.save_numbers(tmp_path / "all.xlsx")
    head, *lines = openpyxl.load_workbook(tmp_path / "all.xlsx").active.values
    column = head.index("loss")
    losses = [line[column] for line in lines if line[head.index("kind")] == "step"]
    assert losses == pytest.approx([m.loss for run in stage.runs for m in run.metrics])


@pytest.mark.parametrize("kind", ["png", "svg", "csv", "xlsx"])
def test_a_folder_that_is_not_there_is_a_sentence(
    saver: PlotSaver, tmp_path: Path, qtbot: QtBot, kind: str
) -> None:
    (tmp_path / "file").write_text("")
    with qtbot.waitSignal(saver.failed) as failed:
        path = tmp_path / "file" / f"x.{kind}"
        if kind in ("csv", "xlsx"):
            saver.save_numbers(path)
        else:
            saver.save(kind, path)
    assert str(tmp_path / "file") in failed.args[0]
