from pathlib import Path

import pytest

from app.words import amount, count, date, duration, from_home, progress, size
from engine.contract.metrics import metric_title


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (200, "3 min 20 s"),
        (601, "10 min"),
        (3599, "60 min"),
        (7500, "2 h 05 min"),
        (100_000, "1 d 3 h"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(812, "812 B"), (460_800, "461 kB"), (540e6, "540 MB"), (1.6e9, "1.6 GB"), (5_200, "5.2 kB")],
)
def test_sizes(number: float, words: str) -> None:
    assert size(number) == words


@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [(1, "rows", "1 row"), (1, "prefixes", "1 prefix"), (1200, "tokens", "1,200 tokens")],
)
def test_amounts(number: int, unit: str, words: str) -> None:
    assert amount(number, unit) == words


def test_how_far_something_is() -> None:
    assert progress(30_000_000, 93_000_000, "bytes") == "30 MB of 93 MB"
    assert progress(80, 200, "tokens") == "80 of at most 200 tokens"
    assert progress(1, 1, "rows") == "1 of 1 row"


def test_others() -> None:
    assert count(1_234_567) == "1,234,567"
    assert date(0) == ""
    assert date(1_780_000_000).startswith("2026-05-2")
    assert metric_title("rougeL") == "ROUGE-L"
    assert metric_title("new") == "new"


def test_paths_under_the_home_folder_are_short() -> None:
    assert from_home(Path.home() / "Documents" / "huts") == str(Path("~/Documents/huts"))
    assert from_home(Path("/elsewhere/huts")) == str(Path("/elsewhere/huts"))
