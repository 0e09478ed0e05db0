"""A hostile ONNX file is read in bounded time and memory, or refused; nothing is run."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.backbones.onnx_file import read_onnx
from engine.contract.errors import UserError
from tests.helpers.tiny_onnx import initializer, model, node, part, varint, whole

GOOD = model(
    initializer("a", torch.arange(12.0).reshape(3, 4)),
    initializer("b", torch.tensor([1, 2], dtype=torch.int8), raw=False),
    node("/a/MatMul", "MatMul", "x", "a"),
)
BAD = {
    "empty": b"",
    "a text": b"hello, this is no model at all",
    "nothing in it": model(),
    "cut": GOOD[:-3],
    "a length beyond its end": part(7, b"")[:1] + varint(10**15),
    "a number without end": b"\x80" * 64,
    "no such kind of field": b"\x0b\x00",
    "a node without a kind": model(part(1, part(3, "n"))),
    "names that are no UTF-8": model(part(5, whole(2, 1) + part(8, b"\xff\xfe") + part(9, b""))),
    "more numbers than there are": model(
        part(5, whole(1, 10**12) + whole(2, 1) + part(9, b"abcd"))
    ),
    "sizes whose product is huge": model(
        part(5, b"".join(whole(1, 2**62) for _ in range(999)) + whole(2, 1) + part(9, b"abcd"))
    ),
    "a size below nothing": model(part(5, whole(1, -4) + whole(2, 1) + part(9, b"\0" * 16))),
    "half a number": model(part(5, whole(1, 1) + whole(2, 1) + part(9, b"abc"))),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(BAD[name])
    with pytest.raises(UserError) as caught:
        read_onnx(path)
    assert "\n" not in caught.value.message


@given(st.data())
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    changed = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "any.onnx"
    path.write_bytes(bytes(changed) if data.draw(st.booleans()) else data.draw(st.binary()))
    with contextlib.suppress(UserError):
        read_onnx(path)


def test_a_million_fields_take_no_more_than_seconds(tmp_path: Path) -> None:
    path = tmp_path / "many.onnx"
    path.write_bytes(model(initializer("a", torch.zeros(1)), *[whole(99, 1)] * 1_000_000))
    begun = time.monotonic()
    read_onnx(path)
    assert time.monotonic() - begun < 20
