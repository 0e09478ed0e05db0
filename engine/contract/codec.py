"""JSON for the contract's dataclasses: the only place where a `dict` stands for one.

A dataclass becomes an object of its fields; a member of a union of dataclasses carries a
"type" entry with its class name, and decoding picks the class by it. Decoding is strict:
an unknown, missing, repeated or wrongly typed field raises `ProtocolError` naming its path, and
so does a number that no reader can work with: an integer of more than 64 bits, or a time in
seconds (a field called `…_s`) that is no date. Fields with a default may be missing, so that a
file of an older version still opens; a class whose older files differ otherwise has a static
method `upgrade`, which makes today's fields of theirs before anything is checked. A class with a
`version` field refuses a higher version than its default with a `UserError`.

Whatever the text is, decoding gives an object or one of these two errors, whose messages are
short however long the text is.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import reprlib
import types
import typing
from typing import Any, TypeVar

from engine.contract.errors import ProtocolError, UserError

T = TypeVar("T")

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
INTEGERS = range(-(2**63), 2**63)
"""What fits into 64 bits: Qt, NumPy, torch and SQLite hold no more."""
_LATEST_S = 253_370_764_800.0
"""The year 9999, the last that the system's calendar functions know."""

_NUMBER = "a number of at most 64 bits"

_shorten = reprlib.Repr()
_shorten.maxstring = _shorten.maxother = _shorten.maxlong = 80
_shown = _shorten.repr
"""A value as an error shows it, however long or deep it is."""


def to_line(value: object) -> str:
    """Encode a contract dataclass as one line of JSON, without a line break."""
    return dump(to_plain(value), separators=(",", ":"))


def to_text(value: object) -> str:
    """Encode a contract dataclass as indented JSON for a file that people may read."""
    return dump(to_plain(value), indent=2) + "\n"


def dump(
    plain: object, *, indent: int | None = None, separators: tuple[str, str] | None = None
) -> str:
    """JSON text that UTF-8 can always encode: readable, or escaped where it has to be.

    A file name that is no UTF-8 reaches us with lone surrogates, which only escapes can hold.
    """
    text = json.dumps(plain, ensure_ascii=False, indent=indent, separators=separators)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(plain, indent=indent, separators=separators)
    return text


def from_text(kind: type[T], text: str) -> T:
    """Decode JSON text as `kind`; raise `ProtocolError` where it does not fit."""
    return from_plain(kind, parse(text))


def parse(text: str) -> Any:
    """Parse JSON text; raise `ProtocolError` where it is none, or names a field twice."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            "not-json", "not valid JSON ({reason}): {start!r}", reason=error, start=text[:80]
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"{_shown(name)} appears twice in one object")
            seen.add(name)
    return plain


def to_plain(value: object) -> Any:
    """Turn a dataclass, enum, tuple or scalar into what `json.dumps` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {
            field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
        return {"type": type(value).__name__, **plain}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise _unsupported(type(value))


def from_plain(kind: type[T], plain: object, path: str = "") -> T:
    """Turn decoded JSON into `kind`, checking every type on the way."""
    return typing.cast(T, _decode(kind, plain, path or getattr(kind, "__name__", str(kind))))


def unexpected(path: str, expected: str, value: object) -> ProtocolError:
    """A value that is not what its field holds.

    Args:
        expected: with its article, such as "a list".
    """
    return ProtocolError(
        "unexpected-value",
        "{path}: expected {expected}, got {value}",
        path=path,
        expected=expected,
        value=_shown(value),
    )


def unknown_field(path: str, name: str) -> ProtocolError:
    """A field that its class does not have."""
    return ProtocolError(
        "unknown-field", "{path}: unknown field {name}", path=path, name=_shown(name)
    )


def _unsupported(kind: object) -> ProtocolError:
    return ProtocolError("unsupported-type", "{kind!r} cannot be written as JSON here", kind=kind)


def _decode(kind: Any, plain: object, path: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), plain, path)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), plain, path)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, plain, path)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(plain)
        except ValueError as error:
            known = " or ".join(repr(member.value) for member in kind)
            raise unexpected(path, known, plain) from error
    return _decode_scalar(kind, plain, path)


