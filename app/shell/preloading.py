"""Loading the modules of the pages beside the window, so that it answers meanwhile."""

from __future__ import annotations

import gc
import importlib

from PySide6.QtCore import QThread

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
