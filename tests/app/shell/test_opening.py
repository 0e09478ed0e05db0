from pathlib import Path

import pytest

from app.opening import Found, PathKind, find_out, project_of_run
from engine.contract.errors import UserError
from tests.helpers.projects import make_project, make_run


def test_each_kind_is_recognised(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    run = make_run(project)
    prefix = tmp_path / "prefix"
    prefix.mkdir()
    (prefix / "prefix.json").write_text("{}", encoding="utf-8")
    peft = tmp_path / "peft"
    peft.mkdir()
    (peft / "adapter_config.json").write_text("{}", encoding="utf-8")
    (peft / "adapter_model.safetensors").write_bytes(b"")
    table = tmp_path / "t.CSV"
    table.write_text("a,b\n", encoding="utf-8")
    outputs = run / "outputs" / "test.jsonl"

    assert find_out(project) == Found(PathKind.PROJECT, project)
    assert find_out(project / "project.json") == Found(PathKind.PROJECT, project)
    assert find_out(run) == Found(PathKind.RUN, run)
    assert find_out(prefix) == Found(PathKind.PREFIX, prefix)
    assert find_out(peft / "adapter_model.safetensors") == Found(PathKind.PREFIX, peft)
    assert find_out(table) == Found(PathKind.TABLE, table)
    assert find_out(outputs) == Found(PathKind.OUTPUTS, outputs)
    assert project_of_run(run) == project.resolve()


def test_jsonl_of_examples_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text('{"source": "a", "target": "b"}\n', encoding="utf-8")
    assert find_out(path).kind is PathKind.TABLE


def test_what_cannot_be_opened_says_what_could(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        find_out(tmp_path / "gone.csv")
    with pytest.raises(UserError, match=r"holds no project \(project.json\)"):
        find_out(tmp_path)
    picture = tmp_path / "a.png"
    picture.write_bytes(b"")
    with pytest.raises(UserError, match=r"ending '.png'"):
        find_out(picture)
    with pytest.raises(UserError, match="stands in no project"):
        project_of_run(tmp_path / "runs" / "x")
