"""Labels, tags and answers as HTML: what is right and what was predicted, not by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.qt.plain_text import markup
from app.theme import Colors
from engine.contract.runs.answers import label_of, right_label
from engine.contract.runs.confusion import UNTYPED
from engine.contract.runs.entities import Entity, entities, is_entity_tag

RIGHT, WRONG = "✓", "✗"
BAR_CELLS = 16
"""Length of the bar of probability 1, in characters."""
MOST_LABELS = 8
"""So many are shown with their probabilities, the most probable first."""


def label_html(label: str, references: Sequence[str], colors: Colors) -> str:
    """A label, with a sign of whether it is right where that is known."""
    shown = f"<b>{markup(label_of(label)) or '(empty)'}</b>"
    if not any(map(label_of, references)):
        return shown
    return _judged(shown, right_label(label, references) == label_of(label), colors)


def probabilities_html(probabilities: Sequence[tuple[str, float]], colors: Colors) -> str:
    """A bar for each of the most probable labels."""
    ranked = sorted(probabilities, key=lambda pair: -pair[1])
    rows = []
    fill = f"color:{colors.accent.name()};background-color:{colors.accent.name()}"  # no gaps
    for label, share in ranked[:MOST_LABELS]:
        bar = "█" * round(BAR_CELLS * share) or "▏"
        rows.append(
            f'<tr><td>{markup(label)}&nbsp;&nbsp;</td><td><span style="{fill}">{bar}</span>&nbsp;'
            f"</td><td align='right'>{100 * share:.1f}&nbsp;%</td></tr>"
        )
    if len(ranked) > MOST_LABELS:
        rows.append(f"<tr><td>and {len(ranked) - MOST_LABELS} more</td></tr>")
    return f"<table cellspacing='2'>{''.join(rows)}</table>" if rows else ""


def tags_html(
    words: Sequence[str], tags: Sequence[str], colors: Colors, *, right: Sequence[str] | None = None
) -> str:
    """The words with what their tags mark: entities in brackets, other tags behind each word.

    Args:
        tags: one for each word; of another number they are shown as they stand.
        right: the right tags, so as to mark what is wrong and what was missed.
    """
    if len(words) != len(tags):
        return markup(" ".join(tags)) or "(no tags)"
    if right is not None and len(right) != len(words):
        right = None
    if not all(map(is_entity_tag, (*tags, *(right or ())))):
        return " ".join(
            _tagged(word, tag, None if right is None else right[index] == tag, colors)
            for index, (word, tag) in enumerate(zip(words, tags, strict=True))
        )
    predicted = entities(tags)
    gold = None if right is None else frozenset(entities(right))
    shown = {entity.start: (entity, _Mark.of(entity, gold)) for entity in predicted}
    covered = {index for entity in predicted for index in range(entity.start, entity.end)}
    for entity in sorted(gold or (), key=lambda entity: entity.start):
        if covered.isdisjoint(range(entity.start, entity.end)):
            shown[entity.start] = (entity, _Mark.MISSED)
    parts, index = [], 0
    while index < len(words):
        if index in shown:
            entity, mark = shown[index]
            text = markup(" ".join(words[entity.start : entity.end]))
            parts.append(_entity_html(text, entity.kind or UNTYPED, mark, colors))
            index = entity.end
        else:
            parts.append(markup(words[index]))
            index += 1
    return " ".join(parts)


@dataclass(frozen=True)
class MarkedStretch:
    """A part of a text that is marked.

    Attributes:
        start, end: in characters.
        name: what is written at both ends.
        is_right: whether it is a right answer rather than a predicted one.
    """

    start: int
    end: int
    name: str
    is_right: bool = False


def stretch_in(
    text: str, answer: str, name: str, *, is_right: bool = False, start: int = -1
) -> MarkedStretch | None:
    """Where a text has an answer, case aside if need be; None where it has not.

    Args:
        start: where it should; elsewhere it is the first place.
    """
    answer = answer.strip()
    if not (answer and start >= 0 and text.startswith(answer, start)):
        start = text.find(answer) if answer else -1
    if start < 0 and answer:
        lower = text.lower()
        start = lower.find(answer.lower()) if len(lower) == len(text) else -1
    return None if start < 0 else MarkedStretch(start, start + len(answer), name, is_right)


def stretches_html(text: str, stretches: Sequence[MarkedStretch], colors: Colors) -> str:
    """The text with each stretch between signs with its name, on a ground of its own."""
    ends = {index for stretch in stretches for index in (stretch.start, stretch.end)}
    indices = sorted({0, len(text), *ends})
    parts: list[str] = []
    for index, following in zip(indices, [*indices[1:], len(text)], strict=True):
        parts += [_end(f"◂{s.name}", s, colors) for s in stretches if s.end == index]
        parts += [_end(f"{s.name}▸", s, colors) for s in stretches if s.start == index]
        inside = [s for s in stretches if s.start <= index < s.end]
        piece = markup(text[index:following])
        if inside:
            fill = colors.good_fill if any(s.is_right for s in inside) else colors.accent_fill
            piece = f'<span style="background-color:{fill.name()}">{piece}</span>'
        parts.append(piece)
    return "".join(parts)


def answer_html(text: str, is_right: bool | None, colors: Colors, *, partly: bool = False) -> str:
    """An answer, with a sign of whether it is right where that is known."""
    shown = f"<b>{markup(text)}</b>" if text.strip() else "<i>no answer</i>"
    if partly:
        return f'{shown} <span style="color:{colors.warning.name()}">≈&nbsp;partly right</span>'
    return shown if is_right is None else _judged(shown, is_right, colors)


class _Mark:
    """What there is to say of an entity: its sign and the names of its colours."""

    PLAIN = ("", "accent", "accent_fill")
    RIGHT = (f"&nbsp;{RIGHT}", "good", "good_fill")
    WRONG = (f"&nbsp;{WRONG}", "bad", "bad_fill")
    MISSED = ("&nbsp;missed", "warning", "warning_fill")

    @classmethod
    def of(cls, entity: Entity, gold: frozenset[Entity] | None) -> tuple[str, str, str]:
        if gold is None:
            return cls.PLAIN
        return cls.RIGHT if entity in gold else cls.WRONG


def _entity_html(text: str, kind: str, mark: tuple[str, str, str], colors: Colors) -> str:
    sign, color, fill = mark
    return (
        f'<span style="background-color:{getattr(colors, fill).name()}">[{text}&nbsp;'
        f'<span style="color:{getattr(colors, color).name()}"><small><b>{markup(kind)}</b>{sign}'
        "</small></span>]</span>"
    )


def _tagged(word: str, tag: str, is_right: bool | None, colors: Colors) -> str:
    color = colors.bad if is_right is False else colors.muted
    sign = WRONG if is_right is False else ""
    return f'{markup(word)}<small style="color:{color.name()}">/{markup(tag)}{sign}</small>'


def _judged(shown: str, is_right: bool, colors: Colors) -> str:
    color, sign = (colors.good, RIGHT) if is_right else (colors.bad, WRONG)
    word = "right" if is_right else "wrong"
    return f'{shown} <span style="color:{color.name()}">{sign}&nbsp;{word}</span>'


def _end(text: str, stretch: MarkedStretch, colors: Colors) -> str:
    color = colors.good if stretch.is_right else colors.accent
    return f'<small style="color:{color.name()}"><b>{markup(text)}</b></small>'
