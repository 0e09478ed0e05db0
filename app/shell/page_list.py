"""The pages of the window, in order; each is imported beside the window and made when needed."""

from __future__ import annotations

import gc
import importlib
from dataclasses import dataclass

from PySide6.QtCore import QThread

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


MODULES = (
    "numpy",
    "pyqtgraph",
    "app.pages.data.page",
    "app.pages.runs.page",
    "app.pages.compare.page",
    "app.pages.prefixes.page",
    "app.pages.studies.page",
)


class Preloader(QThread):
    """Imports, and makes no object: widgets are made in the window's own thread."""

    def run(self) -> None:
        """The thread's work (called by Qt)."""
        for name in MODULES:
            if self.isInterruptionRequested():
                return
            importlib.import_module(name)

    def close(self) -> None:
        """End after the module that is being loaded."""
        self.requestInterruption()
        self.wait()


def settle() -> None:
    """Leave what is loaded by now out of garbage collections: it stays until the end.

    A full collection over all modules and pages would hold the window up for 30 to 45 ms
    again and again.
    """
    gc.freeze()
