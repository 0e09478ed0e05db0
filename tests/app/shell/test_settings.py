from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from app.settings import MAX_RECENT, Settings, default_settings_path, log_folder
from app.theme import Scheme
from engine.contract.runs.scores import Encoder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


def reopened(settings: Settings) -> Settings:
    settings.sync()
    return Settings(settings.path)


def test_preferences_are_kept_and_told_once(settings: Settings, qtbot: QtBot) -> None:
    with qtbot.waitSignal(settings.changed):
        settings.scheme = Scheme.DARK
    with qtbot.assertNotEmitted(settings.changed):
        settings.scheme = Scheme.DARK
    settings.font_percent = 125
    settings.projects_folder = Path("/somewhere")
    settings.encoder = Encoder('/with, comma and "quotes"', 17, idf=True)
    again = reopened(settings)
    assert again.scheme is Scheme.DARK
    assert again.font_percent == 125
    assert again.projects_folder == Path("/somewhere")
    assert again.encoder == Encoder('/with, comma and "quotes"', 17, idf=True)


def test_nonsense_in_the_file_gives_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_text("[preferences]\ncolour_scheme=pink\nfont_percent=9000\nbertscore_encoder=x\n")
    settings = Settings(path)
    assert settings.scheme is Scheme.SYSTEM
    assert settings.font_percent == 100
    assert settings.encoder == Encoder()


def test_recent_projects_latest_first_and_limited(settings: Settings) -> None:
    for number in range(MAX_RECENT + 3):
        settings.add_recent(Path(f"/p/{number}, with comma"))
    settings.add_recent(Path("/p/10, with comma"))
    recent = reopened(settings).recent_projects
    assert len(recent) == MAX_RECENT
    assert recent[0] == Path("/p/10, with comma")
    assert len(set(recent)) == MAX_RECENT
    settings.remove_recent(recent[0])
    assert settings.recent_projects == recent[1:]
    settings.clear_recent()
    assert reopened(settings).recent_projects == ()


def test_layouts_are_kept_and_forgotten(settings: Settings) -> None:
    assert settings.layout("runs/table").isEmpty()
    settings.set_layout("runs/table", QByteArray(b"\x00\xff\x01"))
    settings.set_choice("runs/x", "epoch")
    again = reopened(settings)
    assert again.layout("runs/table") == QByteArray(b"\x00\xff\x01")
    again.forget_layouts()
    assert again.layout("runs/table").isEmpty()
    assert again.choice("runs/x") == "epoch"


def test_the_users_own_places_are_not_touched_by_tests(tmp_path: Path) -> None:
    assert tmp_path in default_settings_path().parents
    assert tmp_path in log_folder().parents
