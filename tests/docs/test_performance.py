"""`scripts/gpu-check` runs, and docs/performance.md shows what it measured."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.backbones.paths import CACHE_VARIABLE
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import write_table

ROOT = Path(__file__).parents[2]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "gpu-check"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["gpu-check", *arguments])
    code: int = SCRIPT["main"]()
    return code


# peft 0.21.2 asks transformers 5.23 for a property of a former name; it can go with a newer peft.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")
def test_all_of_the_gpu_check_runs_on_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    for library in ("PySide6", "pytest"):
        monkeypatch.setitem(__import__("sys").modules, library, None)  # none on such a machine
    backbone, data = save_tiny(tmp_path / "tiny", "llama"), write_table(tmp_path / "huts.csv")
    out = tmp_path / "figures.json"
    common = ("--data", str(data), "--out", str(out), "--device", "cpu", "--quick")
    assert run(monkeypatch, *common, "--backbone", str(backbone)) == 0

    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["checks"]
    assert all(check["holds"] for check in figures["checks"])
    assert {(step["precision"], step["batch"]) for step in figures["training"]} == {
        (precision, batch) for precision in ("float32", "bfloat16") for batch in (5, 14)
    }
    for search in figures["decoding"]:
        assert search["precision"] == "bfloat16" or search["equal"] == search["of"]
    for figure in (*figures["training"], *figures["decoding"]):
        assert figure["PEFT s"] > 0
        assert figure["ours s"] > 0

    shown = capsys.readouterr().out
    assert SCRIPT["table"](figures) in shown
    assert run(monkeypatch, "--table", str(out)) == 0
    assert capsys.readouterr().out.strip() in shown


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--out", str(tmp_path / "figures.json")) == 0
    assert "not measured" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_page_shows_the_figures_that_there_are() -> None:
    path: Path = SCRIPT["FIGURES"]
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    page = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert SCRIPT["SECTION"].findall(page) == [SCRIPT["section"](figures)], "run scripts/gpu-check"
