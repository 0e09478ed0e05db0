"""Versions, log and reports of errors. Nothing is sent: the user copies what they like."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import qVersion

from engine.contract.files.writing import explain_disk_errors

VERSION = "0.1.0"
LOG_BYTES = 1_000_000
LOG_FILES = 3
_LIBRARIES = (
    "PySide6-Essentials",
    "pyqtgraph",
    "numpy",
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "safetensors",
    "sacrebleu",
)


def start_log(folder: Path) -> Path:
    """Log to a rotating file in `folder`; returns the file.

    Raises:
        UserError: the folder cannot be written to.
    """
    path = folder / "window.log"
    with explain_disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    return path


def stop_log() -> None:
    """Close the files that `start_log` opened."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, logging.handlers.RotatingFileHandler):
            root.removeHandler(handler)
            handler.close()


def versions() -> list[tuple[str, str]]:
    """(name, version) of this program and what it stands on; torch is not loaded for it."""
    pairs = [
        ("Prefix Workbench", VERSION),
        ("Python", platform.python_version()),
        ("Qt", qVersion()),
    ]
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            pairs.append((name, metadata.version(name)))
    return pairs


def report(log_file: Path | None, error: str = "") -> str:
    """A text for a report: the error if there is one, versions, system, the end of the log."""
    lines = [f"Prefix Workbench diagnostics, {time.strftime('%Y-%m-%d %H:%M:%S')}", ""]
    if error:
        lines += [error.rstrip(), ""]
    lines += [f"{name}: {version}" for name, version in versions()]
    lines += [f"System: {platform.platform()}", f"Executable: {sys.executable}", ""]
    if log_file is not None:
        lines += [f"End of {log_file}:", *_tail(log_file, 60)]
    return "\n".join(lines) + "\n"


def _tail(path: Path, count: int) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ["(no log)"]
    return text.splitlines()[-count:]
