"""`decode`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backbones.regular import home_path
from engine.cli.arguments import decoding_spec, form_of, refuse_decoding_options
from engine.cli.console import Console, ConsoleReporter, duration, print_scores
from engine.cli.inputs import Job, has_texts, imported, mapping_for, standard_input, without_run
from engine.cli.many import job_of_many
from engine.cli.saving import saved
from engine.cli.writing import write_texts
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import DecodingSpec, Device
from engine.contract.tasks.all import read_columns, reads_category, task_info
from engine.contract.writing.work import ChosenRows
from engine.data.hub_reader import is_hub_name
from engine.data.tallies import counted
from engine.exchange.card import is_folder_of
from engine.exchange.foreign import ForeignForm

if TYPE_CHECKING:
    from engine.data.examples import EvalInput
    from engine.decoding.systems import LoadedSystem
    from engine.tasks.base import Predictions


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

    loaded = Systems(device=Device(arguments.device)).load_any(
        folder, ConsoleReporter(console, "loading"), form_of(arguments)
    )
    if loaded.mapping is None and not arguments.inputs:
        kind = "delta" if is_folder_of(ArtifactKind.DELTA, folder) else "prefix"
        raise without_run(kind, folder.resolve().name)
    if task_info(loaded.task).answer is not AnswerKind.TEXT:
        return _read_answers(arguments, console, loaded)
    decoding = decoding_spec(loaded.decoding, arguments)
    with imported(console, arguments) as store:
        if not has_texts(arguments, loaded.mapping, store):
            return write_texts(console, arguments, store, loaded, decoding)
        job = _job(arguments, console, store, loaded, decoding)
    return _save_outputs(job, arguments, console)


def _read_answers(arguments: argparse.Namespace, console: Console, loaded: LoadedSystem) -> int:
    """Predict the labels, tags or spans of a file's inputs, and score those that have answers."""
    from engine.data.examples import inputs_of
    from engine.tasks.reading.predicting import predict

    refuse_decoding_options(arguments, loaded.task)
    with imported(console, arguments) as store:
        mapping = mapping_for(arguments, loaded.mapping, store, task_info(loaded.task).answer)
        if not has_texts(arguments, loaded.mapping, store):
            mapping = replace(mapping, columns=read_columns(mapping, loaded.task))
        inputs = inputs_of(
            store,
            mapping,
            loaded.linearisation,
            ConsoleReporter(console, "reading"),
            by_category=reads_category(loaded.task),
        )[: arguments.limit]
    _check_inputs(arguments, inputs)
    readout = loaded.readout(mapping)
    reporter = ConsoleReporter(console, "predicting")
    scored = predict(readout, loaded.system, inputs, reporter)
    for note in readout.notes():
        console.line(f"  note: {note}")
    return _save(
        scored, arguments, console, title=loaded.title, run_id=loaded.run_id, done="predicted"
    )


def _job(
    arguments: argparse.Namespace,
    console: Console,
    store: DatasetStore,
    loaded: LoadedSystem,
    decoding: DecodingSpec,
) -> Job:
    """All distinct inputs of the file."""
    from engine.data.examples import inputs_of

    mapping = mapping_for(arguments, loaded.mapping, store, AnswerKind.TEXT)
    reporter = ConsoleReporter(console, "reading")
    inputs = inputs_of(store, mapping, loaded.linearisation, reporter)[: arguments.limit]
    prompts = loaded.prompts([row.source for row in inputs])
    return Job(loaded.system, inputs, prompts, decoding, loaded.title, loaded.run_id)


def _save_outputs(job: Job, arguments: argparse.Namespace, console: Console) -> int:
    """Decode, score and save."""
    _check_inputs(arguments, job.inputs)
    from engine.decoding.files import decode_and_score

    scored = decode_and_score(
        job.system, job.inputs, job.prompts, job.decoding, ConsoleReporter(console, "decoding")
    )
    return _save(scored, arguments, console, title=job.title, run_id=job.run_id)


def _check_inputs(arguments: argparse.Namespace, inputs: Sequence[EvalInput]) -> None:
    if not inputs:
        raise UserError(
            "no-inputs",
            "{path} has no rows, and so no inputs.",
            path=Path(arguments.data),
        )


def _save(
    scored: Predictions,
    arguments: argparse.Namespace,
    console: Console,
    *,
    title: str,
    run_id: str,
    done: str = "decoded",
) -> int:
    from engine.decoding.files import save_outputs

    about = {"system": title, "run_id": run_id, "split": Path(arguments.data).name}
    out = Path(arguments.out)
    _, out = saved(console, out, lambda path: save_outputs(path, scored, **about))
    inputs = counted(len(scored.rows), "input")
    console.line(f"{inputs} {done} in {duration(scored.seconds)}: {out}")
    print_scores(console, (*scored.scores, *scored.absent))
    return 0
