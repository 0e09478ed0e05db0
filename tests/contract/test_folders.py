"""Whole folders that appear at once or not at all."""

from pathlib import Path

import pytest

from engine.contract.files.folders import fill_folder
from tests.helpers.errors import refused


def fill(path: Path, *, replace: bool = False, fail: bool = False) -> None:
    with fill_folder(path, replace=replace) as folder:
        (folder / "a.txt").write_text("new")
        (folder / "deep").mkdir()
        (folder / "deep" / "b.txt").write_text("new")
        if fail:
            raise KeyboardInterrupt


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    fill(tmp_path / "x" / "out")
    assert everything(tmp_path) == ["x", "x/out", "x/out/a.txt", "x/out/deep", "x/out/deep/b.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out")
    assert everything(tmp_path / "out") == ["a.txt", "deep", "deep/b.txt"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "out", fail=True)
    assert everything(tmp_path) == []


@pytest.mark.parametrize("fail", [False, True])
def test_an_old_folder_is_replaced_or_stays(tmp_path: Path, fail: bool) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")
    if fail:
        with pytest.raises(KeyboardInterrupt):
            fill(tmp_path / "out", replace=True, fail=True)
    else:
        fill(tmp_path / "out", replace=True)
    expected = ["old.txt"] if fail else ["a.txt", "deep", "deep/b.txt"]
    assert everything(tmp_path / "out") == expected
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_used_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")
    with refused("folder-not-empty", path=tmp_path / "out"):
        fill(tmp_path / "out")
    with refused("no-folder", path=tmp_path / "out" / "old.txt"):
        fill(tmp_path / "out" / "old.txt")
    assert everything(tmp_path) == ["out", "out/old.txt"]


def test_a_place_that_cannot_be_written_to_is_the_users_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with refused("not-writable", reason="Not a directory"):
        fill(tmp_path / "file" / "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_the_users_matter(tmp_path: Path) -> None:
    def overfill() -> None:
        with fill_folder(tmp_path / "out") as folder:
            (folder / "a").symlink_to("/dev/full")
            (folder / "a").write_text("x" * 100_000)

    with refused("disk-full"):
        overfill()
    assert everything(tmp_path) == []
