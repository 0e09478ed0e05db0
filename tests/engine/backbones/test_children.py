"""Helper processes: their output is kept, and none outlives its caller."""

import os
from pathlib import Path

import pytest

from engine.backbones.children import run_python
from engine.contract.errors import Cancelled


def nothing() -> None:
    pass


def test_code_and_output_come_back() -> None:
    code = "import os, sys; print(os.environ['MARK']); sys.stderr.write('last\\n\\n'); sys.exit(7)"
    ended = run_python(("-c", code), environment={"MARK": "first"}, poll=nothing)
    assert (ended.code, ended.last_line) == (7, "last")
    assert "first" in ended.output


def test_silence_has_a_last_line_too() -> None:
    assert run_python(("-c", ""), environment={}, poll=nothing).last_line == "no message"


def test_the_child_can_import_the_engine_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users_own.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import engine.reporter, users_own"
    ended = run_python(("-c", code), environment={}, poll=nothing)
    assert ended.code == 0, ended.output


@pytest.mark.parametrize("stubborn", [False, True])
def test_giving_up_ends_the_process(
    stubborn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.backbones.children.GRACE_S", 0.2)
    started = tmp_path / "started"
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " if stubborn else ""
    code = (
        f"import os, pathlib, signal, time; {ignore}"
        f"part = pathlib.Path({str(started)!r} + '.part'); part.write_text(str(os.getpid())); "
        f"part.rename({str(started)!r}); time.sleep(600)"
    )

    def look() -> None:
        if started.exists():
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_python(("-c", code), environment={}, poll=look)
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
