"""The sample strip: what a run made of a few fixed validation inputs at each evaluation."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QSlider, QToolButton, QWidget

from app.models.run import RunPart
from app.pages.runs.run.view import RunsView
from app.qt.boxes import combo_box, stack, vbox
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
NO_ANSWER = "(no answer)"
ALL_INPUTS = "All inputs, one step"
STEP_COLUMN_PX, SLIDER_CHARS = 80, 20


class SamplesPane(QWidget):
    """A slider over the evaluations; or, for one input, all of its outputs one under another."""

    def __init__(self, view: RunsView, theme: Theme) -> None:
        super().__init__()
        self._view, self._theme = view, theme
        self._samples: list[SamplesTaken] = []
        self._follows = True
        self._shown = ""
        self.input = combo_box("Input", chars=18)
        self.input.currentIndexChanged.connect(lambda _index: self._draw())
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
        nothing = EmptyState(
            theme,
            "No samples yet",
            "At each evaluation of the run the outputs for a few validation inputs appear here, "
            "step by step.",
            icon="activity",
        )
        self._stack = stack(nothing, self._make_strip())
        vbox(self._stack, parent=self)
        view.current_changed.connect(self._show_current)
        view.updated.connect(self._on_updated)
        theme.changed.connect(self._draw)
        self._show_current()

    def _make_strip(self) -> QWidget:
        strip = QWidget()
        before = self._arrow("chevron-left", "Previous evaluation", -1)
        after = self._arrow("chevron-right", "Next evaluation", 1)
        row = FlowLayout(self.input, before, self.slider, after, self.step)
        row.setContentsMargins(SPACE_S, SPACE_XS, SPACE_S, 0)
        vbox(row, (self.text, 1), parent=strip, spacing=SPACE_XS)
        return strip

    def _arrow(self, icon: str, tip: str, by: int) -> QToolButton:
        slider = self.slider
        return flat_button(icon, tip, lambda: slider.setValue(slider.value() + by))

    def _show_current(self) -> None:
        self._follows = True
        self._on_updated(RunPart.EVALUATIONS)

    def _on_updated(self, part: RunPart) -> None:
        if part is not RunPart.EVALUATIONS:
            return
        run = self._view.current
        self._samples = [item for item in run.samples if item.samples] if run is not None else []
        self._stack.setCurrentIndex(1 if self._samples else 0)
        if not self._samples:
            return
        with QSignalBlocker(self.slider), QSignalBlocker(self.input):
            self.slider.setRange(0, len(self._samples) - 1)
            if self._follows:
                self.slider.setValue(self.slider.maximum())
            chosen = self.input.currentIndex()
            self.input.clear()
            self.input.addItem(ALL_INPUTS)
            for number, sample in enumerate(self._samples[-1].samples, start=1):
                self.input.addItem(f"Input {number}, all steps: {sample.input}")
            self.input.setCurrentIndex(max(0, min(chosen, self.input.count() - 1)))
        self._draw()

    def _on_slid(self, index: int) -> None:
        self._follows = index == self.slider.maximum()
        self._draw()

    def _draw(self) -> None:
        count = len(self._samples)
        if not count:
            return
        number = self.input.currentIndex() - 1
        self.slider.setEnabled(number < 0 and count > 1)
        if number >= 0:
            self.step.setText(f"{count} evaluations")
            page = self._all_steps(number)
        else:
            self.step.setText(f"step {self._samples[self.slider.value()].step:,}")
            page = self._all_inputs(self.slider.value())
        if page != self._shown:
            self._shown = page
            bar = self.text.verticalScrollBar()
            at = bar.value()
            self.text.setHtml(page)
            bar.setValue(at)

    def _all_inputs(self, index: int) -> str:
        """All inputs at one evaluation, with the changes since the one before."""
        before = _by_id(self._samples[index - 1]) if index > 0 else {}
        now = self._samples[index]
        titles = ("Input", "References", f"Output at step {now.step:,}")
        rows = [_head(titles, ("28%", "34%", "38%"))]
        for sample in now.samples:
            output = self._output(sample, before.get(sample.example_id))
            rows.append(self._row(self._muted(sample.input), _references(sample), output))
        return _table(rows)

    def _all_steps(self, number: int) -> str:
        """One input at all evaluations, each with the changes since the one before."""
        sample = self._samples[-1].samples[number]
        rows = [_head(("Step", "Output"), (str(STEP_COLUMN_PX), ""))]
        before: Sample | None = None
        for evaluation in self._samples:
            now = _by_id(evaluation).get(sample.example_id)
            if now is not None:
                rows.append(self._row(f"{evaluation.step:,}", self._output(now, before)))
                before = now
        intro = f"<p>{self._muted(sample.input)}</p><p>{_references(sample)}</p><br>"
        return intro + _table(rows)

    def _output(self, sample: Sample, before: Sample | None) -> str:
        if not sample.output:
            return self._muted("(nothing)" if any(sample.references) else NO_ANSWER)
        if before is None:
            return markup(sample.output)
        pieces = word_diff(sample.output, before.output)
        return diff_html(pieces, self._theme.colors, CHANGES)

    def _muted(self, text: str) -> str:
        return f'<span style="color:{self._theme.colors.muted.name()}">{markup(text)}</span>'

    def _row(self, *cells: str) -> str:
        line = self._theme.colors.line.name()
        style = f"border-top:1px solid {line}; padding:5px 12px 5px 2px;"
        return "<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"


def _head(titles: tuple[str, ...], widths: tuple[str, ...]) -> str:
    cells = (
        f'<th align="left" width="{width}">{markup(title)}</th>'
        for title, width in zip(titles, widths, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _table(rows: list[str]) -> str:
    style = "border-collapse:collapse"
    return f'<table width="100%" cellspacing="0" style="{style}">{"".join(rows)}</table>'


def _references(sample: Sample) -> str:
    if sample.references == ("",):
        return NO_ANSWER
    if len(sample.references) == 1:
        return markup(sample.references[0])
    return "<br>".join(f"{n}. {markup(r)}" for n, r in enumerate(sample.references, start=1))


def _by_id(event: SamplesTaken) -> dict[str, Sample]:
    return {sample.example_id: sample for sample in event.samples}
