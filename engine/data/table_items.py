"""Items that hold a table of their own: ToTTo's with highlighted cells, WikiBio's boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.data.json_rows import Cells, Keeps, NotAnItemError, rows_of_columns
from engine.data.text_lists import list_cell

COLUMNS = ("table", "text")
_WIDEST = 1000
"""Columns that a cell of ToTTo may span."""
_PLAIN_KEY = str.maketrans("[],", "() ", "\r\n")
_PLAIN_VALUE = str.maketrans("[]", "()")


def meaning_cell(fields: list[tuple[str, str]]) -> str:
    """A table of its own for each row, as a meaning representation: "Name[Hut], Beds[12]"."""
    written = [
        (" ".join(key.translate(_PLAIN_KEY).split()), " ".join(value.split()))
        for key, value in fields
    ]
    return ", ".join(
        f"{key}[{value.translate(_PLAIN_VALUE)}]" for key, value in written if key and value
    )


def is_totto(item: dict[str, Any]) -> bool:
    """Whether it has a table with highlighted cells."""
    return isinstance(item.get("table"), list) and "highlighted_cells" in item


def totto_rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells]:
    """The titles and highlighted cells as the table, the sentences as references.

    Raises:
        NotAnItemError: the table is no list of rows of cells, or a highlighted one is not there.
    """
    fields = [
        (title.replace("_", " "), text)
        for title in ("page_title", "section_title")
        if isinstance(text := item.get(f"table_{title}"), str)
    ]
    try:
        fields += list(_highlighted(item["table"], item["highlighted_cells"]))
    except (TypeError, KeyError, IndexError, ValueError, AttributeError) as error:
        raise NotAnItemError("the table has no rows of cells as ToTTo's have") from error
    yield {"table": meaning_cell(fields), "text": list_cell(_sentences(item))}


def is_wikibio(item: dict[str, Any]) -> bool:
    """Whether it has a table of column headers and their contents, and a text."""
    outer = item.get("input_text")
    return isinstance(outer, dict) and isinstance(outer.get("table"), dict | list)


def wikibio_rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells]:
    """The box as a table.

    Raises:
        NotAnItemError: it has no headers with a content each.
    """
    fields = []
    for row in rows_of_columns(item["input_text"]["table"]):
        cell = row if isinstance(row, dict) else {}
        key, value = cell.get("column_header"), cell.get("content")
        if not isinstance(key, str) or not isinstance(value, str):
            raise NotAnItemError("the table has no headers with a content each, as WikiBio's has")
        if value != "<none>":
            fields.append((key, value))
    text = item.get("target_text")
    yield {"table": meaning_cell(fields), "text": text.strip() if isinstance(text, str) else ""}


def _highlighted(table: list[Any], highlighted: list[Any]) -> Iterator[tuple[str, str]]:
    """The highlighted cells with the nearest header above each, or to its left."""
    wanted = {(int(row), int(cell)) for row, cell in highlighted}
    headers: dict[int, str] = {}  # by column, in the rows above
    below: dict[int, int] = {}  # by column, rows that a cell further up still fills
    for number, row in enumerate(table):
        column, left = 0, ""
        above = dict(headers)
        for index, cell in enumerate(row):
            while below.get(column, 0):
                below[column] -= 1
                column += 1
            width = min(_WIDEST, max(1, int(cell.get("column_span") or 1)))
            height = int(cell.get("row_span") or 1)
            value = str(cell["value"])
            is_header = str(cell.get("is_header", "")).lower() == "true"
            if is_header:
                left = value
            for covered in range(column, column + width):
                if is_header:
                    headers[covered] = value
                if height > 1:
                    below[covered] = height - 1
            if (number, index) in wanted:
                wanted.discard((number, index))
                yield above.get(column) or (left if not is_header else "") or "value", value
            column += width
        for covered in [other for other, rest in below.items() if rest and other >= column]:
            below[covered] -= 1
    if wanted:
        raise IndexError


def _sentences(item: dict[str, Any]) -> list[str]:
    annotations = rows_of_columns(item.get("sentence_annotations"))
    if isinstance(annotations, list):
        annotations = [
            annotation.get("final_sentence")
            for annotation in annotations
            if isinstance(annotation, dict)
        ]
    texts = [annotations, item.get("references"), [item.get("target")]]
    lists = (
        [text for text in some if isinstance(text, str)] for some in texts if isinstance(some, list)
    )
    return next((some for some in lists if any(some)), [])
