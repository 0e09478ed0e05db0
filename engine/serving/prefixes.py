"""The prefixes that are served: one backbone in memory, and how each reads its inputs."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.runs.cards import Card
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.training import DecodingSpec, Device, Strategy
from engine.contract.tasks.all import decoding_of
from engine.data.inputs import input_of
from engine.data.json_rows import item_cells
from engine.data.prompt import prompt_named
from engine.decoding.decoder import check_positions
from engine.decoding.many import find_prefixes, load_prefixes
from engine.decoding.systems import DEFAULT_SOURCE_TOKENS
from engine.methods.per_row import PrefixPerRow
from engine.reporter import Reporter


@dataclass(frozen=True)
class ServedPrefix:
    """A prefix, as a request names it.

    Attributes:
        row: its number in the system.
        mapping: of the run that made it; None for a prefix that came without its run.
    """

    name: str
    row: int
    card: Card
    mapping: Mapping | None
    max_source_tokens: int

    @property
    def decoding(self) -> DecodingSpec:
        """How it decodes where a request says nothing: as its run, without beams."""
        decoding = decoding_of(self.card.task)
        if decoding.strategy is Strategy.BEAM:
            decoding = replace(decoding, strategy=Strategy.GREEDY)
        return decoding

    def text_of(self, fields: MappingOf[str, Any]) -> str:
        """Fields as the prefix was trained to read them.

        Raises:
            UserError: a field is not among its run's columns, or none has a text.
        """
        cells = item_cells(dict(fields))
        mapping = self.mapping or Mapping(tuple(Column(name, Role.FIELD) for name in cells))
        known = [column.name for column in mapping.columns]
        unknown = [name for name in cells if name not in known]
        inputs = [column.name for column in mapping.inputs]
        if unknown:
            raise UserError(
                "unknown-fields",
                "{prefix!r} was not trained on the fields {unknown}. Its fields are {known}.",
                prefix=self.name,
                unknown=", ".join(map(repr, unknown)),
                known=", ".join(map(repr, inputs)),
            )
        if not any(cells.get(name, "").strip() for name in inputs):
            raise UserError(
                "fields-without-text",
                "None of the fields has a text. Give {prefix!r} at least one of {known}.",
                prefix=self.name,
                known=", ".join(map(repr, inputs)) or "its fields",
            )
        row = input_of((c.name, c.role, cells.get(c.name, "")) for c in mapping.inputs)
        return row.text(self.card.linearisation)


class ServedPrefixes:
    """All prefixes that are served, over one backbone.

    Attributes:
        system: knows a prefix by its row.
        by_name: in the order in which they were named.
    """

    def __init__(self, system: PrefixPerRow, prefixes: Sequence[ServedPrefix]) -> None:
        self.system = system
        self.by_name = {prefix.name: prefix for prefix in prefixes}

    @property
    def backbone(self) -> Backbone:
        """What all of them stand before."""
        return self.system.backbone

    def prompt(self, prefix: ServedPrefix, source: str, decoding: DecodingSpec) -> list[int]:
        """Token ids of a source text, cut as in training.

        Raises:
            UserError: the text is none, or the output does not fit behind it.
        """
        form = prompt_named(prefix.card.prompt)
        ids = form.encode_source(self.backbone.tokenizer, source, prefix.max_source_tokens)
        check_positions(self.system, [ids], decoding)
        return ids


def load_served(
    folders: MappingOf[str, Path], reporter: Reporter, *, backbone: str = "", device: Device
) -> ServedPrefixes:
    """Load prefix or run folders, by the names under which they are served.

    Args:
        folders: at least one.
        backbone: where the user says which it is; else the run or the card does.

    Raises:
        UserError: a folder holds no prefix, or they do not fit over one backbone.
    """
    named = find_prefixes(folders)
    loaded, key_values = load_prefixes(named, reporter, backbone=backbone, device=device)
    served = [
        ServedPrefix(
            name=prefix.name,
            row=row,
            card=prefix.card,
            mapping=prefix.spec.data.mapping if prefix.spec else None,
            max_source_tokens=(
                prefix.spec.data.max_source_tokens if prefix.spec else DEFAULT_SOURCE_TOKENS
            ),
        )
        for row, prefix in enumerate(named)
    ]
    return ServedPrefixes(PrefixPerRow(loaded, key_values, range(len(served))), served)
