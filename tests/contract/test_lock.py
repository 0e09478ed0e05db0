"""Locks between real processes."""

import os
from pathlib import Path

import pytest

from engine.contract.runs.lock import FolderLock, is_locked
from tests.contract.children import HOLD_LOCK, python
from tests.helpers.errors import refused


def test_a_folder_without_a_lock_is_free(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "missing")
    (tmp_path / "file").touch()
    assert not is_locked(tmp_path / "file")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


def test_own_lock_counts_and_can_be_given_back(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "run") as lock:
        assert lock.acquire()
        assert is_locked(tmp_path / "run")
        assert not FolderLock(tmp_path / "run").acquire(patience_s=0)
    assert not is_locked(tmp_path / "run")
    lock.release()
    assert lock.acquire()
    lock.release()


@pytest.mark.parametrize("end", ["kill", "terminate", "close"])
def test_another_process_holds_it_until_it_ends_in_any_way(tmp_path: Path, end: str) -> None:
    with python(HOLD_LOCK, str(tmp_path)) as child:
        assert is_locked(tmp_path)
        assert not FolderLock(tmp_path).acquire(patience_s=0)
        if end == "close":
            assert child.stdin is not None
            child.stdin.close()
        else:
            getattr(child, end)()
        child.wait()
        assert not is_locked(tmp_path)
        lock = FolderLock(tmp_path)
        assert lock.acquire(patience_s=0)
        lock.release()


def test_looking_does_not_keep_a_process_from_the_lock(tmp_path: Path) -> None:
    look = """
import sys
from pathlib import Path
from engine.contract.runs.lock import is_locked
is_locked(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    is_locked(Path(sys.argv[1]))
"""
    lock = FolderLock(tmp_path)
    assert lock.acquire()
    lock.release()
    with python(look, str(tmp_path)):
        for _ in range(200):
            assert lock.acquire(patience_s=30)
            lock.release()


def test_two_who_look_do_not_see_each_other(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    assert lock.acquire()
    lock.release()
    look = """
import fcntl, sys
stream = open(sys.argv[1] + "/lock", "rb")
fcntl.flock(stream.fileno(), fcntl.LOCK_SH)
print("ready", flush=True)
sys.stdin.read()
"""
    with python(look, str(tmp_path)):
        assert not is_locked(tmp_path)


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    assert lock.acquire()
    with python("import sys; print('ready', flush=True); sys.stdin.read()"):
        lock.release()
        assert not is_locked(tmp_path)


def test_a_lock_whose_file_goes_at_its_release_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")
    add = """
import sys
from pathlib import Path
from engine.contract.runs.lock import FolderLock
folder = Path(sys.argv[1])
lock, count = FolderLock(folder, remove=True), folder / "count"
print("ready", flush=True)
sys.stdin.read()
for _ in range(300):
    assert lock.acquire(patience_s=60)
    found = int(count.read_text())
    count.write_text(str(found + 1))
    lock.release()
print("done", flush=True)
"""
    with python(add, str(tmp_path)) as first, python(add, str(tmp_path)) as second:
        for child in (first, second):
            assert child.stdin is not None
            child.stdin.close()
        for child in (first, second):
            assert child.wait() == 0
    assert count.read_text() == "600"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_a_folder_that_cannot_be_made_is_the_users_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with refused("not-writable"):
        FolderLock(tmp_path / "file" / "run").acquire()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_looking_needs_no_right_to_write(tmp_path: Path) -> None:
    with FolderLock(tmp_path) as lock:
        assert lock.acquire()
        (tmp_path / "lock").chmod(0o444)
        assert is_locked(tmp_path)
