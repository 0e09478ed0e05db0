"""The edits that TER counts: tercom's greedy search for phrases to move (Snover et al. 2006).

The numbers are those of sacrebleu 2.6 (`sacrebleu/metrics/lib_ter.py`), limits and order of
choice included; the way there is another one:

- distances are bit-parallel (Hyyrö 2003, "A bit-vector algorithm for computing Levenshtein
  and Damerau edit distances"), begun anew only where a moved phrase changes the text;
- a move that cannot win is not tried: no order of the words is nearer than their common words
  allow, and moving L words over D others brings at most 2 min(L, D) edits;
- tercom looks only near the diagonal of the table, which can hide a shorter way, never find
  one. A distance below `BEAM` has its whole way there, so the table itself is filled only where
  a greater distance would win, and once a round for the alignment.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

MAX_LENGTH = 10
"""Words of the longest phrase that is moved."""
MAX_DISTANCE = 50
"""Words between the positions of a phrase in output and reference."""
BEAM = 25
"""Cells computed on each side of the diagonal."""
MAX_TRIED = 1000
"""Moves tried, over all rounds, before giving up."""
_FAR = 10**9

Words = Sequence[str]


def edits(output: Words, reference: Words) -> int:
    """Words to insert, delete or replace and phrases to move to get from one to the other."""
    if not reference or not output:
        return max(len(output), len(reference))
    return _Search(output, reference).edits()


class _Search:
    """Moves phrases of `words`, the output, towards the reference while that helps."""

    def __init__(self, output: Words, reference: Words) -> None:
        self.words = list(output)
        self.reference = reference
        self.positions: dict[str, list[int]] = {}
        for position, word in enumerate(reference):
            self.positions.setdefault(word, []).append(position)
        self.masks = {
            word: sum(1 << position for position in positions)
            for word, positions in self.positions.items()
        }
        shared = (Counter(output) & Counter(reference)).total()
        self.least = max(len(output), len(reference)) - shared
        self.tried = 0

    def edits(self) -> int:
        """The moves and the edits that are left after them."""
        moves, width = 0, len(self.reference)
        while True:
            self.states = [((1 << width) - 1, 0, width)]
            self.states += self._states(0, self.words)
            distance = self._as_tercom(self.words, self.states[-1][2])
            if distance <= self.least:
                return moves + distance
            better = self._best_move(distance)
            if better is None or self.tried >= MAX_TRIED:
                return moves + distance
            self.words = better
            moves += 1

    def _best_move(self, distance: int) -> list[str] | None:
        """The words after the best move, or None where none helps.

        Most edits saved come first, then the longest phrase, then the earliest, then the
        earliest target.
        """
        aligned, wrong, missed = self._alignment()
        hidden = distance - self.states[-1][2]  # by the limits of the beam
        best, best_words = (0, _FAR, 0, 0), None
        for start, position, length in self._phrases():
            end = start + length
            if wrong[end] == wrong[start] or missed[position + length] == missed[position]:
                continue
            if start <= aligned[position] < end:
                continue
            before = -1
            for offset in range(position - 1, position + length):
                target = aligned[offset] + 1 if offset >= 0 else 0
                if target == before:
                    continue
                before = target
                self.tried += 1
                passed = min(length, _words_passed(start, end, target))
                most = min(distance - self.least, 2 * passed + hidden)
                if (most, length, -start, -target) <= best:
                    continue
                moved = _moved(self.words, start, length, target)
                true = self._states(min(start, target), moved)[-1][2]
                if (distance - true, length, -start, -target) <= best:
                    continue
                saved = distance - self._as_tercom(moved, true)
                if (saved, length, -start, -target) > best:
                    best, best_words = (saved, length, -start, -target), moved
            if self.tried >= MAX_TRIED:
                break
        return best_words

    def _phrases(self) -> Iterator[tuple[int, int, int]]:
        """(start in the output, start in the reference, length) of phrases in both."""
        words, reference = self.words, self.reference
        for start, word in enumerate(words):
            for position in self.positions.get(word, ()):
                if abs(position - start) > MAX_DISTANCE:
                    continue
                longest = min(MAX_LENGTH, len(words) - start, len(reference) - position)
                for length in range(1, longest + 1):
                    if words[start + length - 1] != reference[position + length - 1]:
                        break
                    yield start, position, length

    def _states(self, first: int, words: list[str]) -> list[tuple[int, int, int]]:
        """Columns of the table after each word from `first` on; `self.states` has those before.

        A column is (where it rises, where it falls, its last distance), the first two as bits
        for the words of the reference (Hyyrö 2003, figure 4).
        """
        masks, width = self.masks, len(self.reference)
        whole, top = (1 << width) - 1, 1 << width - 1
        rises, falls, distance = self.states[first]
        states = []
        for word in words[first:]:
            equal = masks.get(word, 0)
            diagonal = (((equal & rises) + rises) ^ rises) | equal | falls
            up = falls | whole & ~(diagonal | rises)
            down = diagonal & rises
            if up & top:
                distance += 1
            elif down & top:
                distance -= 1
            up = up << 1 | 1
            rises = (down << 1 | ~(diagonal | up)) & whole
            falls = up & diagonal & whole
            states.append((rises, falls, distance))
        return states

    def _as_tercom(self, words: list[str], distance: int) -> int:
        """The distance as tercom sees it, given the true one."""
        if distance < BEAM or len(self.reference) < BEAM:
            return distance
        return self._table(words)[-1][-1]

    def _table(self, words: list[str]) -> list[list[int]]:
        """Distances near the diagonal: [output words + 1][reference words + 1]."""
        reference, width = self.reference, len(self.reference) + 1
        slope = len(reference) / len(words)
        beam = math.ceil(slope / 2 + BEAM) if slope / 2 > BEAM else BEAM
        table = [list(range(width))]
        for i, word in enumerate(words, start=1):
            diagonal = math.floor(i * slope)
            low, high = max(0, diagonal - beam), min(width, diagonal + beam)
            above, row = table[-1], [_FAR] * width
            left = _FAR
            for j in range(low, width if i == len(words) else high):
                value = above[j] + 1
                if left + 1 < value:
                    value = left + 1
                if j > 0:
                    across = above[j - 1] + (word != reference[j - 1])
                    if across < value:
                        value = across
                row[j] = left = value
            table.append(row)
        return table

    def _alignment(self) -> tuple[list[int], list[int], list[int]]:
        """Where the reference's words stand in the output, and what is wrong in both.

        Returns:
            For each word of the reference the position of the output's word beside it, -1 before
            the first; how many of the output's first n words are wrong; the same for the
            reference.
        """
        words, reference = self.words, self.reference
        table = self._table(words)
        i, j = len(words), len(reference)
        aligned = [-1] * j
        wrong, missed = [0] * (i + 1), [0] * (j + 1)
        while i > 0 or j > 0:
            if i > 0 and j > 0:
                differ = words[i - 1] != reference[j - 1]
                if table[i][j] == table[i - 1][j - 1] + differ:
                    i, j = i - 1, j - 1
                    aligned[j] = i
                    wrong[i + 1] = missed[j + 1] = int(differ)
                    continue
            if i > 0 and table[i][j] == table[i - 1][j] + 1:
                i -= 1
                wrong[i + 1] = 1
            else:
                j -= 1
                aligned[j] = i - 1
                missed[j + 1] = 1
        return aligned, _running(wrong), _running(missed)


def _words_passed(start: int, end: int, target: int) -> int:
    """How many words a phrase passes on its way; see `_moved`."""
    if target < start:
        return start - target
    return target - end if target > end else target - start


def _running(flags: list[int]) -> list[int]:
    total, totals = 0, []
    for flag in flags:
        total += flag
        totals.append(total)
    return totals


def _moved(words: list[str], start: int, length: int, target: int) -> list[str]:
    """The words with a phrase put before `target`, counted before the move."""
    end = start + length
    phrase = words[start:end]
    if target < start:
        return words[:target] + phrase + words[target:start] + words[end:]
    if target > end:
        return words[:start] + words[end:target] + phrase + words[target:]
    # Within itself, as tercom has it: the words after the phrase go before it.
    return words[:start] + words[end : target + length] + phrase + words[target + length :]
