"""Numbers of a spreadsheet as the text that a person sees in their cells.

Format codes are those of ECMA-376 part 1, section 18.8.31; the numbered ones of 18.8.30.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import partial

BOOLEANS = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}

_WHOLE = re.compile(r"-?\d{1,20}")
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<digits>[#0?][#0?,]*(?:\.[#0?]*)?|\.[#0?]+)|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_NUMBERED = {
    **{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00"},
    **{5: '"$"#,##0', 6: '"$"#,##0', 7: '"$"#,##0.00', 8: '"$"#,##0.00'},
    **{14: "m/d/yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 22: "m/d/yy h:mm"},
    **{18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 45: "mm:ss"},
    **{37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 46: "[h]:mm:ss", 47: "mm:ss"},
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy/m/d"),  # East Asian dates
}
_NO_FORMAT = (None, "General", "GENERAL", "general")
_MOST_DIGITS = 15
_MOST_DAYS = 2_958_466  # 31 December 9999, the last day of a spreadsheet
_WIDE = Context(prec=100)
_LARGEST_PLAIN = Decimal(10) ** 21
_SMALLEST_PLAIN = Decimal(10) ** -9

CellText = Callable[[str], str]


def general(raw: str) -> str:
    """A number without a format: whole ones without a point, others in up to 15 digits."""
    if _WHOLE.fullmatch(raw):
        return raw if raw != "-0" else "0"
    value = _decimal(raw)
    return raw if value is None else _plain(value)


def number_format(identity: int, code: str | None, *, from_1904: bool) -> CellText:
    """What makes the text of a cell out of its number.

    Args:
        identity: the number of the format.
        code: its code where the file gives one.
        from_1904: days are counted from 1904 rather than 1900.
    """
    code = _NUMBERED.get(identity, "") if code is None else code
    date, time, elapsed = _date_parts(code)
    if date or time:
        return partial(_moment, date=date, time=time, elapsed=elapsed, from_1904=from_1904)
    sections = [_Section(text) for text in _split(code)[:4]]
    if not all(section.is_simple for section in sections) or sections[0].digits in _NO_FORMAT:
        return general
    return partial(_number, sections=sections)


def _decimal(raw: str) -> Decimal | None:
    """The number, rounded to the 15 digits that a spreadsheet shows; None for what is none."""
    try:
        value = Decimal(f"{float(raw):.15g}")
    except (ValueError, InvalidOperation):
        return None
    return value if value.is_finite() else None


def _plain(value: Decimal) -> str:
    if value == 0:
        return "0"
    if not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        return f"{value.normalize():E}"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Section:
    """One of the up to four parts of a format code: literal text around one number."""

    def __init__(self, code: str) -> None:
        self.before, self.after = "", ""
        self.is_simple = True
        self.digits: str | None = None
        self.percent = 0
        for token in _TOKEN.finditer(code):
            kind, text = token.lastgroup or "", token.group(token.lastgroup or 0)
            if kind in ("digits", "general"):
                self.is_simple &= self.digits is None and len(text) <= 2 * _MOST_DIGITS
                self.digits = text
            elif kind == "bracket":
                self._add_bracket(text)
            elif kind == "other" and text == "%":
                self.percent += 1
                self.is_simple &= self.percent == 1
                self._add(text)
            elif kind == "other" and text.isalpha():
                self.is_simple = False  # such as E in 0.00E+00
            elif kind == "other" and text in "/@":
                self.is_simple = False
            elif kind in ("quoted", "escaped", "other"):
                self._add(text)

    def text(self, value: Decimal) -> str:
        """The number, which is not negative here, within its literal text."""
        if self.digits is None:
            return (self.before + self.after).strip()
        value *= 100**self.percent
        shown = _plain(value) if self.digits[0] in "gG" else _digits(value, self.digits)
        return (self.before + shown + self.after).strip()

    def _add(self, text: str) -> None:
        if self.digits is None:
            self.before += text
        else:
            self.after += text

    def _add_bracket(self, text: str) -> None:
        if text.startswith("$"):  # a currency and its language: [$€-407]
            self._add(text[1:].partition("-")[0])
        elif text[:1] in "<>=":
            self.is_simple = False


def _digits(value: Decimal, pattern: str) -> str:
    whole, _, part = pattern.partition(".")
    thousands = whole.rstrip(",")
    value = value.scaleb(-3 * (len(whole) - len(thousands)))
    rounded = value.quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_UP, _WIDE)
    text = f"{rounded:,f}" if "," in thousands else f"{rounded:f}"
    left, _, right = text.partition(".")
    while right and part[len(right) - 1] != "0" and right[-1] == "0":
        right = right[:-1]
    least = thousands.count("0")
    if left == "0" and least == 0:
        left = ""
    left = left.rjust(least, "0")
    return f"{left}.{right}" if right else left


def _number(raw: str, *, sections: list[_Section]) -> str:
    value = _decimal(raw)
    if value is None or abs(value) >= _LARGEST_PLAIN:
        return general(raw)
    if value < 0 and len(sections) > 1:
        return sections[1].text(-value)
    if value == 0 and len(sections) > 2:
        return sections[2].text(value)
    text = sections[0].text(abs(value))
    return f"-{text}" if value < 0 and any(digit in text for digit in "123456789") else text


def _date_parts(code: str) -> tuple[bool, bool, bool]:
    """Whether a format shows a date, a time of day, and a duration."""
    letters, elapsed = "", False
    for token in _TOKEN.finditer(_split(code)[0] if code else ""):
        if token.lastgroup == "bracket":
            elapsed |= token.group("bracket").lower() in ("h", "hh", "m", "mm", "s", "ss")
        elif token.lastgroup == "other":
            letters += token.group("other").lower()
    letters = letters.replace("am/pm", "").replace("a/p", "")
    time = elapsed or "h" in letters or "s" in letters
    date = "y" in letters or "d" in letters or ("m" in letters and not time)
    return date and not elapsed, time, elapsed


def _moment(raw: str, *, date: bool, time: bool, elapsed: bool, from_1904: bool) -> str:
    """A count of days as ISO 8601 writes it, with a space between date and time."""
    value = _decimal(raw)
    if value is None or not 0 <= value < _MOST_DAYS:
        return general(raw)
    seconds = round(value * 86_400)
    if elapsed:
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if from_1904:
        start = datetime(1904, 1, 1)
    else:
        # 1900 is counted as a leap year, with a 60th day that there was not.
        start = datetime(1899, 12, 30 if seconds >= 60 * 86_400 else 31)
    try:
        moment = start + timedelta(seconds=seconds)
    except OverflowError:
        return general(raw)
    parts = [moment.date().isoformat()] if date else []
    parts += [moment.time().isoformat("seconds")] if time else []
    return " ".join(parts)


def _split(code: str) -> list[str]:
    """The parts of a format code between semicolons that are not quoted."""
    return re.findall(r'(?:^|;)((?:"[^"]*"|\\.|[^;"\\])*)', code) or [""]
