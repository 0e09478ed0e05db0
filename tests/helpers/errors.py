"""Errors are matched by their code and values; their sentences stand in tests/snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.contract.errors import CodedError, UserError


@contextmanager
def refused(
    code: str, kind: type[CodedError] = UserError, /, **values: object
) -> Iterator[pytest.ExceptionInfo[CodedError]]:
    """The block must raise an error of this code, whose values include these."""
    with pytest.raises(kind) as caught:
        yield caught
    check(caught.value, code, **values)


def check(error: CodedError, code: str, /, **values: object) -> None:
    """The error has this code, and these among its values."""
    assert error.code == code, error.message
    assert {name: error.values.get(name) for name in values} == values, error.message
