"""Waiting threads sleep soon, as libgomp itself says, and compiled shapes are bounded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.environment import SPINS, prepare_environment
from tests.helpers.tiny_runs import ROOT, engine_environment


@pytest.mark.skipif(sys.platform != "linux", reason="only libgomp is told")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, SPINS), ({"GOMP_SPINCOUNT": "70000"}, 70_000), ({"OMP_WAIT_POLICY": "passive"}, 0)],
    ids=["ours", "the user's number", "the user's policy"],
)
def test_an_engine_tells_libgomp_before_torch_loads_it(
    environment: dict[str, str], expected: int, tmp_path: Path
) -> None:
    # The whole engine where it matters; else what it does first.
    command = ["-m", "engine", "run", os.fspath(tmp_path)]
    if environment:
        command = [
            "-c",
            "from engine import environment as e; e.prepare_environment(); import torch",
        ]
    usual = {
        name: value
        for name, value in engine_environment().items()
        if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**usual, **environment, "OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("this torch computes with another OpenMP than libgomp")
    assert f"GOMP_SPINCOUNT = '{expected}'" in done.stderr


def test_compiled_shapes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else oneDNN keeps 1,024 of them, and memory grows; a user's own number stays."""
    monkeypatch.setattr(os, "environ", {"LRU_CACHE_CAPACITY": "7"})
    prepare_environment()
    assert int(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) <= 256
    assert os.environ["LRU_CACHE_CAPACITY"] == "7"
