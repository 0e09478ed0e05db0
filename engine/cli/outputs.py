"""`decode`."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backbones.regular import home_path
from engine.cli.arguments import decoding_spec, form_of
from engine.cli.console import Console, ConsoleReporter, duration, print_scores
from engine.cli.inputs import Job, has_texts, imported, mapping_for, standard_input, without_run
from engine.cli.many import job_of_many
from engine.cli.saving import saved
from engine.cli.writing import write_texts
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.training import DecodingSpec, Device
from engine.contract.writing.work import ChosenRows
from engine.data.hub_reader import is_hub_name
from engine.data.tallies import counted
from engine.exchange.card import is_folder_of
from engine.exchange.foreign import ForeignForm

if TYPE_CHECKING:
    from engine.decoding.systems import LoadedSystem


def decode(arguments: argparse.Namespace) -> int:
    """Decode every distinct input of a file that has references; else write its rows' texts."""
    console = Console()
    with ExitStack() as stack:
        if arguments.data == "-":
            arguments.data = str(stack.enter_context(standard_input()))
        source = Path(arguments.data)
        if not is_hub_name(source) and not source.exists():
            raise UserError(
                "inputs-missing",
                "{path} does not exist. Give --data a file with the inputs.",
                path=source,
            )
        ChosenRows(arguments.limit).check()
        if arguments.prefix_column is None:
            return _decode_with_system(arguments, console)
        if form_of(arguments) != ForeignForm():
            raise UserError(
                "options-of-one-prefix",
                "--backbone, --prompt-form and --linearisation describe one prefix. Import each "
                "prefix with its own, and leave them out beside --prefix-column.",
            )
        return _save_outputs(job_of_many(arguments, console), arguments, console)


def _decode_with_system(arguments: argparse.Namespace, console: Console) -> int:
    """With a run, prefix or delta folder."""
    folder = home_path(arguments.system)
    from engine.decoding.systems import Systems

    loaded = Systems(device=Device(arguments.device)).load(
        folder, ConsoleReporter(console, "loading"), form_of(arguments)
    )
    if loaded.mapping is None and not arguments.inputs:
        kind = "delta" if is_folder_of(ArtifactKind.DELTA, folder) else "prefix"
        raise without_run(kind, folder.resolve().name)
    decoding = decoding_spec(loaded.decoding, arguments)
    with imported(console, arguments) as store:
        if not has_texts(arguments, loaded.mapping, store):
            return write_texts(console, arguments, store, loaded, decoding)
        job = _job(arguments, console, store, loaded, decoding)
    return _save_outputs(job, arguments, console)


def _job(
    arguments: argparse.Namespace,
    console: Console,
    store: DatasetStore,
    loaded: LoadedSystem,
    decoding: DecodingSpec,
) -> Job:
    """All distinct inputs of the file."""
    from engine.data.examples import inputs_of

    mapping = mapping_for(arguments, loaded.mapping, store)
    reporter = ConsoleReporter(console, "reading")
    inputs = inputs_of(store, mapping, loaded.linearisation, reporter)[: arguments.limit]
    prompts = loaded.prompts([row.source for row in inputs])
    return Job(loaded.system, inputs, prompts, decoding, loaded.title, loaded.run_id)


def _save_outputs(job: Job, arguments: argparse.Namespace, console: Console) -> int:
    """Decode, score and save."""
    source = Path(arguments.data)
    if not job.inputs:
        raise UserError(
            "no-inputs", "{path} has no rows, so there are no inputs to decode.", path=source
        )
    from engine.decoding.files import decode_and_score, save_outputs

    scored = decode_and_score(
        job.system, job.inputs, job.prompts, job.decoding, ConsoleReporter(console, "decoding")
    )
    out = Path(arguments.out)
    about = {"system": job.title, "run_id": job.run_id, "split": source.name}
    _, out = saved(console, out, lambda path: save_outputs(path, scored, **about))
    inputs = counted(len(scored.rows), "input")
    console.line(f"{inputs} decoded in {duration(scored.seconds)}: {out}")
    print_scores(console, (*scored.scores, *scored.absent))
    return 0
