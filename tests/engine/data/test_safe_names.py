"""Names from files, as they may be shown on a terminal and in a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.names import MOST_CHARACTERS, safe_name, shown_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        (" price range ", "price range"),
        ("a  b", "a  b"),
        ("préis €", "préis €"),
        ("two\r\n lines", "two lines"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("bell\x07\x00", "bell\\x07\\x00"),
        ("abc\u202edcb", "abc\\u202edcb"),
        ("\ud83d", "\\ud83d"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_what_steers_a_screen_is_written_out(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(st.characters(), max_size=50))
def test_a_name_is_safe_at_once(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert not any(letter < " " or "\x7f" <= letter < "\xa0" for letter in safe)
    safe.encode("utf-8")


def test_a_long_name_is_cut() -> None:
    assert len(shown_name("x" * 1000)) == MOST_CHARACTERS
