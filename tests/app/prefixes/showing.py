"""The Prefixes page on the screen."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.prefixes.page import PrefixesPage


def shown_page(context: AppContext, qtbot: QtBot, *, rows: int) -> PrefixesPage:
    """The page of the open project, once it lists so many prefixes."""
    page = PrefixesPage(context)
    qtbot.addWidget(page)
    page.resize(1000, 650)
    page.show()
    qtbot.waitUntil(lambda: page.model.rowCount() == rows)
    return page
