"""The user's preferences and the window's memory, in one readable ini file."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, Signal

from app.theme import Scheme
from engine.contract import codec
from engine.contract.errors import ProtocolError
from engine.contract.runs.scores import Encoder

MAX_RECENT = 15
MAX_KNOWN = 1000
FONT_PERCENTS = (80, 90, 100, 110, 125, 150, 175, 200)


class Settings(QObject):
    """Typed access to the settings file; what is set is saved at once.

    Args:
        path: of the ini file; `default_settings_path` in the program, another in tests.

    Signals:
        changed: a preference is new.
        recent_changed: the list of recent projects is new.
    """

    changed = Signal()
    recent_changed = Signal()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._store = QSettings(str(path), QSettings.Format.IniFormat, self)

    @property
    def scheme(self) -> Scheme:
        """Light, dark, or as the system."""
        text = self._text("preferences/colour_scheme", Scheme.SYSTEM.value)
        return Scheme(text) if text in {scheme.value for scheme in Scheme} else Scheme.SYSTEM

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._set_preference("preferences/colour_scheme", scheme.value)

    @property
    def font_percent(self) -> int:
        """Size of all text; 100 is the system's."""
        text = self._text("preferences/font_percent", "100")
        return int(text) if text.isdigit() and int(text) in FONT_PERCENTS else 100

    @font_percent.setter
    def font_percent(self, percent: int) -> None:
        self._set_preference("preferences/font_percent", str(percent))

    @property
    def projects_folder(self) -> Path:
        """Where new projects are made."""
        text = self._text("preferences/projects_folder", "")
        return Path(text) if text else default_projects_folder()

    @projects_folder.setter
    def projects_folder(self, path: Path) -> None:
        self._set_preference("preferences/projects_folder", str(path))

    @property
    def encoder(self) -> Encoder:
        """What BERTScore compares by; without a name where none was ever chosen."""
        with contextlib.suppress(ProtocolError):
            return codec.from_text(Encoder, self._text("preferences/bertscore_encoder", "{}"))
        return Encoder()

    @encoder.setter
    def encoder(self, encoder: Encoder) -> None:
        self._set_preference("preferences/bertscore_encoder", codec.to_line(encoder))

    @property
    def recent_projects(self) -> tuple[Path, ...]:
        """Folders of projects, the latest first; some may be missing by now."""
        lines = self._text("recent/projects", "").split("\n")
        return tuple(Path(line) for line in lines if line)

    def knows_project(self, path: Path) -> bool:
        """Whether a project in this folder was made or opened here before."""
        return _mark(path) in self._known() or path in self.recent_projects

    def remember_project(self, path: Path) -> None:
        """Have `knows_project` say yes."""
        marks = [mark for mark in self._known() if mark != _mark(path)]
        self._store.setValue("known/projects", " ".join([*marks, _mark(path)][-MAX_KNOWN:]))

    def add_recent(self, path: Path) -> None:
        """Put a project at the head of the list."""
        self.remember_project(path)
        others = [other for other in self.recent_projects if other != path]
        self._set_recent([path, *others][:MAX_RECENT])

    def remove_recent(self, path: Path) -> None:
        """Take a project off the list."""
        self._set_recent([other for other in self.recent_projects if other != path])

    def clear_recent(self) -> None:
        """Empty the list."""
        self._set_recent([])

    def layout(self, name: str) -> QByteArray:
        """What `set_layout` saved for this splitter, header or window, or nothing."""
        value = self._store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_layout(self, name: str, state: QByteArray) -> None:
        """Remember the state of a splitter, header or window."""
        self._store.setValue(f"layout/{name}", state)

    def forget_layouts(self) -> None:
        """Go back to the first arrangement everywhere."""
        self._store.remove("layout")

    def choice(self, name: str, default: str = "") -> str:
        """A small choice that a page remembers, such as the x axis of its plots."""
        return self._text(f"choices/{name}", default)

    def set_choice(self, name: str, value: str) -> None:
        """Remember a small choice."""
        self._store.setValue(f"choices/{name}", value)

    def sync(self) -> None:
        """Write the file now."""
        self._store.sync()

    def _known(self) -> list[str]:
        return self._text("known/projects", "").split()

    def _text(self, key: str, default: str) -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    def _set_preference(self, key: str, value: str) -> None:
        if self._text(key, "") != value:
            self._store.setValue(key, value)
            self.changed.emit()

    def _set_recent(self, paths: list[Path]) -> None:
        self._store.setValue("recent/projects", "\n".join(map(str, paths)))
        self.recent_changed.emit()


def _mark(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]


def default_settings_path() -> Path:
    """The settings file of this user."""
    folder = _location(QStandardPaths.StandardLocation.AppConfigLocation)
    return folder / "prefix-workbench.ini"


def default_projects_folder() -> Path:
    """A folder of ours among the user's documents."""
    return _location(QStandardPaths.StandardLocation.DocumentsLocation) / "Prefix Workbench"


def log_folder() -> Path:
    """Where the window's own log is written."""
    return _location(QStandardPaths.StandardLocation.AppLocalDataLocation) / "logs"


def _location(kind: QStandardPaths.StandardLocation) -> Path:
    text = QStandardPaths.writableLocation(kind)
    return Path(text) if text else Path.home()
