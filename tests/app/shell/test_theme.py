import itertools
import math

import pytest
from PySide6.QtGui import QColor, QPalette, QStandardItemModel
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.theme import DARK, LIGHT, RUN_COLORS, Colors, Scheme, Theme, run_style
from app.widgets.table_view import TableView

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def linear(color: QColor) -> list[float]:
    parts = (color.redF(), color.greenF(), color.blueF())
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def contrast(first: QColor, second: QColor) -> float:
    """WCAG 2's contrast ratio."""
    light = [sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True))
             for x in (first, second)]  # fmt: skip
    return (max(light) + 0.05) / (min(light) + 0.05)


def lab(rgb: list[float]) -> tuple[float, float, float]:
    r, g, b = (max(0.0, part) for part in rgb)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(colors: Colors) -> None:
    for ground in (colors.window, colors.base, colors.alternate, colors.sidebar):
        assert contrast(colors.text, ground) >= 7
        assert contrast(colors.muted, ground) >= 4.5
    assert contrast(colors.on_accent, colors.accent) >= 4.5
    assert contrast(colors.text, colors.accent_fill) >= 4.5
    for name in ("trainable", "frozen", "good", "warning", "bad"):
        color = getattr(colors, name)
        assert contrast(color, colors.base) >= 4.5, name
        assert contrast(color, getattr(colors, f"{name}_fill")) >= 4.5, name


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_runs_stay_apart_for_colour_blind_eyes(blindness: str) -> None:
    seen = []
    for color in RUN_COLORS:
        rgb = linear(color)
        rows = BLINDNESS[blindness]
        seen.append(lab([sum(w * c for w, c in zip(row, rgb, strict=True)) for row in rows]))
    assert min(math.dist(a, b) for a, b in itertools.combinations(seen, 2)) > 20


def test_runs_show_on_white_and_on_dark() -> None:
    for color in RUN_COLORS:
        assert contrast(color, LIGHT.base) >= 2.9
        assert contrast(color, DARK.base) >= 2.9


def test_neighbouring_runs_differ_in_line_style_too() -> None:
    looks = [run_style(number) for number in range(20)]
    for first, second in itertools.pairwise(looks):
        assert first.color != second.color
        assert first.line != second.line
    assert run_style(3) == run_style(3)


def test_scheme_is_applied_at_once(context: AppContext, qtbot: QtBot) -> None:
    theme = context.theme
    with qtbot.waitSignal(theme.changed):
        theme.set_scheme(Scheme.DARK)
    assert theme.colors.is_dark
    assert QApplication.palette().color(QPalette.ColorRole.Window) == DARK.window
    theme.set_scheme(Scheme.LIGHT)
    assert QApplication.palette().color(QPalette.ColorRole.Window) == LIGHT.window


def test_style_sheets_take_the_new_colours(context: AppContext, qtbot: QtBot) -> None:
    table = TableView("Numbers")
    qtbot.addWidget(table)
    table.setModel(QStandardItemModel(1, 1))
    for scheme, colors in ((Scheme.LIGHT, LIGHT), (Scheme.DARK, DARK), (Scheme.LIGHT, LIGHT)):
        context.theme.set_scheme(scheme)
        header = table.horizontalHeader()
        ground = header.grab().toImage().pixelColor(3, header.height() // 2)
        assert ground == colors.window


def test_text_size_scales_from_the_systems_and_back(qapp: QApplication) -> None:
    theme = Theme(qapp, Scheme.LIGHT)
    normal = qapp.font().pointSizeF()
    theme.set_font_percent(150)
    assert qapp.font().pointSizeF() == pytest.approx(1.5 * normal)
    again = Theme(qapp, Scheme.LIGHT)
    assert qapp.font().pointSizeF() == pytest.approx(normal)
    assert again.font_percent == 100
