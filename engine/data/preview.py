"""What the window shows of a dataset before a run: examples, tokens, and the split."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import (
    Preview,
    PreviewExamples,
    PreviewTokens,
    ReportSplit,
    SuggestedMapping,
    SuggestMapping,
    TokenPreview,
)
from engine.contract.reading.reading import PreviewExample, PreviewToken, SplitReport
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping
from engine.data.answer_guess import guess_columns
from engine.data.column_samples import SAMPLE_ROWS
from engine.data.inputs import RowReader
from engine.data.prompt import prompt_name, prompt_named
from engine.data.reading_tokens import reading_tokens
from engine.data.scanning import LastScan
from engine.data.split_report import describe_split
from engine.reporter import Reporter

_last_scan = LastScan()
"""Of this process: the window asks again with every change of the split."""


def preview_examples(command: PreviewExamples, reporter: Reporter) -> Preview:
    """Rows as source and target text; the target is "" where there is no target column.

    Raises:
        UserError: the dataset does not open, or has not the columns of the mapping.
    """
    with DatasetStore(Path(command.store)) as store:
        reader = RowReader(store, command.mapping)
        examples = []
        for row in store.rows(command.start, command.count):
            inputs = reader.input(row.cells)
            examples.append(
                PreviewExample(
                    row_number=row.number,
                    fields=inputs.fields,
                    source=reader.text(row.cells, command.linearisation),
                    target="\n".join(reader.targets(row.cells)),
                )
            )
            reporter.update(len(examples), command.count, "rows")
    return Preview(tuple(examples))


def preview_tokens(command: PreviewTokens, reporter: Reporter) -> TokenPreview:
    """One row as the tokens that a backbone is trained on, with the loss mask.

    Raises:
        UserError: the dataset, the row or the backbone's tokenizer is missing.
    """
    data = command.data
    with DatasetStore(Path(data.dataset)) as store:
        row = next(store.rows(command.row_number, 1), None)
        if row is None or row.number != command.row_number:
            raise UserError(
                "no-such-row",
                "There is no row {row:,}. The dataset has {count:,} rows.",
                row=command.row_number,
                count=store.meta.row_count,
            )
        reader = RowReader(store, data.mapping)
        source = reader.text(row.cells, data.linearisation)
        cells = row.cells
        target = next(iter(reader.targets(row.cells)), "")
    # Imported here: nothing else of this room needs transformers.
    from engine.backbones.config import BackboneConfig
    from engine.backbones.loading import find_folder, load_tokenizer

    reporter.update(0, 1, "rows", "loading the tokenizer")
    tokenizer = load_tokenizer(command.backbone)
    config = BackboneConfig(find_folder(command.backbone))
    apart = config.encoder_decoder
    if reader.kind is not AnswerKind.TEXT:
        read = reading_tokens(tokenizer, reader, cells, pairs=apart or config.reads_only)
        return TokenPreview(
            tuple(read[: data.max_source_tokens]), max(0, len(read) - data.max_source_tokens)
        )
    prompt = prompt_named(prompt_name(data.prompt, encoder_decoder=apart))
    source_ids, source_cut = prompt.cut_source(tokenizer, source, data.max_source_tokens)
    target_ids, target_cut = prompt.encode_target(tokenizer, target, data.max_target_tokens)
    tokens = [
        PreviewToken(tokenizer.decode([token]), token, has_loss)
        for ids, has_loss in ((source_ids, False), (target_ids, True))
        for token in ids
    ]
    return TokenPreview(tuple(tokens), source_cut + target_cut)


def suggest_mapping(command: SuggestMapping, reporter: Reporter) -> SuggestedMapping:
    """Roles of a dataset's columns for what is to be predicted, by its first rows.

    Raises:
        UserError: the dataset does not open.
        Cancelled: through the reporter.
    """
    with DatasetStore(Path(command.store)) as store:
        rows = [row.cells for row in store.rows(1, SAMPLE_ROWS)]
        reporter.update(len(rows), len(rows), "rows")
        guess = guess_columns(store.meta.columns, rows, command.answer)
    return SuggestedMapping(Mapping(guess.columns, guess.answer))


def report_split(command: ReportSplit, reporter: Reporter) -> SplitReport:
    """What a mapping and a split make of a dataset: sizes, and what to check.

    Raises:
        UserError: the dataset does not open, or mapping or split do not fit it.
        Cancelled: through the reporter.
    """
    with DatasetStore(Path(command.store)) as store:
        rows = _last_scan.of(store, command.mapping, reporter)
        return describe_split(rows, store, command.mapping, command.split)
