"""The pages of the window, in order; each is imported and made when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass

from app.context import AppContext
from app.shell.page import Page


@dataclass(frozen=True)
class PageEntry:
    """One line of the sidebar."""

    name: str
    title: str
    picture: str
    needs_project: bool = True


PAGES = (
    PageEntry("start", "Start", "start", needs_project=False),
    PageEntry("data", "Data", "data"),
    PageEntry("runs", "Runs", "runs"),
    PageEntry("compare", "Compare", "compare"),
    PageEntry("prefixes", "Prefixes", "prefixes"),
    PageEntry("studies", "Studies", "studies"),
)


def make_page(name: str, context: AppContext) -> Page:
    """Import and make a page; the plotting pages load numpy and pyqtgraph."""
    if name == "start":
        from app.pages.start import StartPage

        return StartPage(context)
    if name == "data":
        from app.pages.data.page import DataPage

        return DataPage(context)
    if name == "runs":
        from app.pages.runs.page import RunsPage

        return RunsPage(context)
    if name == "compare":
        from app.pages.compare.page import ComparePage

        return ComparePage(context)
    if name == "prefixes":
        from app.pages.prefixes.page import PrefixesPage

        return PrefixesPage(context)
    if name == "studies":
        from app.pages.studies.page import StudiesPage

        return StudiesPage(context)
    raise KeyError(name)
