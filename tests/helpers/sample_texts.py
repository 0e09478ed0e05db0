"""A small invented table of mountain huts with texts, and outputs as systems might write them."""

from __future__ import annotations

import difflib
import hashlib
import random
from dataclasses import dataclass
from functools import cache

from engine.contract.runs.scores import OutputRow

COLUMNS = ("name", "kind", "beds", "food", "altitude", "near", "text")

_NAMES = ("Larch", "Marmot", "Stone Pine", "Chamois", "Gentian", "Raven", "Snowfinch", "Glacier")
_ENDS = ("Hut", "Lodge", "Refuge", "House", "Shelter")
_KINDS = ("hut", "lodge", "bivouac")
_FOOD = ("hot meals", "soup and bread", "breakfast only", "")
_NEAR = ("the Upper Lake", "Crow Pass", "the cable car", "")


@dataclass(frozen=True)
class Hut:
    """One row of the table: its cells without the text, and two texts about it."""

    cells: tuple[str, ...]
    texts: tuple[str, str]

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        pairs = zip(COLUMNS[:-1], self.cells, strict=True)
        return tuple((key, value) for key, value in pairs if value)

    @property
    def source(self) -> str:
        return " | ".join(f"{key} : {value}" for key, value in self.fields)

    @property
    def example_id(self) -> str:
        return hashlib.sha256(repr(self.fields).encode()).hexdigest()[:16]

    def output_row(self, share: float, *, prefix: bool) -> OutputRow:
        """A decoded row; its scores are word overlaps, so that they fit the texts."""
        output = output_of(self, share, prefix=prefix)
        scores = []
        for metric, pieces in (("bleu", str.split), ("chrf", list)):
            ratios = [
                difflib.SequenceMatcher(None, pieces(output), pieces(text)).ratio()
                for text in self.texts
            ]
            scores.append((metric, 100 * max(ratios)))
        return OutputRow(
            self.example_id, self.source, output, self.texts, self.fields, self.cells[1],
            tuple(scores),
        )  # fmt: skip


@cache
def huts(count: int) -> tuple[Hut, ...]:
    """The first `count` huts; always the same ones, no two alike."""
    rng = random.Random(7)
    made: dict[tuple[str, ...], Hut] = {}
    while len(made) < count:
        name = f"{rng.choice(_NAMES)} {rng.choice(_ENDS)}"
        kind, food, near = rng.choice(_KINDS), rng.choice(_FOOD), rng.choice(_NEAR)
        beds, altitude = str(rng.randrange(6, 90, 2)), f"{rng.randrange(1400, 3100, 20)} m"
        cells = (name, kind, beds, food, altitude, near)
        made.setdefault(cells, Hut(cells, _texts(*cells)))
    return tuple(made.values())


def _texts(name: str, kind: str, beds: str, food: str, altitude: str, near: str) -> tuple[str, str]:
    place = f" near {near}" if near else ""
    meal = f" It serves {food}." if food else ""
    first = f"{name} is a {kind} with {beds} beds at {altitude}{place}.{meal}"
    extra = f", and you get {food}" if food else ""
    close = f", not far from {near}" if near else ""
    second = f"At {altitude}{close}, the {kind} {name} sleeps {beds}{extra}."
    return first, second


def output_of(hut: Hut, share: float, *, prefix: bool) -> str:
    """What a system that has learned `share` of the task might write about a hut."""
    rng = random.Random(f"{hut.example_id}{prefix}")
    name, kind, beds, food, altitude, near = hut.cells
    if rng.random() > share:
        beds = str(int(beds) + 10)
    if rng.random() > share:
        food = ""
    if rng.random() > share + 0.1:
        near = "the village"
    first, second = _texts(name, kind, beds, food, altitude, near)
    close = f" close to {near}" if near else ""
    meals = f", and offers {food}" if food else ""
    third = f"There is a {kind} called {name}{close}. It has {beds} beds{meals}."
    return rng.choices((first, second, third), (3, 2, 5) if prefix else (2, 3, 5))[0]
