"""A question with a source that is longer than what is read at once: windows that overlap."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from engine.tasks.reading.texts import EncodedText, TextEncoder


@dataclass(frozen=True, slots=True)
class SourceTokens:
    """The tokens of a window that are of the source: which, and their characters there."""

    tokens: array[int]
    starts: array[int]
    ends: array[int]


def windows(
    encoder: TextEncoder, question: str, source: str, *, stride: int
) -> Iterator[tuple[EncodedText, SourceTokens]]:
    """Each window with its tokens of the source.

    A window is a stretch of the source that is encoded anew, so that question and source become
    tokens as the backbone's tokenizer has them.

    Args:
        encoder: with the limit of a window.
        question: cut where it would take more than half of a window; may be "".
        source: what the answer is in.
        stride: tokens that neighbouring windows share.
    """
    question = encoder.shortened(question, encoder.limit // 2)
    around = len(encoder.encode((question, "") if question else ("",)).ids)
    room = max(1, encoder.limit - around)
    stride = min(stride, room // 2)
    tokens = [(start, end) for start, end in encoder.tokens(source) if end > start]
    ends = [end for _, end in tokens]
    at = 0
    while True:
        stop = min(at + room, len(tokens))
        first, last = (tokens[at][0], ends[stop - 1]) if tokens else (0, 0)
        parts = (question, source[first:last]) if question else (source[first:last],)
        encoded = encoder.encode(parts, spans=True, cut_last=True)
        own = _of_part(encoded, len(parts) - 1, first)
        yield encoded, own
        covered = max(own.ends, default=last)
        following = bisect_right(ends, covered)
        if following >= len(tokens) or not own.ends:
            return
        at = max(at + 1, following - stride)


def _of_part(encoded: EncodedText, part: int, first: int) -> SourceTokens:
    chosen = [
        (token, start + first, end + first)
        for token, (index, start, end) in enumerate(encoded.spans)
        if index == part
    ]
    tokens, starts, ends = zip(*chosen, strict=True) if chosen else ((), (), ())
    return SourceTokens(array("i", tokens), array("i", starts), array("i", ends))
