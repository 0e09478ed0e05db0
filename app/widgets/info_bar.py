"""A message inside a page: what happened, and buttons that go on from there."""

from __future__ import annotations

import enum
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPalette
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from app.assets import icon
from app.qt.boxes import hbox
from app.qt.plain_text import caption
from app.qt.sizes import icon_size
from app.qt.timers import single_shot
from app.shell.messages import Message
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import flat_button, push_button
from app.widgets.labels import Label, WrappedLabel


class Tone(enum.Enum):
    """How loud a message is; the values name icons."""

    INFO = "info"
    GOOD = "check"
    WARNING = "warning"
    BAD = "error"


_COLORS = {
    Tone.INFO: ("accent", "Information"),
    Tone.GOOD: ("good", "Success"),
    Tone.WARNING: ("warning", "Warning"),
    Tone.BAD: ("bad", "Error"),
}


class InfoBar(QFrame):
    """A coloured line with an icon, a text and buttons; hidden until `show_message`.

    Attributes:
        buttons: of the message that is shown, in the order in which they were added.

    Signals:
        dismissed: the user closed it.
    """

    dismissed = Signal()

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, closable: bool = True
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.tone = Tone.INFO
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAutoFillBackground(True)
        self._sign = Label()
        self.label = WrappedLabel()
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.buttons: list[QPushButton] = []
        self.close_button = flat_button("close", "Close this message", self._dismiss)
        if not closable:
            self.close_button.hide()
        self._layout = hbox(
            self._sign,
            (self.label, 1),
            self.close_button,
            parent=self,
            margins=(SPACE_S, SPACE_XS, SPACE_XS, SPACE_XS),
            spacing=SPACE_S,
        )
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def show_message(self, tone: Tone, text: str) -> None:
        """Show `text` and drop the buttons of the message before."""
        for button in self.buttons:
            self._layout.removeWidget(button)
            button.deleteLater()
        self.buttons.clear()
        self.tone = tone
        self.label.setText(text)
        self.setAccessibleName(f"{_COLORS[tone][1]}: {text}")
        self._restyle()
        self.show()

    def add_button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        """Add a button to the message that is shown."""
        button = push_button(caption(text), lambda: slot())
        self._layout.insertWidget(self._layout.count() - 1, button)
        button.show()  # now rather than in a later turn, so that it may get the focus
        self.buttons.append(button)
        return button

    def _dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _restyle(self) -> None:
        color, colors = _COLORS[self.tone][0], self._theme.colors
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, getattr(colors, f"{color}_fill"))
        palette.setColor(QPalette.ColorRole.WindowText, colors.text)
        self.setPalette(palette)
        sign = icon(self.tone.value, getattr(colors, color))
        self._sign.setPixmap(sign.pixmap(icon_size(112), self.devicePixelRatio()))


SHOWN_MS = 8000
"""Long enough to read a line and reach its button."""


class Toast(InfoBar):
    """Shows a `Message`; stays while the pointer or the focus is on it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._expires = False
        self._timer = single_shot(self, SHOWN_MS, self._go)

    def post(self, message: Message) -> None:
        """Show this message instead of the one before."""
        self._expires = message.expires
        self.show_message(Tone.GOOD, message.text)
        action = message.action
        if action is not None:

            def act() -> None:
                self.hide()
                action()

            self.add_button(message.button, act)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self._timer.start()

    def expire(self) -> None:
        """Go, if the message was about a step that is no longer the latest."""
        if self._expires:
            self.hide()

    def _go(self) -> None:
        focus = self.focusWidget()
        if self.underMouse() or (focus is not None and focus.hasFocus()):
            self._timer.start()
        else:
            self.hide()
