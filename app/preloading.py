"""Loading the modules of the pages beside the window, so that it answers meanwhile."""

from __future__ import annotations

import importlib

from PySide6.QtCore import QThread

MODULES = (
    "numpy",
    "pyqtgraph",
    "app.pages.data.page",
    "app.pages.runs.page",
    "app.pages.compare.page",
    "app.pages.prefixes.page",
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
