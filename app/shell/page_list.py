"""The pages of the window, in order; each is imported beside the window and made when needed."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QThread

from app.context import AppContext
from app.shell.page import Page


@dataclass(frozen=True)
class PageEntry:
    """A line of the sidebar, and the module in which the page's class, TITLEPage, is."""

    title: str
    module: str
    needs_project: bool = True

    @property
    def name(self) -> str:
        """The page's name in actions and requests, and that of its icon."""
        return self.title.lower()


PAGES = (
    PageEntry("Start", "app.pages.start", needs_project=False),
    PageEntry("Data", "app.pages.data.page"),
    PageEntry("Runs", "app.pages.runs.page"),
    PageEntry("Compare", "app.pages.compare.page"),
    PageEntry("Playground", "app.pages.playground.page"),
    PageEntry("Write", "app.pages.write.page"),
    PageEntry("Prefixes", "app.pages.prefixes.page"),
    PageEntry("Studies", "app.pages.studies.page"),
)


def page_entry(name: str) -> PageEntry:
    """The entry of this name."""
    return next(entry for entry in PAGES if entry.name == name)


def make_page(name: str, context: AppContext) -> Page:
    """Import a page and begin to make it; the plotting pages load numpy and pyqtgraph."""
    entry = page_entry(name)
    make: Callable[..., Page] = getattr(importlib.import_module(entry.module), f"{entry.title}Page")
    return make(context, at_once=False)


class Preloader(QThread):
    """Imports, and makes no object: widgets are made in the window's own thread."""

    def run(self) -> None:
        """The thread's work (called by Qt)."""
        for name in ("numpy", "pyqtgraph", *(entry.module for entry in PAGES)):
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
