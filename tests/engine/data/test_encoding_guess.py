"""Encodings of other scripts: which it is, and how sure that is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.protocol.data import InspectFile
from engine.contract.reading.options import ENCODING_TITLES
from engine.contract.reading.reading import FileReport, FindingKind
from engine.data.encoding_guess import guess_script_encoding
from engine.data.inspecting import inspect_file
from engine.reporter import Silent

WriteFile = Callable[..., Path]

RUSSIAN = ("Хижина", "Дом", "Хижина стоит на берегу озера, в ней хорошая кухня.")
CHINESE = ("小屋甲", "火锅", "这座小屋位于湖边，有十张床位和一个很好的厨房。")
TAIWANESE = ("小屋甲", "火鍋", "這座小屋位於湖邊，有十張床位和一個很好的廚房。")
JAPANESE = ("山小屋", "カレー", "この小屋は湖のほとりにあり、十のベッドがあります。")
KOREAN = ("산장", "김치찌개", "이 산장은 호숫가에 있으며 좋은 부엌이 있습니다.")
GREEK = ("Καλύβα", "σούπα", "Το καταφύγιο βρίσκεται δίπλα στη λίμνη.")
POLISH = ("Chata", "żurek", "Schronisko leży nad jeziorem i ma dziesięć łóżek.")
GERMAN = ("Hütte", "Suppe", "Die Hütte liegt schön über dem See und hat zehn Plätze.")
TABLES = [
    ("cp1251", "cp1251", RUSSIAN),
    ("koi8_r", "koi8_r", RUSSIAN),
    ("koi8_u", "koi8_u", ("Хата", "їжа", "Хата стоїть біля озера, її видно здалеку.")),
    ("gbk", "gb18030", CHINESE),
    ("gb18030", "gb18030", CHINESE),
    ("gb2312", "gb18030", CHINESE),
    ("big5", "big5", TAIWANESE),
    ("cp950", "cp950", ("小屋甲", "火鍋", "這座小屋位於湖邊，有碁有粧。")),
    ("shift_jis", "cp932", JAPANESE),
    ("euc_jp", "euc_jp", JAPANESE),
    ("iso2022_jp", "iso2022_jp", JAPANESE),
    ("euc_kr", "cp949", KOREAN),
    ("cp1253", "cp1253", GREEK),
    ("cp1250", "cp1250", POLISH),
    ("cp1252", "cp1252", GERMAN),
]


def look(path: Path) -> FileReport:
    return inspect_file(InspectFile(str(path)), Silent())


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize(("written", "read", "cells"), TABLES)
def test_tables_of_a_few_rows(
    write_file: WriteFile, written: str, read: str, cells: tuple[str, ...], delimiter: str
) -> None:
    rows = [tuple(f"{cell} {number}" for cell in cells) for number in range(4)]
    lines = [
        delimiter.join(f'"{cell}"' for cell in row) for row in [("name", "food", "text"), *rows]
    ]
    report = look(write_file("\n".join(lines), encoding=written))
    assert report.options.encoding == read
    assert report.preview == tuple(rows)
    guesses = [one for one in report.findings if one.kind is FindingKind.ENCODING_GUESS]
    if read == "iso2022_jp":
        assert guesses == []  # its shifts leave no doubt
    else:
        (guess,) = guesses
        percent = re.search(r"(\d+) % sure", guess.message)
        assert percent is not None
        assert 50 <= int(percent[1]) <= 99
        assert ENCODING_TITLES[read] in guess.message


@pytest.mark.parametrize("text", ["Café", "5 €", "it’s “good” – yes", "20°C", "£5 a m²", "Zoë"])
def test_a_few_signs_in_english_text_are_western(text: str) -> None:
    line = f"name,A text of a few words with {text} in it\n"
    assert guess_script_encoding([line.encode("cp1252")]).name == "cp1252"


def test_the_less_there_is_the_less_sure_it_is() -> None:
    few, many = (" ".join(RUSSIAN)[:size].encode("cp1251") for size in (3, 60))
    little, much = guess_script_encoding([few]).sureness, guess_script_encoding([many]).sureness
    assert little is not None
    assert much is not None
    assert little < much


def test_a_damaged_line_does_not_change_the_encoding() -> None:
    lines = [",".join(KOREAN).encode("cp949")] * 40
    lines[7] = lines[7][:-3] + b"\xff\xff"
    assert guess_script_encoding([b"\n".join(lines)]).name == "cp949"


def test_utf_16_without_a_mark_where_few_letters_are_ascii(write_file: WriteFile) -> None:
    content = "题,文\n" + "".join(f"{CHINESE[0]}{n},{CHINESE[2] * 2}\n" for n in range(20))
    for encoding in ("utf-16-le", "utf-16-be"):
        assert look(write_file(content, encoding=encoding)).options.encoding == encoding


def test_a_large_file_is_not_judged_whole(write_file: WriteFile) -> None:
    """Bounded work: twenty times the text takes about the same time."""
    row = ",".join(f'"{cell}"' for cell in JAPANESE) + "\n"
    times = []
    for count in (20_000, 400_000):
        path = write_file(row * count, f"table{count}.csv", encoding="cp932")
        started = time.process_time()
        assert look(path).options.encoding == "cp932"
        times.append(time.process_time() - started)
    assert times[1] < 4 * times[0]
