"""Rows in a template for the window, without torch."""

from __future__ import annotations

from pathlib import Path

from engine.backbones.loading import load_tokenizer
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import (
    PreviewTemplate,
    TemplatePreview,
    TemplateRow,
    TemplateToken,
)
from engine.data.inputs import RowReader
from engine.reporter import Reporter
from engine.templates.filling import TemplateFiller
from engine.templates.label_words import label_word_tokens
from engine.templates.pieces import Pieces, PieceTokenizer


def preview_template(command: PreviewTemplate, reporter: Reporter) -> TemplatePreview:
    """Rows as a backbone reads them in a template, and the tokens of the label words.

    Raises:
        UserError: the template does not fit the columns or the backbone, or one of dataset and
            backbone is missing.
    """
    data = command.data
    columns = tuple(column.name for column in data.mapping.inputs)
    template = command.words.template_for(columns)
    reporter.update(0, command.count, "rows", "loading the tokenizer")
    tokenizer = PieceTokenizer(load_tokenizer(command.backbone), command.kind)
    filler = TemplateFiller(
        template, columns, tokenizer=tokenizer, max_tokens=data.max_source_tokens
    )
    with DatasetStore(Path(data.dataset)) as store:
        reader = RowReader(store, data.mapping)
        cells = [reader.parts(row.cells) for row in store.rows(command.start, command.count)]
    rows = []
    for each in cells:
        filled = filler.row(each)
        tokens = _tokens(filler.whole(filled.pieces), tokenizer)
        rows.append(TemplateRow(tuple(tokens), filled.cut))
        reporter.update(len(rows), command.count, "rows")
    try:
        words = command.words.words().of(command.labels)
    except UserError as problem:
        return TemplatePreview(tuple(rows), (), problem.message)
    made = label_word_tokens(command.labels, words, tokenizer, space=filler.has_space)
    return TemplatePreview(tuple(rows), tuple(made))


def _tokens(pieces: Pieces, tokenizer: PieceTokenizer) -> list[TemplateToken]:
    soft = {index for index, _ in pieces.soft}
    texts = tokenizer.tokens(pieces.ids)
    tokens = [
        TemplateToken("", soft=True)
        if index in soft
        else TemplateToken("", is_blank=True)
        if index == pieces.blank
        else TemplateToken(text)
        for index, text in enumerate(texts)
    ]
    if tokenizer.kind is not BackboneKind.MASKED:  # what is written next
        tokens.append(TemplateToken("", is_blank=True))
    return tokens
