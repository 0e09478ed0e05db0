"""Prefixes and deltas as folders.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.runs.scores import Score
from engine.contract.specs.data import Linearisation, PromptForm


class CacheType(enum.Enum):
    """Number format of a key/value cache, and of a GGUF file that is written."""

    F16 = "f16"
    F32 = "f32"


@dataclass(frozen=True)
class ExportPrefix:
    """Write a finished run's prefix. Reply: `Done`.

    Attributes:
        source: a run folder or a native prefix folder.
        format: a name of `engine.contract.exports.EXPORTS`.
        gguf: of "llamacpp", the backbone as a GGUF file; "" where it is to be written.
        write_gguf: of "llamacpp", the format in which the backbone is written as a GGUF file too.
        cache_type: of "llamacpp" and "mlx", that of the cache.
        flash_attention: of "llamacpp", whether it is on when the cache is read.
    """

    source: str
    format: str
    out: str
    gguf: str = ""
    write_gguf: CacheType | None = None
    cache_type: CacheType = CacheType.F16
    flash_attention: bool = True


@dataclass(frozen=True)
class ImportPrefix:
    """Copy a native or PEFT prefix folder into a project's prefixes. Reply: `PrefixInfo`.

    Attributes:
        backbone, prompt, linearisation: what a PEFT folder by another program does not say, or
            says of another machine; "" and None for what it says and this program's defaults.
    """

    path: str
    project: str
    backbone: str = ""
    prompt: PromptForm | None = None
    linearisation: Linearisation | None = None


@dataclass(frozen=True)
class PrefixInfo:
    """A trained prefix as its card tells it."""

    path: str
    name: str
    backbone: str
    backbone_fingerprint: str
    prefix_length: int
    method: str
    stored_bytes: int
    trained_on: str = ""
    created_s: float = 0.0
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True)
class ListPrefixes:
    """Describe the prefix folders of a project. Reply: `PrefixList`."""

    project: str


@dataclass(frozen=True)
class PrefixList:
    """Prefixes of a project; `damaged` holds (path, sentence) of folders that do not open."""

    prefixes: tuple[PrefixInfo, ...]
    damaged: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class VerifyPrefix:
    """Check that folded and trained outputs are equal, and files whole. Reply: `Done`."""

    path: str