def _decode_scalar(kind: Any, plain: object, path: str) -> Any:
    if kind is float:
        if isinstance(plain, str) and plain in _NON_FINITE:
            return _NON_FINITE[plain]
        if isinstance(plain, (int, float)) and not isinstance(plain, bool):
            try:
                return float(plain)
            except OverflowError as error:
                raise unexpected(path, _NUMBER, plain) from error
    elif kind is int:
        if isinstance(plain, int) and not isinstance(plain, bool):
            if plain not in INTEGERS:
                raise unexpected(path, _NUMBER, plain)
            return plain
    elif kind in (str, bool, type(None)):
        if isinstance(plain, kind):
            return plain
    else:
        raise _unsupported(kind)
    raise unexpected(path, _name(kind), plain)


def _name(kind: Any) -> str:
    """What JSON calls a member of a union, or its class."""
    return "null" if kind is type(None) else getattr(kind, "__name__", str(kind))


def _decode_union(members: tuple[Any, ...], plain: object, path: str) -> Any:
    if plain is None and type(None) in members:
        return None
    classes: dict[str, type] = {
        m.__name__: m for m in members if isinstance(m, type) and dataclasses.is_dataclass(m)
    }
    if classes and isinstance(plain, dict):
        name = plain.get("type")
        if not isinstance(name, str) or name not in classes:
            raise unexpected(path, "type " + " or ".join(sorted(classes)), name)
        return _decode_dataclass(classes[name], plain, path)
    for member in members:
        try:
            return _decode(member, plain, path)
        except ProtocolError:
            continue
    raise unexpected(path, " or ".join(map(_name, members)), plain)


def _decode_tuple(members: tuple[Any, ...], plain: object, path: str) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise unexpected(path, "a list", plain)
    if len(members) == 2 and members[1] is Ellipsis:
        return tuple(_decode(members[0], item, f"{path}[{i}]") for i, item in enumerate(plain))
    if len(members) != len(plain):
        raise unexpected(path, f"{len(members)} items", len(plain))
    pairs = zip(members, plain, strict=True)
    return tuple(_decode(member, item, f"{path}[{i}]") for i, (member, item) in enumerate(pairs))


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _check_version(fields: dict[str, Any], plain: dict[str, Any], path: str) -> None:
    """Refuse what a newer program wrote before its unknown fields look like damage."""
    version, field = plain.get("version"), fields.get("version")
    if field is not None and isinstance(version, int) and version > field.default:
        raise UserError(
            "newer-version",
            "{path} was written by a newer version of this program (format {version}; this one "
            "reads up to {supported}). Update the program.",
            path=path,
            version=_shown(version),
            supported=field.default,
        )


def _check_seconds(value: object, path: str) -> None:
    """Refuse seconds that are no date, such as NaN or 1e300."""
    if isinstance(value, float) and not abs(value) <= _LATEST_S:
        raise unexpected(path, "a time in seconds", value)


def _decode_dataclass(kind: type, value: object, path: str) -> Any:
    if not isinstance(value, dict):
        raise unexpected(path, "an object", value)
    plain: dict[str, Any] = value
    fields = {field.name: field for field in dataclasses.fields(kind)}
    _check_version(fields, plain, path)
    upgrade = getattr(kind, "upgrade", None)
    if upgrade is not None:
        plain = upgrade(plain)
    if plain.get("type", kind.__name__) != kind.__name__:
        raise unexpected(path, f"type {kind.__name__}", plain["type"])
    unknown = [name for name in plain if name != "type" and name not in fields]
    if unknown:
        raise unknown_field(path, unknown[0])
    values = {}
    for name, field in fields.items():
        if name in plain:
            values[name] = _decode(_hints(kind)[name], plain[name], f"{path}.{name}")
            if name.endswith("_s"):
                _check_seconds(values[name], f"{path}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ProtocolError(
                "missing-field", "{path}: field {name!r} is missing", path=path, name=name
            )
    return kind(**values)
