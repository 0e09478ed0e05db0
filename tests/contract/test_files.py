"""Atomic files on disks that are full, limited, or not to be written to."""

import errno
import os
import secrets
from pathlib import Path

import pytest

from engine.contract.files.writing import explain_disk_errors, write_atomically
from tests.contract.children import python, run_python
from tests.helpers.errors import refused
from tests.helpers.small_disk import small_disk


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.json"
    write_atomically(path, "Größe\n")
    assert path.read_bytes() == "Größe\n".encode()
    write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert names(path.parent) == ["file.json"]


def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=200) as disk:
        path = disk.path / "run.json"
        path.write_text("old")
        filler = disk.fill()
        with refused("disk-full", folder=disk.path):
            write_atomically(path, "new" * 10_000)
        assert path.read_text() == "old"
        filler.unlink()
        assert names(disk.path) == ["run.json"]


def test_nothing_is_written_through_a_link_that_waits_under_the_temporary_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda count: "f" * 2 * count)
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    (tmp_path / ".run.json.ffffffff.part").symlink_to(outside)
    with refused("not-writable", folder=tmp_path):
        write_atomically(tmp_path / "run.json", "new")
    assert outside.read_text() == "theirs"


def test_a_limit_on_file_size_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("old")
    run_python(
        """
import resource, sys
from pathlib import Path
from engine.contract.errors import UserError
from engine.contract.files.writing import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
path = Path(sys.argv[1])
try:
    write_atomically(path, "n" * 20000)
except UserError as error:
    assert (error.code, error.values) == ("file-would-be-too-large", {"path": path}), error
else:
    raise AssertionError("no error")
""",
        str(tmp_path / "run.json"),
    )
    assert (tmp_path / "run.json").read_text() == "old"
    assert names(tmp_path) == ["run.json"]


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for path in (
        tmp_path / "file" / "run.json",
        tmp_path / "file" / "deeper" / "run.json",
        tmp_path / "folder",
        tmp_path / ("long" * 100),
    ):
        with refused("not-writable"):
            write_atomically(path, "x")
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with refused("not-writable", reason="Permission denied"):
        write_atomically(tmp_path / "run.json", "x")
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disks_and_spent_quotas_read_alike(tmp_path: Path, code: int) -> None:
    with refused("disk-full", folder=tmp_path), explain_disk_errors(tmp_path):
        raise OSError(code, os.strerror(code))


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output error"), explain_disk_errors(tmp_path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_an_interrupted_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "run.json").write_text("old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "run.json", "new")
    assert names(tmp_path) == ["run.json"]
    assert (tmp_path / "run.json").read_text() == "old"


def test_readers_see_the_old_or_the_new_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_text("0" * 50_000)
    write = """
import sys
from pathlib import Path
from engine.contract.files.writing import write_atomically
print("ready", flush=True)
for i in range(100):
    write_atomically(Path(sys.argv[1]), str(i % 10) * 50_000)
"""
    with python(write, str(path)) as child:
        while child.poll() is None:
            text = path.read_text()
            assert text == text[0] * 50_000
