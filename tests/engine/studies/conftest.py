"""A study of tiny real runs, made by the command line's own function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.main import run
from tests.helpers.tiny_runs import Workshop

QUICK = (
    *("--prefix-length", "3", "--mid-dim", "16", "--init-text", "A hut:"),
    *("--max-steps", "4", "--batch-size", "4", "--evaluate-every-steps", "2", "--no-bleu"),
    *("--test-fraction", "0.3", "--train-rows", "8", "--device", "cpu"),
    *("--strategy", "greedy", "--max-new-tokens", "6", "--seeds", "0", "1"),
)

Study = Callable[..., int]


@pytest.fixture(scope="session")
def study_words(workshop: Workshop) -> tuple[str, ...]:
    """Data, backbone and small settings; kind and project are still to be said."""
    columns = ("--source", "name", "--source", "food", "--source", "area", "--target", "text")
    backbone = str(workshop.backbone("llama"))
    return ("--data", str(workshop.csv), *columns, "--backbone", backbone, *QUICK)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, study_words: tuple[str, ...]) -> Path:
    """A project with a finished study of methods."""
    place = tmp_path_factory.mktemp("studies") / "project"
    assert run(["study", "methods", "--project", str(place), *study_words]) == 0
    return place
