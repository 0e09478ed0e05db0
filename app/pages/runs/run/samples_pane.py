"""The sample strip: what a run made of a few fixed validation inputs at each evaluation."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QSlider,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from app.models.run import RunModel
from app.pages.runs.run.view import RunsView
from app.qt.boxes import combo_box, vbox
from app.qt.plain_text import markup
from app.qt.sizes import set_minimum_chars
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.buttons import flat_button
from app.widgets.empty_state import EmptyState
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label
from app.widgets.text_view import TextView
from app.word_diff import WordState, diff_html, word_diff
from engine.contract.runs.events import Sample, SamplesTaken

CHANGES = {
    WordState.INSERTED: "font-weight:600;text-decoration:underline;background-color:{highlight}",
    WordState.MISSING: "text-decoration:line-through;color:{muted}",
}
ALL_INPUTS = "All inputs, one step"
STEP_COLUMN_PX, SLIDER_CHARS = 80, 20


class SamplesPane(QWidget):
    """A slider over the evaluations; or, for one input, all of its outputs one under another."""

    def __init__(self, view: RunsView, theme: Theme) -> None:
        super().__init__()
        self._view, self._theme = view, theme
        self._run: RunModel | None = None
        self._follows = True
        self._shown = ""
        self.input = combo_box("Input", chars=18)
        self.input.currentIndexChanged.connect(lambda _place: self._draw())
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Evaluation")
        self.slider.setToolTip("Which evaluation is shown; the arrow keys step through them")
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(1)
        set_minimum_chars(self.slider, SLIDER_CHARS)
        self.slider.valueChanged.connect(self._on_slid)
        self.step = Label()
        self.text = TextView("Outputs of the sampled inputs")
        self._stack = QStackedWidget()
        self._stack.addWidget(
            EmptyState(
                theme,
                "No samples yet",
                "A few validation inputs are decoded at each evaluation of the run; the outputs "
                "appear here, step by step.",
                picture="activity",
            )
        )
        self._stack.addWidget(self._make_strip())
        vbox(self._stack, parent=self)
        view.current_changed.connect(self._follow_run)
        theme.changed.connect(self._draw)
        self._follow_run()

    def _make_strip(self) -> QWidget:
        strip = QWidget()
        before = self._arrow("chevron-left", "Previous evaluation", -1)
        after = self._arrow("chevron-right", "Next evaluation", 1)
        row = FlowLayout(self.input, before, self.slider, after, self.step)
        row.setContentsMargins(SPACE_S, SPACE_XS, SPACE_S, 0)
        vbox(row, (self.text, 1), parent=strip, spacing=SPACE_XS)
        return strip

    def _arrow(self, picture: str, tip: str, by: int) -> QToolButton:
        slider = self.slider
        return flat_button(picture, tip, lambda: slider.setValue(slider.value() + by))

    def _follow_run(self) -> None:
        if self._run is not None:
            self._run.evaluated.disconnect(self._on_evaluated)
        self._run = self._view.current
        self._follows = True
        if self._run is not None:
            self._run.evaluated.connect(self._on_evaluated)
        self._on_evaluated()

    def _on_evaluated(self) -> None:
        taken = self._taken()
        self._stack.setCurrentIndex(1 if taken else 0)
        if not taken:
            return
        with QSignalBlocker(self.slider), QSignalBlocker(self.input):
            self.slider.setRange(0, len(taken) - 1)
            if self._follows:
                self.slider.setValue(len(taken) - 1)
            chosen = self.input.currentIndex()
            self.input.clear()
            self.input.addItem(ALL_INPUTS)
            for number, sample in enumerate(taken[-1].samples, start=1):
                self.input.addItem(f"Input {number}, all steps: {sample.input}")
            self.input.setCurrentIndex(max(0, min(chosen, self.input.count() - 1)))
        self._draw()

    def _taken(self) -> list[SamplesTaken]:
        return [taken for taken in self._run.samples if taken.samples] if self._run else []

    def _on_slid(self, place: int) -> None:
        self._follows = place == self.slider.maximum()
        self._draw()

    def _draw(self) -> None:
        taken = self._taken()
        if not taken:
            return
        place = min(self.slider.value(), len(taken) - 1)
        one_input = self.input.currentIndex() - 1
        self.slider.setEnabled(one_input < 0 and len(taken) > 1)
        if one_input >= 0:
            self.step.setText(f"{len(taken)} evaluations")
            page = self._film(taken, one_input)
        else:
            self.step.setText(f"step {taken[place].step:,}")
            page = self._still(taken, place)
        if page != self._shown:
            self._shown = page
            bar = self.text.verticalScrollBar()
            at = bar.value()
            self.text.setHtml(page)
            bar.setValue(at)

    def _still(self, taken: list[SamplesTaken], place: int) -> str:
        """All inputs at one evaluation, with the changes since the one before."""
        before = _by_id(taken[place - 1]) if place > 0 else {}
        titles = ("Input", "References", f"Output at step {taken[place].step:,}")
        rows = [self._head(titles, ("28%", "34%", "38%"))]
        for sample in taken[place].samples:
            output = self._output(sample, before.get(sample.example_id))
            rows.append(self._row(self._muted(sample.input), _references(sample), output))
        return _table(rows)

    def _film(self, taken: list[SamplesTaken], number: int) -> str:
        """One input at all evaluations, each with the changes since the one before."""
        sample = taken[-1].samples[number]
        rows = [self._head(("Step", "Output"), (str(STEP_COLUMN_PX), ""))]
        before: Sample | None = None
        for moment in taken:
            now = _by_id(moment).get(sample.example_id)
            if now is not None:
                rows.append(self._row(f"{moment.step:,}", self._output(now, before)))
                before = now
        intro = f"<p>{self._muted(sample.input)}</p><p>{_references(sample)}</p><br>"
        return intro + _table(rows)

    def _output(self, sample: Sample, before: Sample | None) -> str:
        if before is None:
            return markup(sample.output) or self._muted("(nothing)")
        if not sample.output:
            return self._muted("(nothing)")
        pieces = word_diff(sample.output, before.output)
        return diff_html(pieces, self._theme.colors, CHANGES)

    def _muted(self, text: str) -> str:
        return f'<span style="color:{self._theme.colors.muted.name()}">{markup(text)}</span>'

    def _head(self, titles: tuple[str, ...], widths: tuple[str, ...]) -> str:
        cells = (
            f'<th align="left" width="{width}">{markup(title)}</th>'
            for title, width in zip(titles, widths, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    def _row(self, *cells: str) -> str:
        line = self._theme.colors.line.name()
        style = f"border-top:1px solid {line}; padding:5px 12px 5px 2px;"
        return "<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"


def _table(rows: list[str]) -> str:
    return (
        '<table width="100%" cellspacing="0" style="border-collapse:collapse">'
        f"{''.join(rows)}</table>"
    )


def _references(sample: Sample) -> str:
    if len(sample.references) == 1:
        return markup(sample.references[0])
    return "<br>".join(f"{n}. {markup(r)}" for n, r in enumerate(sample.references, start=1))


def _by_id(taken: SamplesTaken) -> dict[str, Sample]:
    return {sample.example_id: sample for sample in taken.samples}
