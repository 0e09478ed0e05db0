"""A short message that goes by itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QEnterEvent, QHideEvent

from app.shell.messages import Message
from app.theme import Theme
from app.widgets.info_bar import InfoBar, Tone

SHOWN_MS = 8000
"""Long enough to read a line and reach its button."""


class Toast(InfoBar):
    """Shows a `Message`; stays while the pointer or the focus is on it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._expires = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MS)
        self._timer.timeout.connect(self._go)

    def post(self, message: Message) -> None:
        """Show this message in place of the one before."""
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

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while it is read."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go a while later."""
        if self.isVisible():
            self._timer.start()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Wait for nothing more."""
        self._timer.stop()
        super().hideEvent(event)

    def _go(self) -> None:
        focus = self.focusWidget()
        if focus is not None and focus.hasFocus():
            self._timer.start()
        else:
            self.hide()
