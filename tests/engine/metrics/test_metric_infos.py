"""What the contract says of each metric, and that nobody else says it again."""

import ast
import shutil
from pathlib import Path

import pytest

from engine.contract.metrics import METRICS, MetricInfo, guide_table, metric_info
from engine.contract.protocol.outputs import ScoreOutputs
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.runs.scores import Absent, Score
from engine.contract.studies.study import StudyKind, StudySpec
from engine.metrics.handlers import score_outputs
from engine.metrics.known import metric_named
from engine.reporter import Silent
from engine.studies.saved_scores import is_current

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "outputs-v2.jsonl"


@pytest.mark.parametrize("info", METRICS, ids=lambda info: info.name)
def test_an_entry_makes_its_metric(info: MetricInfo) -> None:
    assert metric_named(info.name).name == info.name
    assert [metric_named(former).name for former in info.former_names] == [
        info.name for _ in info.former_names
    ]


ELSEWHERE = {
    # A value of the setting `select_by`, which is older than its name.
    ("bleu", "engine/contract/codec.py"),
    ("bleu", "engine/contract/specs/training.py"),
    ("bleu", "engine/training/loop.py"),
    # The title of a group of options.
    ("bertscore", "engine/cli/arguments.py"),
}


def strings(path: Path) -> set[object]:
    """The constants of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_a_metric_is_named_by_its_entry_and_its_file_alone() -> None:
    files = {
        path.relative_to(ROOT).as_posix(): strings(path)
        for room in ("app", "engine", "workers")
        for path in (ROOT / room).rglob("*.py")
    }
    for info in METRICS:
        own = f"engine/metrics/{info.implementation.partition(':')[0]}.py"
        said = {file for file, found in files.items() if info.name in found}
        allowed = {own, *(file for name, file in ELSEWHERE if name == info.name)}
        assert said - allowed == {"engine/contract/metrics.py"}


def test_the_guide_holds_the_table_of_metrics() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    assert guide_table() in guide, "put engine.contract.metrics.guide_table() into docs/guide.md"


def test_former_names_in_old_files_are_read(tmp_path: Path) -> None:
    """The golden file was written by the version that called ROUGE-L of E2E `rouge_l`."""
    names = ["bleu", "rouge_l_e2e", "rougeL"]
    path = tmp_path / GOLDEN.name
    shutil.copy(GOLDEN, path)
    shutil.copy(GOLDEN.with_suffix(".meta.json"), tmp_path)
    rows, meta = read_outputs(path), read_meta(path)
    assert [[name for name, _ in row.row_scores] for row in rows] == [names, names]
    assert meta is not None
    assert [score.metric for score in meta.scores] == names
    assert all(is_current(score) for score in meta.scores), "the signatures follow"
    score_outputs(ScoreOutputs(str(path), ("bleu", "rouge_l", "rougeL")), Silent())
    assert read_meta(path) == meta
    assert read_outputs(path) == rows


def test_former_names_become_those_of_today_wherever_they_come_from() -> None:
    study = StudySpec("s", StudyKind.LENGTH, "s", (), ("rouge_l", "bleu", "rouge_l_e2e"))
    assert study.metrics == ("rouge_l_e2e", "bleu")
    assert Score("rouge_l", 1.0, "rouge_l|n:2").signature == "rouge_l_e2e|n:2"
    assert Absent("rouge_l", "why").metric == "rouge_l_e2e"
    assert metric_info("rouge_l").title == "ROUGE-L (E2E)"
