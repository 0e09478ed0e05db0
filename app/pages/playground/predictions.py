"""Labels, tags and answers on the Playground, as HTML."""

from __future__ import annotations

from app.answer_marks import (
    answer_html,
    label_html,
    probabilities_html,
    stretch_in,
    stretches_html,
    tags_html,
)
from app.pages.playground.answers import Answer
from app.theme import Colors
from engine.contract.runs.entities import OUTSIDE
from engine.contract.specs.answer import AnswerKind


def prediction_html(answer: Answer, colors: Colors) -> str:
    """What a system that writes no text says: "" of one that does."""
    ended = answer.ended
    if ended is None:
        return ""
    match ended.answer:
        case AnswerKind.LABEL:
            bars = probabilities_html(ended.probabilities, colors)
            return f"<p>{label_html(ended.text, (), colors)}</p>{bars}"
        case AnswerKind.TAGS:
            tags = ended.text.split()
            marked = f"<p>{tags_html(answer.source.split(), tags, colors)}</p>"
            return marked if set(tags) - {OUTSIDE} else f"<p><i>nothing to mark</i></p>{marked}"
        case AnswerKind.SPAN:
            stretch = stretch_in(answer.source, ended.text, "answer", start=ended.start)
            marked = stretches_html(answer.source, [stretch] if stretch else [], colors)
            return f"<p>{answer_html(ended.text, None, colors)}</p><p>{marked}</p>"
        case AnswerKind.TEXT:
            return ""
