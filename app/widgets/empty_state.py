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
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label, MutedLabel

TEXT_WIDTH_CHARS = 62


class EmptyState(QWidget):
    """A title, one sentence and buttons, in the middle of the room there is."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        *,
        picture: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._picture = theme, picture
        self._icon = Label()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._icon.setVisible(bool(picture))
        self.title = Label(title)
        self.title.setFont(scaled_font(130, bold=True))
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title.setWordWrap(True)
        self.text = MutedLabel(theme, text)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setMaximumWidth(chars(TEXT_WIDTH_CHARS))
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
        self, text: str, slot: Callable[[], object], *, picture: str = "", primary: bool = False
    ) -> QPushButton:
        """Add a button; the primary one takes Enter."""
        button = QPushButton(caption(text))
        if picture:
            button.setIcon(icon(picture))
        button.setDefault(primary)
        button.setAutoDefault(True)
        button.clicked.connect(lambda _checked=False: slot())
        self._buttons.addWidget(button)
        return button

    def add_action(self, action: QAction, *, primary: bool = False) -> QPushButton:
        """Add a button that triggers an action of the registry and follows its state."""
        button = self.add_button(action.text().replace("&", ""), action.trigger, primary=primary)
        button.setIcon(action.icon())

        def follow() -> None:
            button.setEnabled(action.isEnabled())

        action.enabledChanged.connect(follow)
        follow()
        return button

    def _draw(self) -> None:
        self.text.setMaximumWidth(chars(TEXT_WIDTH_CHARS))
        if self._picture:
            picture = icon(self._picture, self._theme.colors.muted)
            self._icon.setPixmap(picture.pixmap(icon_size(300), self.devicePixelRatio()))
