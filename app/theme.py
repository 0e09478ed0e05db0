"""Colours, spacing and fonts: light and dark by the system or by preference, applied at once."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from app.qt import sizes
from app.style import OutlinedStyle

SPACE_XS = 4
SPACE_S = 8
SPACE_M = 12
SPACE_L = 20
SPACE_XL = 32
"""Gaps in device-independent pixels; layouts use these and no others."""


_OWN_FONT = Qt.WidgetAttribute.WA_SetFont
_POINTS = "_workbench_point_size"
"""The system's size of text, as a property of the application."""


class Scheme(enum.Enum):
    """Which colours the window has."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class _Color:
    """A colour of the light scheme and of the dark one."""

    def __init__(self, light: str, dark: str) -> None:
        self._colors = QColor(light), QColor(dark)

    def __get__(self, scheme: Colors, owner: object) -> QColor:
        return self._colors[scheme.is_dark]


@dataclass(frozen=True)
class Colors:
    """Named colours of one scheme. Text colours have a contrast of 4.5 or more on `base`.

    Attributes:
        trainable, frozen: what training moves and what it leaves alone, everywhere the same.
        good, warning, bad: states, never without a word or a sign beside them.
        *_fill: the same as a background for text.
        highlight: background of a search hit or a marked word.
    """

    is_dark: bool

    window = _Color("#f4f4f2", "#27292e")
    sidebar = _Color("#eaeae7", "#1f2125")
    base = _Color("#ffffff", "#17191c")
    alternate = _Color("#f8f8f6", "#1c1e22")
    text = _Color("#1d2024", "#e3e5e8")
    muted = _Color("#5f656d", "#9ca3ab")
    line = _Color("#d3d4d1", "#454950")
    grid = _Color("#e2e3e0", "#33363c")
    accent = _Color("#1f66ad", "#6fb0ee")
    on_accent = _Color("#ffffff", "#0d1a27")
    accent_fill = _Color("#dbe8f5", "#27405a")
    button = _Color("#fbfbfa", "#34373d")
    trainable = _Color("#a34905", "#f2a565")
    trainable_fill = _Color("#fbe6d3", "#4a3320")
    frozen = _Color("#56687d", "#9fb2c8")
    frozen_fill = _Color("#e3e8ee", "#2f3944")
    good = _Color("#22703f", "#73c490")
    good_fill = _Color("#dcefe1", "#21402d")
    warning = _Color("#8a5c00", "#e3b457")
    warning_fill = _Color("#faeccb", "#453716")
    bad = _Color("#b3291f", "#f2938a")
    bad_fill = _Color("#f9e0dd", "#4d2724")
    highlight = _Color("#fff0a8", "#5c5018")


LIGHT, DARK = Colors(is_dark=False), Colors(is_dark=True)

RUN_COLORS = tuple(
    QColor(name)
    for name in (
        "#00a3d6", "#c2255c", "#bd8d03", "#8225ff", "#1ea99d", "#bc5d3e", "#805790", "#a170ff",
    )
)  # fmt: skip
"""Eight colours that stay apart for red-green blind eyes and show on white and on dark.

