"""The row of controls above the plots; they write to the view and listen to it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QMenu,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)

from app.plots.lines import AXIS_TITLES, INFO, Quantity
from app.plots.plot_view import PlotView
from app.plots.series import Axis
from app.qt.boxes import combo_box, vbox
from app.settings import Settings
from app.theme import SPACE_XS, Theme
from app.widgets.buttons import flat_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label

_STEPS = 100
AXIS_CHARS = 8
_TABS: tuple[Quantity | None, ...] = (*Quantity, None)


class PlotControls(QWidget):
    """Quantity, horizontal axis, smoothing, log, follow, numbers, export.

    The choices are remembered in the settings.

    Signals:
        numbers_toggled: whether the table stands in place of the plots.
        follow_asked: the user wants to see all of the data again.
        export_asked: "png", "svg" or "table".
    """

    numbers_toggled = Signal(bool)
    follow_asked = Signal()
    export_asked = Signal(str)

    def __init__(self, view: PlotView, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._view = view
        self._settings = settings
        self._recall()
        self._tabs = self._make_tabs()
        self._axis = self._make_axis()
        self._smooth, self._smooth_label = self._make_smoothing()
        self._log = QCheckBox("Log")
        self._log.setToolTip("Logarithmic vertical axis, where it makes sense")
        self._log.toggled.connect(view.set_log)
        self.follow_button = flat_button(
            "refresh", text="Follow", tip="Show all data again and follow new points"
        )
        self.follow_button.clicked.connect(self.follow_asked)
        self.follow_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.numbers_button = flat_button(
            "new-table", text="Numbers", tip="The plotted numbers as a table"
        )
        self.numbers_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.numbers_button.setCheckable(True)
        self.numbers_button.toggled.connect(self.numbers_toggled)
        self._lay_out(self._make_export())
        view.changed.connect(self._follow_view)
        self._follow_view()
        self.set_following(True)

    def set_following(self, following: bool) -> None:
        """Offer to follow again where a plot does not."""
        self.follow_button.setEnabled(not following)

    def _recall(self) -> None:
        name = self._settings.choice("plots/axis", Axis.STEP.value)
        self._view.axis = next((axis for axis in Axis if axis.value == name), Axis.STEP)
        text = self._settings.choice("plots/smoothing", "80")
        percent = int(text) if text.isdigit() else 80
        self._view.weight = min(percent, _STEPS - 1) / _STEPS
        self._view.is_log = self._settings.choice("plots/log") == "yes"

    def _make_tabs(self) -> QTabBar:
        tabs = QTabBar()
        tabs.setAccessibleName("What is plotted")
        tabs.setExpanding(False)
        tabs.setDrawBase(False)
        tabs.setUsesScrollButtons(True)
        tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for quantity in _TABS:
            tabs.addTab("All" if quantity is None else INFO[quantity].title)
        tabs.currentChanged.connect(lambda place: self._view.set_quantity(_TABS[place]))
        return tabs

    def _make_axis(self) -> QComboBox:
        axis = combo_box("Horizontal axis", chars=AXIS_CHARS, tip="Unit of the horizontal axis")
        for member in Axis:
            axis.addItem(AXIS_TITLES[member], member)
        axis.currentIndexChanged.connect(lambda place: self._view.set_axis(list(Axis)[place]))
        return axis

    def _make_smoothing(self) -> tuple[QSlider, Label]:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, _STEPS - 1)
        slider.setAccessibleName("Smoothing")
        slider.setToolTip(
            "Weight of the past in the strong line (exponential moving average); the raw "
            "line stays behind it"
        )
        slider.setMinimumWidth(40)
        slider.setMaximumWidth(140)
        slider.valueChanged.connect(lambda value: self._view.set_weight(value / _STEPS))
        label = Label()
        label.setMinimumWidth(label.fontMetrics().horizontalAdvance("0.00"))
        return slider, label

    def _make_export(self) -> QToolButton:
        button = flat_button("export", text="Export", tip="Save what is plotted")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for kind, words in (
            ("png", "Picture as PNG…"),
            ("svg", "Picture as SVG…"),
            ("table", "Data of the shown runs, as .xlsx or CSV…"),
        ):
            action = menu.addAction(words)
            action.triggered.connect(lambda _checked=False, kind=kind: self.export_asked.emit(kind))
        button.setMenu(menu)
        return button

    def _lay_out(self, export: QToolButton) -> None:
        smooth = Label("Smooth")
        smooth.setBuddy(self._smooth)
        smoothing = (smooth, self._smooth, self._smooth_label)
        buttons = (self.follow_button, self.numbers_button, export)
        row = FlowLayout(self._axis, *smoothing, self._log, *buttons)
        row.setContentsMargins(SPACE_XS, 0, SPACE_XS, 0)
        vbox(self._tabs, row, parent=self, spacing=SPACE_XS)

    def _follow_view(self) -> None:
        view = self._view
        widgets = (self._tabs, self._axis, self._smooth, self._log)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self._tabs.setCurrentIndex(_TABS.index(view.quantity))
        self._axis.setCurrentIndex(list(Axis).index(view.axis))
        self._smooth.setValue(round(view.weight * _STEPS))
        self._smooth_label.setText(f"{view.weight:.2f}")
        self._log.setChecked(view.is_log)
        self._log.setEnabled(view.quantity is None or INFO[view.quantity].can_log)
        smoothed = view.quantity is None or INFO[view.quantity].smoothed
        self._smooth.setEnabled(smoothed)
        for blocker in blockers:
            blocker.unblock()
        self._settings.set_choice("plots/axis", view.axis.value)
        self._settings.set_choice("plots/smoothing", str(round(view.weight * _STEPS)))
        self._settings.set_choice("plots/log", "yes" if view.is_log else "no")
