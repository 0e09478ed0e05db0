"""What the window asks of a long-lived engine (`python -m engine serve`), and the replies."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.errors import Remedy
from engine.contract.protocol.backbones import (
    BackboneList,
    Counted,
    CountParameters,
    FetchBackbone,
    ListBackbones,
    ProbeSpeed,
)
from engine.contract.protocol.data import (
    ExportRejected,
    Imported,
    ImportFile,
    InspectFile,
    Preview,
    PreviewExamples,
    PreviewTemplate,
    PreviewTokens,
    ReportSplit,
    SuggestedMapping,
    SuggestMapping,
    TemplatePreview,
    TokenPreview,
)
from engine.contract.protocol.outputs import (
    CollectStudy,
    Compared,
    CompareOutputs,
    CountPredictions,
    DecodeSplit,
    Generate,
    Generated,
    PredictionCounts,
    ScoreOutputs,
)
from engine.contract.protocol.playground import (
    AttentionShares,
    FormFields,
    FormRow,
    ListFormFields,
    MeasureAttention,
    OutputsStreamed,
    ReadFormRow,
    StreamOutputs,
    WriteInput,
    WrittenInput,
)
from engine.contract.protocol.prefixes import (
    ComparePrefixes,
    ExportPrefix,
    ImportPrefix,
    ListPrefixes,
    MeasurePositions,
    MixPrefixes,
    PackPrefix,
    PositionReport,
    PrefixComparison,
    PrefixInfo,
    PrefixList,
    PushPrefix,
    Verified,
    VerifyPrefix,
)
from engine.contract.protocol.writing import (
    ExportTexts,
    PrepareWriting,
    PreviewInputs,
    WriteAgain,
    WriteTexts,
    WritingPlan,
    WrittenAgain,
)
from engine.contract.reading.reading import (
    FileReport,
    SplitReport,
)
from engine.contract.runs.events import Blame
from engine.contract.runs.speed import Speed
from engine.contract.studies.results import StudyResults

Command = (
    InspectFile
    | ImportFile
    | ExportRejected
    | PreviewExamples
    | PreviewTemplate
    | PreviewTokens
    | SuggestMapping
    | ReportSplit
    | ListBackbones
    | FetchBackbone
    | CountParameters
    | ProbeSpeed
    | ExportPrefix
    | ImportPrefix
    | ListPrefixes
    | VerifyPrefix
    | ComparePrefixes
    | MixPrefixes
    | MeasurePositions
    | PackPrefix
    | PushPrefix
    | Generate
    | DecodeSplit
    | ScoreOutputs
    | CompareOutputs
    | CountPredictions
    | CollectStudy
    | PrepareWriting
    | PreviewInputs
    | WriteTexts
    | WriteAgain
    | ExportTexts
    | ListFormFields
    | ReadFormRow
    | WriteInput
    | StreamOutputs
    | MeasureAttention
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
    | TemplatePreview
    | SuggestedMapping
    | SplitReport
    | BackboneList
    | Counted
    | Speed
    | PrefixInfo
    | PrefixList
    | Verified
    | PrefixComparison
    | PositionReport
    | Generated
    | Compared
    | PredictionCounts
    | StudyResults
    | WritingPlan
    | WrittenAgain
    | FormFields
    | FormRow
    | WrittenInput
    | OutputsStreamed
    | AttentionShares
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
