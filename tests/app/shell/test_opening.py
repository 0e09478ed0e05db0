from pathlib import Path

from app.shell.opening import OpenedPath, PathKind, find_out, project_of_run
from tests.helpers.errors import refused
from tests.helpers.projects import make_project, make_run
from tests.helpers.webnlg_files import write_folder


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

    assert find_out(project) == OpenedPath(PathKind.PROJECT, project)
    assert find_out(project / "project.json") == OpenedPath(PathKind.PROJECT, project)
    assert find_out(run) == OpenedPath(PathKind.RUN, run)
    assert find_out(prefix) == OpenedPath(PathKind.PREFIX, prefix)
    assert find_out(peft / "adapter_model.safetensors") == OpenedPath(PathKind.PREFIX, peft)
    assert find_out(table) == OpenedPath(PathKind.TABLE, table)
    assert find_out(outputs) == OpenedPath(PathKind.OUTPUTS, outputs)
    assert project_of_run(run) == project.resolve()


def test_jsonl_of_examples_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text('{"source": "a", "target": "b"}\n', encoding="utf-8")
    assert find_out(path).kind is PathKind.TABLE


def test_data_in_other_formats_and_a_folder_of_webnlg(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.ndjson", "a.json", "a.XML", "a.xlsx", "a.xlsm", "a.ods"):
        (tmp_path / name).write_bytes(b"x")
        assert find_out(tmp_path / name) == OpenedPath(PathKind.TABLE, tmp_path / name)
    folder = write_folder(tmp_path / "webnlg")
    assert find_out(folder) == OpenedPath(PathKind.TABLE, folder)
    with refused("nothing-in-folder", path=tmp_path / "empty"):
        find_out(make_empty(tmp_path / "empty"))


def make_empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_what_cannot_be_opened_says_what_could(tmp_path: Path) -> None:
    with refused("nothing-at-path", path=tmp_path / "gone.csv"):
        find_out(tmp_path / "gone.csv")
    with refused("nothing-in-folder", path=tmp_path):
        find_out(tmp_path)
    picture = tmp_path / "a.png"
    picture.write_bytes(b"")
    with refused("ending-not-opened", name="a.png"):
        find_out(picture)
    with refused("run-outside-project", missing=tmp_path.resolve() / "project.json"):
        project_of_run(tmp_path / "runs" / "x")
