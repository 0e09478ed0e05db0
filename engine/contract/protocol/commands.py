"""What the window asks of a long-lived engine (`python -m engine serve`), and the replies.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.backbone import BackboneEntry
from engine.contract.errors import Remedy
from engine.contract.methods.all import MethodSpec
from engine.contract.metrics import DEFAULT_METRICS
from engine.contract.reading.reading import (
    FileReport,
    Finding,
    PreviewExample,
    PreviewToken,
    ReadOptions,
    SplitReport,
)
from engine.contract.runs.events import Blame
from engine.contract.runs.scores import Encoder, MeanDifference, Score
from engine.contract.runs.speed import Speed
from engine.contract.specs.data import DataSpec, Linearisation, Mapping, PromptForm, Split
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import DecodingSpec
from engine.contract.studies.results import StudyResults


@dataclass(frozen=True)
class InspectFile:
    """Look at a file without importing it. Reply: `FileReport`."""

    path: str
    options: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True)
class ImportFile:
    """Read a whole file into a dataset file. Reply: `Imported`."""

    path: str
    options: ReadOptions
    store: str


@dataclass(frozen=True)
class Imported:
    """A file became a dataset."""

    store: str
    row_count: int
    rejected_count: int
    fingerprint: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ExportRejected:
    """Write the rejected rows of a dataset as a table (line, reason, text). Reply: `Done`.

    Attributes:
        out: ends in .csv or .xlsx.
    """

    store: str
    out: str


@dataclass(frozen=True)
class PreviewExamples:
    """Rows `start` to `start + count - 1` as source and target text. Reply: `Preview`."""

    store: str
    mapping: Mapping
    linearisation: Linearisation
    start: int
    count: int


@dataclass(frozen=True)
class Preview:
    """Rows as text."""

    examples: tuple[PreviewExample, ...]


@dataclass(frozen=True)
class PreviewTokens:
    """One row as the model sees it. Reply: `TokenPreview`."""

    data: DataSpec
    backbone: str
    row_number: int


@dataclass(frozen=True)
class TokenPreview:
    """One row as tokens; `cut_tokens` were beyond the limits."""

    tokens: tuple[PreviewToken, ...]
    cut_tokens: int = 0


@dataclass(frozen=True)
class ReportSplit:
    """Apply a mapping and a split to a dataset. Reply: `SplitReport`."""

    store: str
    mapping: Mapping
    split: Split


@dataclass(frozen=True)
class ListBackbones:
    """The catalog with what is on disk. Reply: `BackboneList`."""

    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackboneList:
    """The catalog; `device` is what AUTO would choose, with its memory in bytes.

    Attributes:
        cache_folder: where fetched backbones are saved on this machine.
    """

    entries: tuple[BackboneEntry, ...]
    device: str = "cpu"
    device_memory_bytes: int = 0
    cache_folder: str = ""


@dataclass(frozen=True)
class FetchBackbone:
    """Bring a backbone of the catalog to this machine, with progress. Reply: `Done`."""

    name: str


@dataclass(frozen=True)
class CountParameters:
    """How many parameters a method trains where its `MethodInfo` cannot tell. Reply: `Counted`.

    Fails where the method cannot train this backbone.
    """

    backbone: str
    method: MethodSpec


@dataclass(frozen=True)
class Counted:
    """Trained parameters."""

    parameters: int


@dataclass(frozen=True)
class ProbeSpeed:
    """Take two optimiser steps of a run, and decode a few tokens, for their time. Reply: `Speed`.

    Attributes:
        spec: with the dataset's whole path; nothing of the run is written.
    """

    spec: RunSpec


@dataclass(frozen=True)
class ExportPrefix:
    """Write a finished run's prefix. Reply: `Done`.

    Attributes:
        source: a run folder or a native prefix folder.
        format: "native" or "peft".
    """

    source: str
    format: str
    out: str


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


@dataclass(frozen=True)
class Generate:
    """Decode a few inputs now. Reply: `Generated`.

    Attributes:
        system: a run folder, a prefix folder, or "" for the bare backbone `backbone`.
    """

    system: str
    backbone: str
    inputs: tuple[str, ...]
    decoding: DecodingSpec = field(default_factory=DecodingSpec)


@dataclass(frozen=True)
class Generated:
    """Outputs in the order of the inputs."""

    outputs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class DecodeSplit:
    """Decode a split of a run's dataset with another system or decoding. Reply: `Done`.

    Attributes:
        run: run folder whose dataset, mapping, linearisation and split are used.
        system: a run folder, a prefix folder, or "" for the bare backbone.
        out: outputs file to write.
    """

    run: str
    system: str
    split: str
    decoding: DecodingSpec
    out: str


@dataclass(frozen=True)
class CollectStudy:
    """Score a study's finished runs and write its figure and tables. Reply: `StudyResults`."""

    project: str
    study_id: str


@dataclass(frozen=True)
class ScoreOutputs:
    """Score an outputs file, and its rows, in place. Reply: `Done`.

    Attributes:
        encoder: for bertscore.
    """

    path: str
    metrics: tuple[str, ...] = DEFAULT_METRICS
    encoder: Encoder = field(default_factory=Encoder)


@dataclass(frozen=True)
class CompareOutputs:
    """Test the differences of row scores of outputs files to the first. Reply: `Compared`.

    Rows that not all files have are left out.

    Attributes:
        paths: of two files or more.
        metrics: that rows have scores of; a pair of files without one has no difference.
        base: index of the file whose rows are looked up in the others, by `runs.alignment`.
    """

    paths: tuple[str, ...]
    metrics: tuple[str, ...]
    base: int = 0


@dataclass(frozen=True)
class RowDifference:
    """A metric of one file less that of the first; `file` is its index in the question."""

    metric: str
    file: int
    mean: MeanDifference


@dataclass(frozen=True)
class Compared:
    """The differences that there are."""

    differences: tuple[RowDifference, ...]


Command = (
    InspectFile
    | ImportFile
    | ExportRejected
    | PreviewExamples
    | PreviewTokens
    | ReportSplit
    | ListBackbones
    | FetchBackbone
    | CountParameters
    | ProbeSpeed
    | ExportPrefix
    | ImportPrefix
    | ListPrefixes
    | VerifyPrefix
    | Generate
    | DecodeSplit
    | ScoreOutputs
    | CompareOutputs
    | CollectStudy
)


@dataclass(frozen=True)
class Done:
    """It is done; `message` says what there is now, and where."""

    message: str = ""


Reply = (
    FileReport
    | Imported
    | Preview
    | TokenPreview
    | SplitReport
    | BackboneList
    | Counted
    | Speed
    | PrefixInfo
    | PrefixList
    | Generated
    | Compared
    | StudyResults
    | Done
)


@dataclass(frozen=True)
class Progress:
    """How far a command is; `total` 0 means unknown. `unit` is "bytes", "rows", "tokens"."""

    done: int
    total: int
    unit: str
    text: str = ""


@dataclass(frozen=True)
class Failure:
    """A command failed; the fields are those of `RunFailed`."""

    blame: Blame
    message: str
    remedies: tuple[Remedy, ...] = ()
    traceback: str = ""
    code: str = ""
