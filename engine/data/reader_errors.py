"""Errors that several readers raise."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import MAX_COLUMNS


def check_not_empty(path: Path, size_bytes: int) -> None:
    """Raise `UserError` for a file of no bytes."""
    if not size_bytes:
        raise UserError(
            "file-empty", "{file} is empty (0 bytes). Choose another file.", file=path.name
        )


def check_column_count(file: str, count: int) -> None:
    """Raise `UserError` where a table has more columns than a dataset may have."""
    if count > MAX_COLUMNS:
        raise UserError(
            "too-many-columns",
            "{file} has {count:,} columns. At most {limit:,} can be read. Remove columns, or "
            "check the delimiter.",
            file=file,
            count=count,
            limit=MAX_COLUMNS,
        )


def no_text(file: str, skipped: int = 0) -> UserError:
    """There is no text in a table, below the lines that are skipped."""
    if skipped:
        return UserError(
            "no-text-below-skipped",
            "{file} has no text below the {skipped:,} lines that are skipped. Skip fewer.",
            file=file,
            skipped=skipped,
        )
    return UserError("no-text", "{file} has no text. Choose a file with rows.", file=file)


def password_protected(file: str) -> UserError:
    """A spreadsheet is encrypted."""
    return UserError(
        "password-protected",
        "{file} is protected by a password. Open it in a spreadsheet program and save it without "
        "a password.",
        file=file,
    )


def item_too_long(file: str, line: int, limit: int) -> UserError:
    """An item of JSON or XML has more characters than an example has."""
    return UserError(
        "item-too-long",
        "The item in line {line} of {file} is longer than {limit:,} characters. Choose a file with "
        "one item per example.",
        file=file,
        line=line,
        limit=limit,
    )


def tag_too_long(file: str, limit: int) -> UserError:
    """A tag of XML, or what stands between two, is larger than any program writes it."""
    return UserError(
        "xml-tag-too-long",
        "{file} has an XML tag of more than {limit:,} bytes. It is damaged or malicious.",
        file=file,
        limit=limit,
    )


def xml_entities(file: str) -> UserError:
    """XML that defines entities, which can be made to fill memory or to read other files."""
    return UserError(
        "xml-entities",
        "{file} defines XML entities or refers to other files, so it is not read. If you trust it, "
        "save it in another format, such as CSV.",
        file=file,
    )


def expands_too_much(file: str, size_bytes: int, limit: int) -> UserError:
    """A small file that would fill memory or disk when it is unpacked."""
    return UserError(
        "expands-too-much",
        "{file} has {size_bytes:,} bytes and expands to more than {limit:,}, so it is not read. If "
        "you trust it, save it in another format, such as CSV.",
        file=file,
        size_bytes=size_bytes,
        limit=limit,
    )


def inputs_without_texts(file: str, data_set: str) -> UserError:
    """A file of a known data set with the inputs or the texts alone."""
    return UserError(
        "inputs-without-texts",
        "{file} has the form of {data_set}, whose inputs and texts are in separate files. Write a "
        "table with one column for the input and one for its text.",
        file=file,
        data_set=data_set,
    )


def no_rows(file: str) -> UserError:
    """A table ends with the names of its columns."""
    return UserError(
        "names-but-no-rows",
        "{file} has column names but no rows. Choose a file with rows.",
        file=file,
    )
