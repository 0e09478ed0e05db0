"""What a page or pane shows while there is nothing to show: what to do next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget

from app.assets import icon
from app.qt.boxes import Gap, hbox, vbox
from app.qt.plain_text import caption
from app.qt.sizes import chars, icon_size, set_minimum_chars
from app.theme import SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.buttons import push_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label, MutedLabel, WrappedLabel

TEXT_WIDTH_CHARS = 62


class EmptyState(QWidget):
    """A title, one sentence and buttons, in the middle of the room there is."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        *,
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icon_name = theme, icon
        self._icon, self.title, self.text = Label(), WrappedLabel(title), MutedLabel(theme, text)
        for label in (self._icon, self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        if not icon:  # shown before it stands in the layout, it would be a window of its own
            self._icon.hide()
        self.title.setFont(scaled_font(130, bold=True))
        set_minimum_chars(self.text, TEXT_WIDTH_CHARS / 2)
        self._buttons = FlowLayout(centred=True)
        vbox(
            2,
            self._icon,
            self.title,
            hbox(1, (self.text, 10), 1),
            Gap(SPACE_S),
            self._buttons,
            3,
            parent=self,
            margins=None,
            spacing=SPACE_M,
        )
        theme.changed.connect(self._draw)
        self._draw()

    def add_button(
        self, text: str, slot: Callable[[], object], *, icon: str = "", primary: bool = False
    ) -> QPushButton:
        """Add a button; the primary one takes Enter."""
        button = push_button(caption(text), lambda: slot(), icon=icon)
        button.setDefault(primary)
        button.setAutoDefault(True)
        self._buttons.addWidget(button)
        return button

    def add_action(self, action: QAction, *, primary: bool = False) -> QPushButton:
        """Add a button that triggers an action of the registry and follows its state."""
        button = self.add_button(action.text().replace("&", ""), action.trigger, primary=primary)
        button.setIcon(action.icon())
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button

    def _draw(self) -> None:
        self.text.setMaximumWidth(chars(TEXT_WIDTH_CHARS))
        if self._icon_name:
            muted = icon(self._icon_name, self._theme.colors.muted)
            self._icon.setPixmap(muted.pixmap(icon_size(300), self.devicePixelRatio()))
