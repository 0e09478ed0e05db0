"""The Activity button of the status bar and the list that it opens."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QProgressBar, QToolButton, QWidget

from app.assets import icon
from app.models.activities import ActivitiesModel, Activity
from app.qt.boxes import hbox, vbox
from app.qt.sizes import chars, room
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import ElidedLabel, MutedLabel
from app.words import amount, duration, progress

POPUP_WIDTH_CHARS = 58


class ActivityButton(QToolButton):
    """Says how many pieces of long work go on; a click opens or closes the list of them."""

    def __init__(self, theme: Theme, activities: ActivitiesModel) -> None:
        super().__init__()
        self._activities = activities
        self.setAutoRaise(True)
        self.setIcon(icon("activity"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.popup = ActivityPopup(theme, activities, self)
        self.clicked.connect(self.toggle)
        for signal in (activities.added, activities.removed):
            signal.connect(self._count)
        self._count()

    def toggle(self) -> None:
        """Open or close the list."""
        if self.popup.isVisible():
            self.popup.hide()
            return
        self.popup.fit()
        corner = self.mapToGlobal(QPoint(self.width(), 0))
        self.popup.move(corner - QPoint(self.popup.width(), self.popup.height() + SPACE_XS))
        self.popup.show()
        self.popup.setFocus()

    def _count(self) -> None:
        count = len(self._activities.activities)
        text = f"{count} running" if count else "Idle"
        self.setText(text)
        self.setAccessibleName(f"Activity: {text}")
        self.setToolTip("Running tasks, with progress and cancel")


class ActivityPopup(QFrame):
    """The list, with a row for each activity."""

    def __init__(self, theme: Theme, activities: ActivitiesModel, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName("Activity list")
        self._rows: dict[Activity, ActivityRow] = {}
        self._empty = MutedLabel(
            theme, "Nothing is running. Training, scoring, downloads and exports appear here."
        )
        self._layout = vbox(self._empty, parent=self, margins=SPACE_M, spacing=SPACE_M)
        activities.added.connect(self._add)
        activities.removed.connect(self._remove)

    def rows(self) -> list[ActivityRow]:
        """The rows, oldest first."""
        return list(self._rows.values())

    def fit(self) -> None:
        """Take the size that the rows need."""
        self.setFixedWidth(min(chars(POPUP_WIDTH_CHARS), room().width()))
        self.adjustSize()

    def _add(self, activity: Activity) -> None:
        self._rows[activity] = ActivityRow(self._theme, activity, self)
        self._layout.addWidget(self._rows[activity])
        self._empty.hide()
        self.fit()

    def _remove(self, activity: Activity) -> None:
        row = self._rows.pop(activity)
        row.hide()
        row.deleteLater()
        self._empty.setVisible(not self._rows)
        self.fit()


class ActivityRow(QWidget):
    """Title, bar, what and how long still, cancel."""

    def __init__(self, theme: Theme, activity: Activity, parent: QWidget) -> None:
        super().__init__(parent)
        self._activity = activity
        self.title = ElidedLabel(activity.title)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(f"Progress of {activity.title}")
        self.bar.setFixedHeight(SPACE_S)
        self.detail = MutedLabel(theme)
        self.detail.setWordWrap(False)
        self.cancel = flat_button("close", f"Cancel: {activity.title}", self._cancel)
        self.cancel.setVisible(activity.can_cancel)
        words = vbox(self.title, self.bar, self.detail, spacing=SPACE_XS)
        hbox((words, 1), (self.cancel, 0, Qt.AlignmentFlag.AlignVCenter), parent=self)
        activity.changed.connect(self._update)
        self._update()

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.detail.setText("stopping …")
        self._activity.cancel()

    def _update(self) -> None:
        show_progress(self.bar, self._activity)
        self.detail.setText(describe_progress(self._activity))


def show_progress(bar: QProgressBar, activity: Activity) -> None:
    """Set a bar from an activity; unknown totals make it move to and fro."""
    shown = activity.progress
    if shown is None or shown.total <= 0:
        bar.setRange(0, 0)
    else:
        bar.setRange(0, 1000)
        bar.setValue(min(1000, 1000 * shown.done // shown.total))


def describe_progress(activity: Activity) -> str:
    """Such as "training: 120 of 200 steps, 3 min 20 s left"."""
    shown = activity.progress
    if shown is None:
        return "waiting …"
    count = amount(shown.done, shown.unit) if shown.done else ""
    if shown.total > 0:
        count = progress(shown.done, shown.total, shown.unit)
    text = ": ".join(filter(None, (shown.text, count))) or "working …"
    if activity.remaining_s is not None:
        text += f", {duration(activity.remaining_s)} left"
    return text
