"""The plotted numbers as a table, for those who cannot or will not read a picture."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.plots.lines import Line
from app.qt.table_model import RIGHT, TableColumn


@dataclass(frozen=True)
class NamedLine:
    """A line with the name of its run."""

    run: str
    line: Line


Point = tuple[NamedLine, int]


class Points:
    """One row a point, line after line, made when it is looked at."""

    def __init__(self, lines: Sequence[NamedLine] = ()) -> None:
        self._lines = [named for named in lines if named.line.x.size]
        self._starts = [0, *accumulate(named.line.x.size for named in self._lines)]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Point:
        line = bisect_right(self._starts, index) - 1
        return self._lines[line], index - self._starts[line]


def _smoothed(point: Point) -> str:
    smooth = point[0].line.smooth
    return "" if smooth is None else f"{smooth[point[1]]:.6g}"


Column = TableColumn[Point]
COLUMNS = (
    Column("Run", lambda at: at[0].run, width_chars=28),
    Column("Line", lambda at: at[0].line.label, width_chars=20),
    Column("Step", lambda at: f"{int(at[0].line.step[at[1]]):,}", width_chars=12, align=RIGHT),
    Column("Value", lambda at: f"{at[0].line.y[at[1]]:.6g}", width_chars=16, align=RIGHT),
    Column("Smoothed", _smoothed, width_chars=16, align=RIGHT),
)
