"""How an example of each task is shown: what was given, and what a system predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.answer_marks import (
    answer_html,
    label_html,
    probabilities_html,
    stretch_in,
    stretches_html,
    tags_html,
)
from app.pages.compare.comparison import Example
from app.pages.compare.systems.systems import letter
from app.qt.plain_text import markup
from app.theme import Colors
from engine.contract.runs.answers import right_answers, right_tags
from engine.contract.runs.confusion import PARTLY, RIGHT, pairs_of
from engine.contract.specs.answer import AnswerKind


@dataclass(frozen=True)
class Showing:
    """One task's.

    Attributes:
        titles: headings of the cards that stand beside those of the systems.
        given: their contents as HTML, in the same order.
        predicted: what the system with this index predicts, as HTML.
        group: what the confusion's groups are called.
    """

    titles: tuple[str, ...]
    given: Callable[[Example, Colors], Sequence[str]]
    predicted: Callable[[Example, int, Colors], str]
    group: str = ""


def _label_given(example: Example, colors: Colors) -> Sequence[str]:
    right = "".join(f"<p><b>{markup(text)}</b></p>" for text in example.references)
    return _fields(example, colors), right or "There is no label."


def _label_predicted(example: Example, index: int, colors: Colors) -> str:
    label = label_html(example.outputs[index], example.references, colors)
    bars = probabilities_html(example.probabilities[index], colors)
    return f"<p>{label}</p>{bars}"


def _tags_given(example: Example, colors: Colors) -> Sequence[str]:
    words = example.input.split()
    rows = [f"<p>{tags_html(words, text.split(), colors)}</p>" for text in example.references]
    return ("".join(rows) or markup(example.input),)


def _tags_predicted(example: Example, index: int, colors: Colors) -> str:
    tags = example.outputs[index].split()
    references = [text for text in example.references if text.strip()]
    right = right_tags(tags, references) if references else None
    return tags_html(example.input.split(), tags, colors, right=right)


def _span_given(example: Example, colors: Colors) -> Sequence[str]:
    answers = [text for text in right_answers(example.references) if text]
    source, others = _source(example, answers)
    right = [stretch_in(source, text, "right", is_right=True) for text in dict.fromkeys(answers)]
    before = max(example.input.rfind(source), 0)
    starts = example.starts or (-1,) * len(example.outputs)
    by_output: dict[tuple[str, int], list[str]] = {}
    for index, output in enumerate(zip(example.outputs, starts, strict=True)):
        by_output.setdefault(output, []).append(letter(index))
    said = [
        stretch_in(source, text, ",".join(by), start=start - before)
        for (text, start), by in by_output.items()
    ]
    marked = stretches_html(source, [s for s in (*right, *said) if s is not None], colors)
    listed = "".join(f"<p>{answer_html(text, None, colors)}</p>" for text in answers)
    question = "".join(_part(name, value, colors) for name, value in others)
    return question or "(none)", listed or "<i>no answer</i>", marked


def _span_predicted(example: Example, index: int, colors: Colors) -> str:
    output = example.outputs[index]
    pairs = pairs_of(AnswerKind.SPAN, output, example.references)
    if not pairs:
        return answer_html(output, None, colors)
    gold, said = pairs[0]
    is_right = gold == said or said == RIGHT
    return answer_html(output, is_right, colors, partly=said == PARTLY)


def _source(example: Example, answers: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """The text that the answer is in, and the other parts of the input."""
    parts = list(example.fields)
    if rest := _behind_fields(example):
        parts.append(("", rest))
    said = [text for text in (*answers, *example.outputs) if text.strip()]

    def fitness(index: int) -> tuple[int, int]:
        text = parts[index][1]
        return sum(answer in text for answer in said), len(text)

    best = max(range(len(parts)), key=fitness, default=-1)
    if best < 0:
        return example.input, []
    return parts[best][1], [part for index, part in enumerate(parts) if index != best]


def _behind_fields(example: Example) -> str:
    """What of the input comes after its fields: the source is no field."""
    start = 0
    for _, value in example.fields:
        index = example.input.find(value, start)
        start = index + len(value) if index >= 0 else start
    return example.input[start:].strip(" |\n")


def _fields(example: Example, colors: Colors) -> str:
    if not example.fields:
        return markup(example.input)
    return "".join(_part(name, value, colors) for name, value in example.fields)


def _part(name: str, value: str, colors: Colors) -> str:
    head = f'<small style="color:{colors.muted.name()}">{markup(name)}</small><br>' if name else ""
    return f"<p>{head}{markup(value)}</p>"


LABEL_SHOWING = Showing(("Input", "Right label"), _label_given, _label_predicted, "Label")
TAG_SHOWING = Showing(("Right tags",), _tags_given, _tags_predicted, "Type")
SPAN_SHOWING = Showing(("Question", "Right answers", "Text"), _span_given, _span_predicted)
