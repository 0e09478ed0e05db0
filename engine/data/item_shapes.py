"""Data sets whose items are known by their form: how each becomes rows, or why it is not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.contract.errors import UserError
from engine.data import chat_items, table_items, task_items, webnlg_items
from engine.data.json_rows import (
    Cells,
    Keeps,
    NotAnItemError,
    Rejection,
    rows_of_columns,
    text_of,
)
from engine.data.triples import NotTriplesError, as_triples, triples_cell

DART_COLUMNS = ("triples", "text", "text_source", "subtree_was_extended")
"""Columns of DART's nested files, as `tripleset` and `annotations` become rows."""

Item = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """A form of items.

    Attributes:
        title: the data set that has it.
        fits: whether an item has the form.
        columns: of the rows.
        rows: of an item that fits; raises `NotAnItemError` where a part is not as it should be.
        format: the name of the format, where it has a linearisation of its own.
        marks: the languages of an item's texts, "" where they are not marked; None for a form
            in which nothing marks them.
    """

    title: str
    fits: Callable[[Item], bool]
    columns: tuple[str, ...]
    rows: Callable[[Item, Keeps], Iterator[Cells | Rejection]]
    format: str = ""
    marks: Callable[[Item], list[str]] | None = None


def shape_of(item: Item) -> Shape | None:
    """The known form that an item has, or None."""
    return next((shape for shape in SHAPES if shape.fits(item)), None)


def refuse_unread_forms(item: Item, file: str) -> None:
    """Raise `UserError` for an item of a known data set that is not a text for each input."""
    if "box_score" in item and ("line_score" in item or "home_line" in item):
        raise UserError(
            "rotowire-games",
            "{file} has RotoWire's form: each table covers a whole game in about 600 cells. For "
            "each game, write the cells you want as a text, and the summary beside it.",
            file=file,
        )
    if isinstance(item.get("passage"), dict) and isinstance(item.get("qas"), list):
        raise UserError(
            "record-queries",
            "{file} has ReCoRD's form: each query is answered by one of its passage's entities, "
            "which is neither a label nor a span. Write one row per query and entity, with a "
            "label that says whether it is right.",
            file=file,
        )


def _is_dart(item: Item) -> bool:
    annotations = item.get("annotations")
    return isinstance(item.get("tripleset"), list) and isinstance(annotations, list | dict)


def _dart_rows(item: Item, _keeps: Keeps) -> Iterator[Cells]:
    """One row for each annotation; one without text where there is none."""
    try:
        triples = as_triples(item.get("tripleset"))
    except NotTriplesError as error:
        raise NotAnItemError(str(error)) from error
    annotations = rows_of_columns(item.get("annotations"))
    if not isinstance(annotations, list) or not all(
        isinstance(annotation, dict) and isinstance(annotation.get("text"), str)
        for annotation in annotations
    ):
        raise NotAnItemError("the annotations are no list of objects with a text")
    for annotation in annotations or [{"text": ""}]:
        row = (
            triples_cell(triples),
            annotation["text"],
            text_of(annotation.get("source")),
            text_of(item.get("subtree_was_extended")),
        )
        yield dict(zip(DART_COLUMNS, row, strict=True))


SHAPES = (
    Shape("DART", _is_dart, DART_COLUMNS, _dart_rows, "dart"),
    Shape(
        "WebNLG",
        webnlg_items.fits,
        webnlg_items.MARKED_COLUMNS,
        webnlg_items.rows,
        "webnlg",
        webnlg_items.marks,
    ),
    Shape("ToTTo", table_items.is_totto, table_items.COLUMNS, table_items.totto_rows),
    Shape("WikiBio", table_items.is_wikibio, table_items.COLUMNS, table_items.wikibio_rows),
    Shape("COPA", task_items.is_copa, task_items.COPA_COLUMNS, task_items.copa_rows),
    Shape("MultiRC", task_items.is_multirc, task_items.MULTIRC_COLUMNS, task_items.multirc_rows),
    Shape("WSC", task_items.is_wsc, task_items.WSC_COLUMNS, task_items.wsc_rows),
    Shape("SQuAD", task_items.is_squad, task_items.SQUAD_COLUMNS, task_items.squad_rows),
    Shape("chat", chat_items.fits, chat_items.COLUMNS, chat_items.rows),
)
