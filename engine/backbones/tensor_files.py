"""Looking into safetensors files without torch: names, types, shapes and where the bytes lie.

Format: an unsigned 64-bit length, that many bytes of JSON, then the tensors
(https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import math
import operator
from dataclasses import dataclass
from pathlib import Path

from engine.backbones.regular import (
    LFS_POINTER,
    VOCABULARY_BYTES,
    check_regular,
    damaged_file,
    lfs_pointer,
    read_json,
)
from engine.contract.errors import UserError

_MAX_HEADER_BYTES = 100_000_000

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"

_RUNS_CODE = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".pkl", ".pickle", ".ot")


@dataclass(frozen=True)
class SavedTensor:
    """One tensor of a file; its bytes are `file[start:end]`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    end: int

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that hold the weights of a folder in transformers' format.

    Raises:
        UserError: there are none, or some are missing.
    """
    if (folder / SINGLE).is_file():
        return (folder / SINGLE,)
    if (folder / INDEX).is_file():
        return _shards(folder)
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in _RUNS_CODE)
    if pickles:
        raise UserError(
            "weights-could-run-code",
            "{folder} holds its weights in {file}, which could run code. Save the backbone "
            "as safetensors first: only safetensors and JSON files are read.",
            folder=folder,
            file=pickles[0],
        )
    raise UserError(
        "weights-missing",
        "{folder} holds no weights: {file} is missing. Choose a folder written by "
        "transformers' save_pretrained.",
        folder=folder,
        file=SINGLE,
    )


def saved_tensors(folder: Path) -> list[SavedTensor]:
    """The tensors of all weight files of a folder.

    Raises:
        UserError: as `weight_files` and `read_tensors`.
    """
    return [tensor for file in weight_files(folder) for tensor in read_tensors(file)]


def read_tensors(file: Path) -> list[SavedTensor]:
    """Describe the tensors of a safetensors file, in the order of their names.

    Raises:
        UserError: it is damaged or no safetensors file.
    """
    try:
        check_regular(file)
        size = file.stat().st_size
        with open(file, "rb") as stream:
            first = stream.read(len(LFS_POINTER))
            if first == LFS_POINTER:
                raise lfs_pointer(file)
            length = int.from_bytes(first[:8], "little")
            stream.seek(8)
            if not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
                raise ValueError(f"its header would be {length} bytes long")
            header = json.loads(stream.read(length))
        tensors = []
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            start, end = entry["data_offsets"]
            shape = tuple(operator.index(number) for number in entry["shape"])
            if not 0 <= start <= end or min(shape, default=0) < 0:
                raise ValueError(f"the tensor {name!r} has no place or size that can be")
            data_start = 8 + length
            if data_start + end > size:
                raise ValueError(f"{data_start + end - size} bytes are missing at its end")
            dtype = str(entry["dtype"])
            tensors.append(
                SavedTensor(name, dtype, shape, file, data_start + start, data_start + end)
            )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged_file(file, error) from error
    return sorted(tensors, key=lambda tensor: tensor.name)


def _shards(folder: Path) -> tuple[Path, ...]:
    try:
        index = read_json(folder / INDEX, VOCABULARY_BYTES)
        names = sorted(set(index["weight_map"].values()))
        outside = [name for name in names if Path(name).name != name]
        if outside:
            raise ValueError(f"it names {outside[0]!r}, which is no file of the folder")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged_file(folder / INDEX, error) from error
    files = [folder / name for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise UserError(
            "weight-files-missing",
            "{folder} lacks {missing} of its {files} weight files, such as {first}. Fetch or "
            "copy the backbone again.",
            folder=folder,
            missing=len(missing),
            files=len(files),
            first=missing[0],
        )
    return tuple(files)
