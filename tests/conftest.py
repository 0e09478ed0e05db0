"""Shared fixtures: offscreen Qt and isolation from the user's own files."""

import gc
import os
from pathlib import Path

import pytest

from engine.environment import prepare_environment

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Several processes share the cores, and sums computed here and in an engine are to be equal.
os.environ["OMP_NUM_THREADS"] = "1"
prepare_environment()

GUI_FOLDERS = ("app", "end2end")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(f"/tests/{folder}/" in item.path.as_posix() for folder in GUI_FOLDERS):
            item.add_marker("gui")


def pytest_collection_finish() -> None:
    """Keep what importing made (torch alone: a million objects) out of every later collection.

    The tests of the window look through all living objects for what was left behind.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data beside the checkout; skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is not beside the checkout ({folder.name} is absent)")
    return folder
