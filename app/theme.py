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


class Scheme(enum.Enum):
    """Which colours the window has."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colors:
    """Named colours of one scheme. Text colours have a contrast of 4.5 or more on `base`.

    Attributes:
        trainable, frozen: what training moves and what it leaves alone, everywhere the same.
        good, warning, bad: states, never without a word or a sign beside them.
        *_fill: the same as a background for text.
        highlight: background of a search hit or a marked word.
    """

    window: QColor
    sidebar: QColor
    base: QColor
    alternate: QColor
    text: QColor
    muted: QColor
    line: QColor
    grid: QColor
    accent: QColor
    on_accent: QColor
    accent_fill: QColor
    button: QColor
    trainable: QColor
    trainable_fill: QColor
    frozen: QColor
    frozen_fill: QColor
    good: QColor
    good_fill: QColor
    warning: QColor
    warning_fill: QColor
    bad: QColor
    bad_fill: QColor
    highlight: QColor


LIGHT = Colors(
    window=QColor("#f4f4f2"),
    sidebar=QColor("#eaeae7"),
    base=QColor("#ffffff"),
    alternate=QColor("#f8f8f6"),
    text=QColor("#1d2024"),
    muted=QColor("#5f656d"),
    line=QColor("#d3d4d1"),
    grid=QColor("#e2e3e0"),
    accent=QColor("#1f66ad"),
    on_accent=QColor("#ffffff"),
    accent_fill=QColor("#dbe8f5"),
    button=QColor("#fbfbfa"),
    trainable=QColor("#a34905"),
    trainable_fill=QColor("#fbe6d3"),
    frozen=QColor("#56687d"),
    frozen_fill=QColor("#e3e8ee"),
    good=QColor("#22703f"),
    good_fill=QColor("#dcefe1"),
    warning=QColor("#8a5c00"),
    warning_fill=QColor("#faeccb"),
    bad=QColor("#b3291f"),
    bad_fill=QColor("#f9e0dd"),
    highlight=QColor("#fff0a8"),
)

DARK = Colors(
    window=QColor("#27292e"),
    sidebar=QColor("#1f2125"),
    base=QColor("#17191c"),
    alternate=QColor("#1c1e22"),
    text=QColor("#e3e5e8"),
    muted=QColor("#9ca3ab"),
    line=QColor("#454950"),
    grid=QColor("#33363c"),
    accent=QColor("#6fb0ee"),
    on_accent=QColor("#0d1a27"),
    accent_fill=QColor("#27405a"),
    button=QColor("#34373d"),
    trainable=QColor("#f2a565"),
    trainable_fill=QColor("#4a3320"),
    frozen=QColor("#9fb2c8"),
    frozen_fill=QColor("#2f3944"),
    good=QColor("#73c490"),
    good_fill=QColor("#21402d"),
    warning=QColor("#e3b457"),
    warning_fill=QColor("#453716"),
    bad=QColor("#f2938a"),
    bad_fill=QColor("#4d2724"),
    highlight=QColor("#5c5018"),
)

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

_LINE_STYLES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)


@dataclass(frozen=True)
class RunLook:
    """How a run is drawn everywhere: a colour and a line style, so never by colour alone."""

    color: QColor
    style: Qt.PenStyle


def run_look(index: int) -> RunLook:
    """The look of the run that was made as number `index` (from 0) of its project."""
    return RunLook(RUN_COLORS[index % len(RUN_COLORS)], _LINE_STYLES[index % len(_LINE_STYLES)])


class Theme(QObject):
    """The application's colours and fonts; widgets that paint themselves listen to `changed`.

    Attributes:
        colors: of the scheme in force.
        is_dark: whether that is the dark one.

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
        self.is_dark = False
        self.colors = LIGHT
        if application.property("_workbench_point_size") is None:
            application.setProperty("_workbench_point_size", application.font().pointSizeF())
        self._point_size = float(application.property("_workbench_point_size"))
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
        font.setPointSizeF(self._point_size * percent / 100)
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
        self.is_dark, self.colors = dark, DARK if dark else LIGHT
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
    result = QPalette(colors.button, colors.window)
    roles = {
        QPalette.ColorRole.Window: colors.window,
        QPalette.ColorRole.WindowText: colors.text,
        QPalette.ColorRole.Base: colors.base,
        QPalette.ColorRole.AlternateBase: colors.alternate,
        QPalette.ColorRole.Text: colors.text,
        QPalette.ColorRole.Button: colors.button,
        QPalette.ColorRole.ButtonText: colors.text,
        QPalette.ColorRole.BrightText: colors.bad,
        QPalette.ColorRole.PlaceholderText: colors.muted,
        QPalette.ColorRole.Highlight: colors.accent,
        QPalette.ColorRole.HighlightedText: colors.on_accent,
        QPalette.ColorRole.Accent: colors.accent,
        QPalette.ColorRole.Link: colors.accent,
        QPalette.ColorRole.LinkVisited: colors.accent,
        QPalette.ColorRole.ToolTipBase: colors.base,
        QPalette.ColorRole.ToolTipText: colors.text,
        QPalette.ColorRole.Mid: colors.line,
    }
    for role, color in roles.items():
        result.setColor(role, color)
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        faint = QColor(colors.muted)
        faint.setAlphaF(0.6)
        result.setColor(QPalette.ColorGroup.Disabled, role, faint)
    result.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, colors.frozen_fill)
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