Found by hill climbing on the smallest CIELAB distance under the protanopia and deuteranopia
matrices of Machado et al. 2009, with a contrast of 2.9 or more on both backgrounds.
"""

_Line = Qt.PenStyle
_LINES = (_Line.SolidLine, _Line.DashLine, _Line.DotLine, _Line.DashDotLine)


@dataclass(frozen=True)
class RunStyle:
    """How a run is drawn everywhere: a colour and a line, so never by colour alone."""

    color: QColor
    line: Qt.PenStyle


def run_style(index: int) -> RunStyle:
    """The style of the run that was made as number `index` (from 0) of its project."""
    return RunStyle(RUN_COLORS[index % len(RUN_COLORS)], _LINES[index % len(_LINES)])


class Theme(QObject):
    """The application's colours and fonts; widgets that paint themselves listen to `changed`.

    Attributes:
        colors: of the scheme in force.

    Signals:
        changed: colours or fonts are new; the palette has been set already.
    """

    changed = Signal()

    def __init__(
        self, application: QApplication, scheme: Scheme = Scheme.SYSTEM, *, font_percent: int = 100
    ) -> None:
        super().__init__()
        self._application = application
        self._hints = application.styleHints()
        self.scheme = scheme
        self.font_percent = 0  # so that the first call sets it
        self.colors = LIGHT
        if application.property(_POINTS) is None:
            application.setProperty(_POINTS, application.font().pointSizeF())
        self._points = float(application.property(_POINTS))
        if not isinstance(application.style(), OutlinedStyle):
            application.setStyle(OutlinedStyle())
        self._ask_system()
        self._hints.colorSchemeChanged.connect(self._apply)
        self.set_font_percent(font_percent)
        self._apply()

    def set_scheme(self, scheme: Scheme) -> None:
        """Choose light, dark or the system's; at once."""
        if scheme is not self.scheme:
            self.scheme = scheme
            self._ask_system()
            self._apply()

    def set_font_percent(self, percent: int) -> None:
        """Scale all text, 100 being the system's size; at once."""
        if percent == self.font_percent:
            return
        factor = percent / (self.font_percent or percent)
        self.font_percent = percent
        widgets = self._application.allWidgets()
        own = [widget for widget in widgets if widget.testAttribute(_OWN_FONT)]
        before = [widget.font().pointSizeF() for widget in own]
        font = self._application.font()
        font.setPointSizeF(self._points * percent / 100)
        self._application.setFont(font)
        style = self._application.style()
        if isinstance(style, OutlinedStyle):
            style.text_scale = sizes.scale()
        for widget, points in zip(own, before, strict=True):
            font = widget.font()
            if font.pointSizeF() == points:  # headings and the like; others have followed
                font.setPointSizeF(points * factor)
                widget.setFont(font)
        for widget in widgets:
            sizes.fit(widget)
            widget.updateGeometry()
        self._renew_sheets()
        self.changed.emit()

    def _ask_system(self) -> None:
        """Let native parts (title bar, file dialogs) follow as well."""
        if self.scheme is Scheme.SYSTEM:
            self._hints.unsetColorScheme()
        else:
            dark = self.scheme is Scheme.DARK
            self._hints.setColorScheme(Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light)

    def _apply(self) -> None:
        system_dark = self._hints.colorScheme() is Qt.ColorScheme.Dark
        dark = self.scheme is Scheme.DARK or (self.scheme is Scheme.SYSTEM and system_dark)
        self.colors = DARK if dark else LIGHT
        main = palette(self.colors)
        self._application.setPalette(main)
        # Selected rows are calm; menus and text selections keep the accent.
        main.setColor(QPalette.ColorRole.Highlight, self.colors.accent_fill)
        main.setColor(QPalette.ColorRole.HighlightedText, self.colors.text)
        # PySide6 6.12 takes the class name as str, though its type stub says bytes.
        self._application.setPalette(main, "QAbstractItemView")  # type: ignore[arg-type]
        self._renew_sheets()
        self.changed.emit()

    def _renew_sheets(self) -> None:
        """Style sheets hold the colours and the font that they were set under."""
        for widget in self._application.allWidgets():
            if sheet := widget.styleSheet():
                widget.setStyleSheet("")
                widget.setStyleSheet(sheet)


def palette(colors: Colors) -> QPalette:
    """The widgets' palette of a scheme."""
    result, role = QPalette(colors.button, colors.window), QPalette.ColorRole
    for roles, color in (
        ((role.Window,), colors.window),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), colors.text),
        ((role.Base, role.ToolTipBase), colors.base),
        ((role.AlternateBase,), colors.alternate),
        ((role.Button,), colors.button),
        ((role.BrightText,), colors.bad),
        ((role.PlaceholderText,), colors.muted),
        ((role.Highlight, role.Accent, role.Link, role.LinkVisited), colors.accent),
        ((role.HighlightedText,), colors.on_accent),
        ((role.Mid,), colors.line),
    ):
        for each in roles:
            result.setColor(each, color)
    faint = QColor(colors.muted)
    faint.setAlphaF(0.6)
    disabled = QPalette.ColorGroup.Disabled
    for each in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(disabled, each, faint)
    result.setColor(disabled, role.Highlight, colors.frozen_fill)
    return result


def fixed_font() -> QFont:
    """The system's fixed-width font at the size of the application's text."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(QApplication.font().pointSizeF())
    return font


def scaled_font(percent: int, *, bold: bool = False) -> QFont:
    """The application's font at another size, such as 140 for a page's title."""
    font = QApplication.font()
    font.setPointSizeF(font.pointSizeF() * percent / 100)
    font.setBold(bold)
    return font
