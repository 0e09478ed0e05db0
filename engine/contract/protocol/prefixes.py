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
    """A trained prefix as its card tells it; `project` is the name of the project it is in."""

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
    project: str = ""


@dataclass(frozen=True)
class ListPrefixes:
    """Describe the prefix folders of a project. Reply: `PrefixList`.

    Attributes:
        others: further projects; those that are missing or do not open are left out.
    """

    project: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrefixList:
    """Prefixes of projects; `damaged` holds (path, sentence) of folders that do not open."""

    prefixes: tuple[PrefixInfo, ...]
    damaged: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class VerifyPrefix:
    """Check a prefix's files and backbone, and what it computes after each export.

    Reply: `Verified`.
    """

    path: str


@dataclass(frozen=True)
class Check:
    """A way on which a prefix came back, and how its outputs compare with the prefix's own.

    Attributes:
        way: such as "exported as PEFT and imported".
        largest_difference: of a logit of the first new token, over all inputs.
        equal_outputs: how many of the inputs have the same greedy output.
    """

    way: str
    largest_difference: float
    equal_outputs: int


@dataclass(frozen=True)
class Verified:
    """What was compared.

    Attributes:
        message: all of it in words.
        inputs: what was decoded.
    """

    message: str
    inputs: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class ComparePrefixes:
    """Compare the numbers of two prefixes. Reply: `PrefixComparison`.

    Attributes:
        first, second: run or prefix folders, whose keys have one width.
    """

    first: str
    second: str


@dataclass(frozen=True)
class LayerComparison:
    """An attention that both prefixes stand before.

    Attributes:
        key_norms, value_norms: mean over positions of the length of the vector of all heads; of
            the first and the second prefix.
        key_cosine, value_cosine: of the two, position by position where both have as many, else of
            their means.
    """

    site: str
    key_norms: tuple[float, float]
    value_norms: tuple[float, float]
    key_cosine: float
    value_cosine: float


@dataclass(frozen=True)
class PrefixPoint:
    """A position of a prefix on the two principal components.

    Attributes:
        prefix: 0 or 1.
        position: from 0.
        word: of an embedding-only prefix, the vocabulary's word with the nearest values in the
            first layer, else "".
    """

    prefix: int
    position: int
    key: tuple[float, float]
    value: tuple[float, float]
    word: str = ""


@dataclass(frozen=True)
class PrefixComparison:
    """The numbers of two prefixes beside each other.

    Attributes:
        names: of the two.
        explained: share of the variance on the two components, of keys and of values.
    """

    names: tuple[str, str]
    layers: tuple[LayerComparison, ...]
    points: tuple[PrefixPoint, ...]
    explained: tuple[float, float]


@dataclass(frozen=True)
class MixPrefixes:
    """Write a prefix between two of one backbone. Reply: `PrefixInfo`.

    Attributes:
        first, second: run or prefix folders.
        share: of the second, from 0 to 1.
        out: folder to write; a prefix folder there is replaced.
    """

    first: str
    second: str
    share: float
    out: str


@dataclass(frozen=True)
class MeasurePositions:
    """Measure a run's prefix without each of its positions. Reply: `PositionReport`.

    Attributes:
        run: a finished run's folder.
        rows: how many validation rows, at most.
        outputs: for how many of their inputs outputs are made.
    """

    run: str
    rows: int = 32
    outputs: int = 3


@dataclass(frozen=True)
class PositionEffect:
    """What becomes of a prefix without a position.

    Attributes:
        position: from 0.
        loss: nats per target token on the same rows.
        outputs: of the same inputs, greedily.
    """

    position: int
    loss: float
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class PositionReport:
    """How a prefix does whole, and without each position.

    Attributes:
        rows: how many validation rows were used.
        inputs, outputs: what was decoded, and the whole prefix's outputs.
    """

    loss: float
    rows: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    effects: tuple[PositionEffect, ...]


@dataclass(frozen=True)
class PackPrefix:
    """Write a prefix with its card as one file. Reply: `Done`.

    Attributes:
        source: a run folder or a prefix folder.
        out: the file, which ends in ".prefix.zip".
    """

    source: str
    out: str


@dataclass(frozen=True)
class PushPrefix:
    """Put a prefix on the model hub. Reply: `Done`.

    Attributes:
        source: a run folder or a prefix folder.
        name: of the repository, OWNER/NAME; made, and private, if it is not there.
    """

    source: str
    name: str
