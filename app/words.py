"""Numbers and paths as people read them: durations, sizes, counts, dates."""

from __future__ import annotations

import time
from pathlib import Path

from engine.contract.metrics import metric_info

_COPIED_CHARS = 48


def duration(seconds: float) -> str:
    """Such as 45 s, 3 min 20 s, 2 h 05 min, 1 d 4 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def from_home(path: Path) -> str:
    """A path as people call it: ~/Documents/huts for one under their home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)


def size(count_bytes: float) -> str:
    """Such as 812 B, 461 kB, 540 MB, 1.6 GB (powers of 1,000, as disks are sold)."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count_bytes >= factor:
            value = count_bytes / factor
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count_bytes:.0f} B"


def count(number: int) -> str:
    """Such as 1,234,567."""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Such as "1 run", "3 studies", "2 prefixes"."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        noun = f"{noun[:-1]}ie"
    return f"{number:,} {noun}{'es' if noun.endswith('x') else 's'}"


def amount(number: int, unit: str) -> str:
    """A number with its unit, such as 93 MB or 1,200 tokens."""
    if unit == "bytes":
        return size(number)
    if number == 1:
        unit = unit.removesuffix("es" if unit.endswith("xes") else "s")
    return f"{number:,} {unit}".strip()


def progress(done: int, total: int, unit: str) -> str:
    """Such as "30 MB of 93 MB", "5 of 20 rows", "80 of at most 200 tokens"."""
    of = "of at most" if unit == "tokens" else "of"
    return f"{amount(done, unit if unit == 'bytes' else '')} {of} {amount(total, unit)}"


def percent(part: float, whole: float) -> str:
    """A share such as 3.64 % or 0.0071 %."""
    return f"{100 * part / whole:.3g} %" if whole else ""


def date(time_s: float) -> str:
    """Such as 2026-11-21 14:05, in local time; nothing for 0."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(time_s)) if time_s else ""


def clock(time_s: float, *, now_s: float) -> str:
    """A time of day such as 15:40; another day is named: Sat 15:40, 2026-12-24 15:40."""
    then, now = time.localtime(time_s), time.localtime(now_s)
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    soon = 0 <= time_s - now_s < 6 * 86_400
    return time.strftime("%a %H:%M" if soon else "%Y-%m-%d %H:%M", then)


def metric_value(name: str, value: float) -> str:
    """A metric's value with the decimal places that mean something: 63.7, but NIST 7.82."""
    return f"{value:.{metric_info(name).decimals}f}"


def copied_text(text: str) -> str:
    """What to say about a text on the clipboard: its number of lines, or its beginning."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) > 1:
        return f"Copied {count(len(lines))} lines."
    beginning = lines[0][:_COPIED_CHARS].strip()
    return f"Copied “{beginning}{'…' if len(lines[0]) > _COPIED_CHARS else ''}”."


def mnemonic(label: str, letter: str) -> str:
    """A label with the mark of its access key before the letter; as it is without one."""
    return label.replace(letter, f"&{letter}", 1) if letter else label
