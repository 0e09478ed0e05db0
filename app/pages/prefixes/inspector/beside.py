"""Two prefixes beside each other: norms and cosines by layer, and their positions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.context import AppContext
from app.pages.prefixes.inspector.choice import other_prefixes, same_backbone
from app.pages.prefixes.inspector.plots import KEYS, SIGNS, VALUES, InspectorPlot, color_of
from app.pages.prefixes.library import LibraryRow, PrefixLibrary
from app.qt.boxes import fill_grid, hbox, vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_M, SPACE_S, RunStyle
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import ElidedLabel, MutedLabel, WrappedLabel
from app.widgets.swatch import Swatch
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.prefixes import ComparePrefixes, PrefixComparison


class BesideTab(QWidget):
    """Compares a prefix with another that is chosen here.

    Attributes:
        other: the box with the others.
        summary: the comparison in a sentence.
    """

    def __init__(self, context: AppContext, row: LibraryRow, library: PrefixLibrary) -> None:
        super().__init__()
        theme = context.theme
        self._path = row.path
        self.other = other_prefixes(library, row, same_backbone)
        self.summary = WrappedLabel()
        self._bar = InfoBar(theme)
        self._names = ElidedLabel(), ElidedLabel()
        self._legend = MutedLabel(theme, "")
        self._legend.setWordWrap(True)
        self.norms = InspectorPlot(theme, "Length of a position's vector", "mean norm", "layer")
        self.cosines = InspectorPlot(theme, "How alike the two are", "cosine", "layer")
        self.keys = InspectorPlot(theme, "Keys, by position", "second component", "first component")
        self.values = InspectorPlot(
            theme, "Values, by position", "second component", "first component"
        )
        grid = QGridLayout()
        fill_grid(grid, (self.norms, self.cosines, self.keys, self.values), 2)
        label = QLabel("&Compare with:")
        label.setBuddy(self.other)
        swatches = [Swatch(RunStyle(color_of(prefix), KEYS)) for prefix in (0, 1)]
        legend = hbox(
            swatches[0], (self._names[0], 1), swatches[1], (self._names[1], 1), spacing=SPACE_S
        )
        vbox(
            hbox(label, self.other, 1, spacing=SPACE_S),
            self._bar,
            self.summary,
            legend,
            self._legend,
            (grid, 1),
            parent=self,
            margins=SPACE_M,
            spacing=SPACE_S,
        )
        self._request = LatestRequest(context.model_client, self)
        self._request.answered.connect(self._show)
        self._request.failed.connect(self._fail)
        self.other.currentIndexChanged.connect(self._ask)
        self._ask()

    def stop(self) -> None:
        """Drop what is asked."""
        self._request.drop()

    def _ask(self) -> None:
        other = self.other.currentData()
        if other is None:
            self.summary.setText("There is no other prefix of this backbone to compare with.")
            return
        self.summary.setText("Comparing…")
        self._request.ask(ComparePrefixes(str(self._path), str(other)))

    def _fail(self, failure: Failure) -> None:
        self.summary.setText("")
        self._bar.show_message(Tone.BAD, failure.message)

    def _show(self, reply: PrefixComparison) -> None:
        self._bar.hide()
        layers = reply.layers
        keys, values = (
            _mean([getattr(layer, f"{side}_cosine") for layer in layers])
            for side in ("key", "value")
        )
        self.summary.setText(
            f"Over {len(layers)} attentions the cosine of the keys is {keys:.3f} on average, that "
            f"of the values {values:.3f}."
        )
        for label, name in zip(self._names, reply.names, strict=True):
            label.set_full_text(name)
        self._legend.setText(
            "Whole lines: keys; dotted ones: values. The two components hold "
            f"{reply.explained[0]:.0%} of the keys' variance and {reply.explained[1]:.0%} of the "
            "values'; numbers are positions, words the vocabulary's nearest."
        )
        for plot in (self.norms, self.cosines, self.keys, self.values):
            plot.clear()
        for prefix in (0, 1):
            color = color_of(prefix)
            self.norms.draw_line([layer.key_norms[prefix] for layer in layers], color)
            self.norms.draw_line([layer.value_norms[prefix] for layer in layers], color, VALUES)
            points = [point for point in reply.points if point.prefix == prefix]
            texts = [point.word.strip() or str(point.position) for point in points]
            sign = SIGNS[prefix]
            self.keys.draw_points([point.key for point in points], color, texts, sign)
            self.values.draw_points([point.value for point in points], color, texts, sign)
        muted = color_of(2)
        self.cosines.draw_line([layer.key_cosine for layer in layers], muted)
        self.cosines.draw_line([layer.value_cosine for layer in layers], muted, VALUES)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
