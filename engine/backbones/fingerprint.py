"""The fingerprint of a backbone: which weights and which vocabulary a prefix was trained on.

It is computed from what the files mean and not over their bytes, so that another version of a
library, other shards or another order of a file's entries leave it as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.backbones.paths import cache_folder
from engine.backbones.regular import (
    VOCABULARY_BYTES,
    check_folder,
    damaged_file,
    read_json,
    read_regular,
)
from engine.backbones.tensor_files import saved_tensors, weight_files
from engine.contract import codec
from engine.contract.errors import UserError, WorkbenchError
from engine.contract.files.writing import write_atomically
from engine.reporter import Reporter

log = logging.getLogger(__name__)

TOKENIZER_FILE = "tokenizer.json"
_OLDER_TOKENIZER_FILES = (
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
)
_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class FileStamp:
    """What tells without reading whether a file has changed."""

    path: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True)
class FingerprintNote:
    """A fingerprint in the cache folder."""

    stamps: tuple[FileStamp, ...]
    fingerprint: str
    version: int = 1


def fingerprint_of(folder: Path, reporter: Reporter) -> str:
    """The fingerprint of the backbone in `folder`: 64 hexadecimal digits.

    Reads all weights the first time, and only checks sizes and times after that.

    Raises:
        UserError: weights or tokenizer are missing or damaged.
    """
    folder = folder.absolute()
    check_folder(folder)
    files = (*weight_files(folder), *tokenizer_files(folder))
    stamps = tuple(_stamp(file) for file in files)
    key = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    note = cache_folder() / "fingerprints" / f"{key}.json"
    known = _read_note(note)
    if known is not None and known.stamps == stamps:
        return known.fingerprint
    fingerprint = take_fingerprint(folder, reporter)
    try:
        write_atomically(note, codec.to_text(FingerprintNote(stamps, fingerprint)))
    except (WorkbenchError, OSError) as error:  # it only costs time at the next load
        log.warning("The fingerprint of %s could not be saved: %s", folder, error)
    return fingerprint


def folder_with(fingerprint: str) -> Path | None:
    """A folder on this machine that was seen with this fingerprint and has not changed."""
    for path in sorted((cache_folder() / "fingerprints").glob("*.json")):
        note = _read_note(path)
        if note is None or note.fingerprint != fingerprint:
            continue
        with contextlib.suppress(OSError):
            if all(_stamp(Path(stamp.path)) == stamp for stamp in note.stamps):
                return Path(note.stamps[0].path).parent
    return None


def take_fingerprint(folder: Path, reporter: Reporter) -> str:
    """The same, reading everything."""
    digest = hashlib.sha256()
    _add_weights(digest, folder, reporter)
    _add_vocabulary(digest, folder)
    return digest.hexdigest()


def tokenizer_files(folder: Path) -> tuple[Path, ...]:
    """The files that hold the vocabulary.

    Raises:
        UserError: there are none.
    """
    if (folder / TOKENIZER_FILE).is_file():
        return (folder / TOKENIZER_FILE,)
    older = [folder / name for name in _OLDER_TOKENIZER_FILES if (folder / name).is_file()]
    if not older:
        raise UserError(
            "tokenizer-missing",
            "{folder} has no tokenizer: {file} is missing. Save the backbone's tokenizer "
            "into the same folder.",
            folder=folder,
            file=TOKENIZER_FILE,
        )
    return tuple(older)


def is_complete(folder: Path) -> bool:
    """Whether weights and tokenizer are there; a download that was cancelled may lack some."""
    try:
        return bool(weight_files(folder) and tokenizer_files(folder))
    except UserError:
        return False


def _add_weights(digest: Any, folder: Path, reporter: Reporter) -> None:
    tensors = saved_tensors(folder)
    total, done = sum(tensor.end - tensor.start for tensor in tensors), 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.name):
        digest.update(f"{tensor.name}|{tensor.dtype}|{tensor.shape}\n".encode())
        with open(tensor.file, "rb") as stream:
            stream.seek(tensor.start)
            left = tensor.end - tensor.start
            while left:
                chunk = stream.read(min(left, _CHUNK_BYTES))
                if not chunk:
                    raise damaged_file(tensor.file, "it ends too early")
                digest.update(chunk)
                left -= len(chunk)
                done += len(chunk)
                reporter.update(done, total, "bytes", "Taking the backbone's fingerprint")


def _add_vocabulary(digest: Any, folder: Path) -> None:
    for file in tokenizer_files(folder):
        if file.name != TOKENIZER_FILE:
            digest.update(f"{file.name}\n".encode())
            digest.update(read_regular(file, VOCABULARY_BYTES))
            continue
        try:
            tokenizer = read_json(file, VOCABULARY_BYTES)
            model = tokenizer["model"]
            # Merges are pairs in newer files and "left right" in older ones.
            merges = [m if isinstance(m, str) else " ".join(m) for m in model.get("merges", ())]
            added = [[t["id"], t["content"]] for t in tokenizer.get("added_tokens", ())]
            meaning = [model["vocab"], merges, sorted(added)]
            text = json.dumps(meaning, sort_keys=True).encode("utf-8")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise damaged_file(file, repr(error)) from error
        digest.update(text)


def _stamp(file: Path) -> FileStamp:
    stat = os.stat(file)
    return FileStamp(str(file), stat.st_size, stat.st_mtime_ns)


def _read_note(path: Path) -> FingerprintNote | None:
    try:
        return codec.from_text(FingerprintNote, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, WorkbenchError):
        return None
