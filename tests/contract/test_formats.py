"""The table of formats: what it says is what the readers do."""

from pathlib import Path

import pytest

from engine.contract.reading.formats import DATA_ENDINGS, FORMATS, format_info, unit_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("description", "unit"),
    [
        ("CSV, UTF-8, comma", "line"),
        ("WebNLG, 12 XML files", "entry"),
        ("WebNLG, 1 XML file", "line"),
        ("parquet, 240 rows", "row"),
        ("hub, 3 splits", "row"),
        ("Excel, sheet 'Huts, old'", "row"),
        ("OpenDocument, sheet 'Huts'", "row"),
        ("JSON lines, UTF-8", "line"),
        ("jsonl, 3 files", "row"),
        ("of a newer program", "line"),
    ],
)
def test_numbers_of_rows_are_named_for_what_they_count(description: str, unit: str) -> None:
    assert unit_of(description) == unit


def test_names_and_endings_are_of_one_format() -> None:
    names = [info.name for info in FORMATS]
    assert len(set(names)) == len(names)
    assert len(set(DATA_ENDINGS)) == len(DATA_ENDINGS)
    assert all(set(info.folder_endings) <= set(info.endings) for info in FORMATS)


def test_a_format_is_called_by_its_title() -> None:
    assert format_info("dart").title == "DART"
    assert format_info("of a newer program").title == "of a newer program"


@pytest.mark.parametrize(
    ("page", "start"), [("docs/guide.md", "## Data: formats"), ("README.md", "drop your own data")]
)
def test_the_docs_name_each_format(page: str, start: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    words = " ".join(text[text.index(start) :].casefold().split())
    assert [info.title for info in FORMATS if info.title.casefold() not in words] == []
