"""Where a table is saved, and in which form."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.table_saving import FILTERS, ask_where_to_save, save_table
from engine.contract.errors import UserError


@pytest.mark.parametrize(("ending", "words"), FILTERS.items())
def test_the_form_gives_the_ending(
    qtbot: QtBot, context: AppContext, tmp_path: Path, ending: str, words: str
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen: list[Path] = []
    dialog = ask_where_to_save(
        parent,
        context.settings,
        "Save",
        name="scores",
        chosen=chosen.append,
        endings=tuple(FILTERS),
    )
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.selectNameFilter(words)
    dialog.filterSelected.emit(words)
    dialog.selectFile("scores")
    dialog.accept()
    assert chosen == [tmp_path / f"scores{ending}"]


def test_a_large_table_does_not_stop_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    counts: list[int] = []
    failures: list[UserError] = []
    lines = ((f"row {n}", n) for n in range(3000))
    save_table(tmp_path / "a.xlsx", lines, parent, done=counts.append, failed=failures.append)
    assert not counts, "it is written in slices of the event loop"
    qtbot.waitUntil(lambda: bool(counts))
    save_table(tmp_path / "a.odt", [("a",)], parent, done=counts.append, failed=failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    assert counts == [2999]
