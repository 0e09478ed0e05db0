"""Waiting threads of an engine sleep soon; read from what libgomp says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.threads import SPINS
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
    usual = {
        name: value
        for name, value in engine_environment().items()
        if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    done = subprocess.run(
        [sys.executable, "-m", "engine", "run", os.fspath(tmp_path)],
        cwd=ROOT,
        env={**usual, **environment, "OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("this torch computes with another OpenMP than libgomp")
    assert f"GOMP_SPINCOUNT = '{expected}'" in done.stderr
