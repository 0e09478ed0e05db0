"""`decode --prefix-column`: each row of a file behind the prefix that it names."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.cli.arguments import decoding_spec
from engine.cli.console import Console, ConsoleReporter
from engine.cli.inputs import Job, imported, mapping_for, without_run
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.training import DecodingSpec, Device
from engine.contract.tasks.all import decoding_of

SHOWN_NAMES = 10


def job_of_many(arguments: argparse.Namespace, console: Console) -> Job:
    """All inputs of the file, each for the prefix that its row names.

    Raises:
        UserError: a row names no prefix of the folder, or the prefixes cannot stand in one batch:
            they are of different backbones, are decoded differently, or one is an infix.
    """
    from engine.data.examples import InputForm, inputs_by_prefix

    column = arguments.prefix_column
    with imported(console, arguments) as store:
        folders = _folders(Path(arguments.system), store, column)
        from engine.decoding.many import find_prefixes, load_many

        prefixes = find_prefixes(folders)
        for prefix in prefixes:
            if prefix.spec is None and not arguments.inputs:
                raise without_run("prefix", prefix.name)
        decodings = [
            (prefix.name, decoding_spec(decoding_of(prefix.card.task), arguments))
            for prefix in prefixes
        ]
        decoding = _common_decoding(decodings)
        forms = {
            prefix.name: InputForm(
                mapping_for(arguments, prefix.spec.data.mapping if prefix.spec else None, store),
                prefix.card.linearisation,
            )
            for prefix in prefixes
        }
        inputs = inputs_by_prefix(store, column, forms, ConsoleReporter(console, "reading"))
    inputs = inputs[: arguments.limit]
    system, prompts = load_many(
        prefixes, inputs, ConsoleReporter(console, "loading"), device=Device(arguments.device)
    )
    return Job(system, inputs, prompts, decoding, f"{len(prefixes)} prefixes by {column}", "")


def _folders(folder: Path, store: DatasetStore, column: str) -> dict[str, Path]:
    """The prefix names in the column, in their order, with their folders.

    Raises:
        UserError: no such column, no folder, or a row that names none of its subfolders.
    """
    if not folder.is_dir():
        raise UserError(
            "no-folder-of-prefixes",
            "{folder} is not a folder. With --prefix-column, give the folder that holds the "
            "prefixes.",
            folder=folder,
        )
    known = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    index = store.column(column)
    folders: dict[str, Path] = {}
    for row in store.rows():
        name = row.cells[index].strip()
        if name in folders:
            continue
        if not name:
            raise UserError(
                "row-without-prefix",
                "Line {line} names no prefix in the column {column!r}. Give every row the name of "
                "a prefix.",
                line=row.line,
                column=column,
            )
        if name not in known:
            raise UserError(
                "no-such-prefix",
                "Line {line} names the prefix {name!r}, which is not in {folder}. The folders "
                "there are {names}.",
                line=row.line,
                name=name,
                folder=folder,
                names=_listed(known),
            )
        folders[name] = folder / name
    return folders


def _listed(names: list[str]) -> str:
    """Names in a sentence, which stays one where they are many."""
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(map(repr, names[:SHOWN_NAMES])) + more or "none"


def _common_decoding(settings: list[tuple[str, DecodingSpec]]) -> DecodingSpec:
    """The settings that all prefixes share, with the smallest batch.

    Raises:
        UserError: two differ in more than the batch size.
    """
    from engine.decoding.decoder import decoding_signature

    first_name, first = settings[0]
    for name, other in settings:
        signatures = decoding_signature(first), decoding_signature(other)
        if signatures[0] != signatures[1]:
            raise UserError(
                "decoded-differently",
                "The prefixes {first!r} and {second!r} are decoded differently ({settings} and "
                "{others}). Set what differs, such as --strategy or --max-new-tokens.",
                first=first_name,
                second=name,
                settings=signatures[0],
                others=signatures[1],
            )
    return replace(first, batch_size=min(spec.batch_size for _, spec in settings))
