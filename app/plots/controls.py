"""The row of controls above the plots; they write to the view and listen to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QSlider, QTabBar, QToolButton, QWidget

from app.plots.lines import AXIS_TITLES, INFO, Quantity
from app.plots.plot_view import PlotView
from app.plots.series import Axis
from app.qt.boxes import combo_box, vbox
from app.theme import SPACE_XS
from app.widgets.buttons import flat_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label

AXIS_CHARS = 8
_TABS: tuple[Quantity | None, ...] = (*Quantity, None)
_AXES = tuple(Axis)


class PlotControls(QWidget):
    """Quantity, horizontal axis, smoothing, log, follow, numbers, export.

    Signals:
        export_asked: "png", "svg" or "table".
    """

    export_asked = Signal(str)

    def __init__(self, view: PlotView) -> None:
        super().__init__()
        self._view = view
        self._tabs = self._make_tabs()
        self._axis = self._make_axis()
        self._smooth = self._make_slider()
        self._smooth_label = Label()
        self._smooth_label.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00"))
        self._log = QCheckBox("Log")
        self._log.setToolTip("Logarithmic vertical axis, where it makes sense")
        self._log.toggled.connect(lambda ticked: view.choose(is_log=ticked))
        tip = "Show all data again and follow new points"
        self.follow_button = flat_button("refresh", tip, name="Follow")
        tip = "The plotted numbers as a table"
        self.numbers_button = flat_button("new-table", tip, name="Numbers")
        self.numbers_button.setCheckable(True)
        smooth = Label("Smooth")
        smooth.setBuddy(self._smooth)
        smoothing = (smooth, self._smooth, self._smooth_label)
        buttons = (self.follow_button, self.numbers_button, self._make_export())
        row = FlowLayout(self._axis, *smoothing, self._log, *buttons)
        row.setContentsMargins(SPACE_XS, 0, SPACE_XS, 0)
        vbox(self._tabs, row, parent=self, spacing=SPACE_XS)
        view.changed.connect(self._follow_view)
        self._follow_view()
        self.set_following(True)

    def set_following(self, following: bool) -> None:
        """Offer to follow again where a plot does not."""
        self.follow_button.setEnabled(not following)

    def _make_tabs(self) -> QTabBar:
        tabs = QTabBar()
        tabs.setAccessibleName("What is plotted")
        tabs.setExpanding(False)
        tabs.setDrawBase(False)
        tabs.setUsesScrollButtons(True)
        tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for quantity in _TABS:
            tabs.addTab("All" if quantity is None else INFO[quantity].title)
        tabs.currentChanged.connect(lambda index: self._view.choose(quantity=_TABS[index]))
        return tabs

    def _make_axis(self) -> QComboBox:
        box = combo_box("Horizontal axis", chars=AXIS_CHARS, tip="Unit of the horizontal axis")
        box.addItems([AXIS_TITLES[axis] for axis in _AXES])
        box.currentIndexChanged.connect(lambda index: self._view.choose(axis=_AXES[index]))
        return box

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, 99)
        slider.setAccessibleName("Smoothing")
        slider.setToolTip(
            "Weight of the past in the strong line (exponential moving average); the raw "
            "line stays behind it"
        )
        slider.setMinimumWidth(40)
        slider.setMaximumWidth(140)
        slider.valueChanged.connect(lambda percent: self._view.choose(percent=percent))
        return slider

    def _make_export(self) -> QToolButton:
        menu = QMenu(self)
        for kind, words in (
            ("png", "Image as PNG…"),
            ("svg", "Image as SVG…"),
            ("table", "Data of the shown runs, as .xlsx or CSV…"),
        ):
            action = menu.addAction(words)
            action.triggered.connect(lambda _checked=False, kind=kind: self.export_asked.emit(kind))
        return flat_button("export", "Save what is plotted", name="Export", menu=menu)

    def _follow_view(self) -> None:
        choice = self._view.choice
        info = INFO[choice.quantity] if choice.quantity is not None else None
        self._tabs.setCurrentIndex(_TABS.index(choice.quantity))
        self._axis.setCurrentIndex(_AXES.index(choice.axis))
        self._smooth.setValue(choice.percent)
        self._smooth_label.setText(f"{choice.percent / 100:.2f}")
        self._smooth.setEnabled(info is None or info.smoothed)
        self._log.setChecked(choice.is_log)
        self._log.setEnabled(info is None or info.can_log)
