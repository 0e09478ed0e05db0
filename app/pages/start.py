"""The Start page: begin with a table, or go on with a recent project."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QSizePolicy

from app.assets import application_icon
from app.pages.recent import RecentList
from app.qt.boxes import Gap, hbox, vbox
from app.qt.sizes import chars, icon_size, row_height
from app.shell.page import Page
from app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL, scaled_font
from app.widgets.labels import Label, MutedLabel, SectionHeader, WrappedLabel

WELCOME = (
    "Drop a table with texts anywhere on this window. See what the model will see, train a prefix "
    "and a fine-tuning baseline of the same language model, watch both learn, and read their "
    "outputs side by side. The prefix is a small file of its own."
)
DROP = "or drop a table, a project or a prefix anywhere"
BESIDE_CHARS = 100
"""The page's width from which its two columns have room beside each other."""
BUTTONS = (
    "project.new_from_table", "project.sample", "project.example", "project.open", "project.new"
)  # fmt: skip


class StartPage(Page):
    """What to do first at the left, recent projects at the right."""

    def build(self) -> Iterable[None]:
        """Make the page."""
        context = self.context
        logo, name = Label(), WrappedLabel("Prefix Workbench")
        logo.setPixmap(application_icon().pixmap(icon_size(275), self.devicePixelRatio()))
        name.setFont(scaled_font(180, bold=True))
        self.buttons = {ident: self._button(ident) for ident in BUTTONS}
        # The whole window accepts what is dropped; this says so.
        self.drop_zone = MutedLabel(context.theme, DROP)
        self.drop_zone.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.drop_zone.setMargin(SPACE_M)
        self.drop_zone.setStyleSheet("border: 2px dashed palette(mid); border-radius: 8px;")
        self.drop_zone.setMaximumHeight(8 * SPACE_L)
        self.drop_zone.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        left = vbox(
            hbox(logo, (name, 1), spacing=SPACE_M),
            Gap(SPACE_S),
            MutedLabel(context.theme, WELCOME),
            Gap(SPACE_M),
            *self.buttons.values(),
            Gap(SPACE_M),
            (self.drop_zone, 1),
            1,
            spacing=SPACE_S,
        )
        self.recent = RecentList(context)
        right = vbox(SectionHeader("Recent projects"), (self.recent, 1), spacing=SPACE_S)
        columns = self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        columns.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_L)
        columns.addLayout(left, 2)
        columns.addLayout(right, 3)
        self._arrange()
        return ()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put recent projects below where there is no room beside."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Do the same at another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        narrow = self.width() < chars(BESIDE_CHARS)
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)
        self._columns.setSpacing(SPACE_L if narrow else 2 * SPACE_XL)
        self.recent.setMinimumHeight(6 * row_height() if narrow else 0)
        self.drop_zone.setVisible(not narrow)

    def _button(self, ident: str) -> QPushButton:
        action = self.context.actions.get(ident)
        button = QPushButton(action.icon(), f"  {action.text().replace('&', '')}")
        button.setStyleSheet("text-align: left; padding: 6px 8px;")
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button
