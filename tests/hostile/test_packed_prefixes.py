"""A packed prefix, and a GGUF file, from a stranger: one sentence, nothing written."""

from __future__ import annotations

import io
import stat
import struct
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.backbones.catalog import describe_folder
from engine.backbones.fingerprint import fingerprint_of
from engine.contract.projects.project import Project, ProjectFolder
from engine.exchange import native
from engine.exchange.packing import pack
from engine.reporter import Silent
from tests.helpers.prefixes import card_for, random_prefix
from tests.hostile.conftest import Call, Outside, bounded_memory

CARD, TENSORS = "prefix.json", "prefix.safetensors"
Good = dict[str, bytes]


def packed(files: list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def linked(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def squeezed(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_BZIP2
    return entry


def lying(data: bytes) -> bytes:
    """Every size in the directory and before the files is 10 bytes."""
    raw = bytearray(data)
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = raw.find(mark)
        while start >= 0:
            raw[start + at : start + at + 4] = struct.pack("<I", 10)
            start = raw.find(mark, start + 4)
    return bytes(raw)


ZIPS: dict[str, Callable[[Good], bytes]] = {
    "empty": lambda good: b"",
    "text": lambda good: b"no zip at all",
    "nothing inside": lambda good: packed([]),
    "card missing": lambda good: packed([(TENSORS, good[TENSORS])]),
    "tensors missing": lambda good: packed([(CARD, good[CARD])]),
    "up": lambda good: packed([*good.items(), (f"../{CARD}", good[CARD])]),
    "absolute": lambda good: packed([*good.items(), ("/tmp/prefix.json", good[CARD])]),
    "below": lambda good: packed([(f"a/{name}", data) for name, data in good.items()]),
    "program": lambda good: packed([*good.items(), ("run.py", b"raise SystemExit")]),
    "pickle": lambda good: packed([(CARD, good[CARD]), ("prefix.bin", good[TENSORS])]),
    "link": lambda good: packed([(CARD, good[CARD]), (linked(TENSORS), b"/etc/passwd")]),
    "twice": lambda good: packed([*good.items(), (CARD, good[CARD])]),
    "unusual": lambda good: packed([(CARD, good[CARD]), (squeezed(TENSORS), good[TENSORS])]),
    "bomb": lambda good: packed([(CARD, bytes(200_000_000)), (TENSORS, good[TENSORS])]),
    "many": lambda good: packed([(f"{number}.json", b"") for number in range(3000)]),
    "cut": lambda good: packed(list(good.items()))[:-40],
    "middle": lambda good: packed(list(good.items()))[:100] + bytes(50)
    + packed(list(good.items()))[150:],
    "lying": lambda good: lying(packed(list(good.items()))),
    "hash": lambda good: packed([(CARD, good[CARD]), (TENSORS, good[TENSORS][:-1] + b"\1")]),
}  # fmt: skip


@pytest.fixture
def good(backbone: Path, tmp_path: Path) -> Good:
    card = card_for(
        describe_folder(backbone).shape,
        backbone=str(backbone),
        backbone_fingerprint=fingerprint_of(backbone, Silent()),
    )
    native.write(tmp_path / "good", random_prefix(card), card)
    pack(tmp_path / "good", tmp_path / "good.prefix.zip")
    return {name: (tmp_path / "good" / name).read_bytes() for name in (CARD, TENSORS)}


@pytest.mark.parametrize("name", ZIPS)
def test_a_wrong_packed_prefix_is_one_sentence(
    name: str, good: Good, tmp_path: Path, outside: Outside, refuse: Call
) -> None:
    project = ProjectFolder(tmp_path / "project")
    project.write(Project("mine"))
    path = outside.folder.parent / "sent.prefix.zip"
    path.write_bytes(ZIPS[name](good))
    before = set(tmp_path.rglob("*"))
    with bounded_memory(150):
        refuse(["import", str(path), "--project", str(project.path)])
    assert set(tmp_path.rglob("*")) == before


def gguf(entries: bytes = b"", *, version: int = 3, tensors: int = 0, count: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, count) + entries


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def array(kind: int, length: int) -> bytes:
    return text(b"a") + struct.pack("<IIQ", 9, kind, length)


MANY = 1 << 60
ARCHITECTURE = text(b"general.architecture") + struct.pack("<I", 8) + text(b"gpt2")
GGUFS: dict[str, bytes] = {
    "empty": b"",
    "text": b"no model",
    "only a mark": b"GGUF",
    "another version": gguf(version=99),
    "2**60 entries": gguf(count=MANY),
    "2**60 tensors": gguf(tensors=MANY),
    "an array of 2**60 numbers": gguf(array(0, MANY), count=1),
    "an array of 2**60 texts": gguf(array(8, MANY), count=1),
    "arrays in arrays": gguf(array(9, 1) * 100, count=1),
    "a name of 2**60 letters": gguf(struct.pack("<Q", MANY), count=1),
    "an unknown type": gguf(text(b"a") + struct.pack("<I", 77), count=1),
    "no entries": gguf() + bytes(100),
    "of no size": gguf(ARCHITECTURE, count=1) + bytes(100),
    "a tensor of 99 dimensions": gguf(text(b"t") + struct.pack("<I", 99), tensors=1),
    "a tensor behind the end": gguf(text(b"t") + struct.pack("<IQIQ", 1, 4, 0, MANY), tensors=1),
    "a part": gguf(text(b"split.count") + struct.pack("<IH", 2, 3), count=1),
    "a pointer": b"version https://git-lfs.github.com/spec/v1\noid s\n",
}


@pytest.mark.parametrize("name", GGUFS)
def test_a_wrong_gguf_file_is_one_sentence(
    name: str, good: Good, tmp_path: Path, refuse: Call
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(GGUFS[name])
    start_s = time.monotonic()
    with bounded_memory(300):
        refuse(["export", str(tmp_path / "good"), "--format", "llamacpp", "--gguf", str(path),
                "--out", str(tmp_path / "out")])  # fmt: skip
    assert time.monotonic() - start_s < 20
    assert not (tmp_path / "out").exists()


def test_gguf_files_that_are_none_are_one_sentence(
    good: Good, tmp_path: Path, refuse: Call
) -> None:
    (tmp_path / "zero.gguf").symlink_to("/dev/zero")
    (tmp_path / "folder.gguf").mkdir()
    for name in ("zero.gguf", "folder.gguf", "missing.gguf", "a\0b", "~nosuchuser/x.gguf"):
        refuse(["export", str(tmp_path / "good"), "--format", "llamacpp", "--gguf",
                name if "\0" in name or name[0] == "~" else str(tmp_path / name),
                "--out", str(tmp_path / "out")])  # fmt: skip
