"""`decode`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from engine.cli.arguments import decoding_spec, mapping_of
from engine.cli.console import Console, ConsoleReporter, duration, print_scores
from engine.cli.training import import_data
from engine.contract.commands import InspectFile
from engine.contract.data_spec import Mapping
from engine.contract.dataset_store import DatasetStore
from engine.contract.errors import UserError
from engine.contract.training_spec import Device
from engine.data.hub_reader import is_hub_name
from engine.data.inspecting import inspect_file
from engine.exchange.card import is_delta_folder, is_prefix_folder
from engine.reporter import Silent


def decode(arguments: argparse.Namespace) -> int:
    """Decode every distinct input of a file, with its references where the file has them."""
    console = Console()
    source = Path(arguments.data)
    if not is_hub_name(source) and not source.exists():
        raise UserError(f"{source} does not exist: give --data a file with the inputs.")
    if arguments.limit is not None and arguments.limit < 1:
        raise UserError(f"--limit is {arguments.limit}: it must be 1 or more.")
    place = Path(arguments.system)
    for what, found in (("prefix", is_prefix_folder(place)), ("delta", is_delta_folder(place))):
        if found and not arguments.inputs:
            raise UserError(
                f"This {what} came without its run: name the input columns with --source COL."
            )
    from engine.data.examples import inputs_of
    from engine.decoding.files import decode_and_score, save_outputs
    from engine.decoding.systems import Systems

    loaded = Systems(device=Device(arguments.device)).load(
        place, ConsoleReporter(console, "loading")
    )
    decoding = decoding_spec(loaded.decoding, arguments)
    with tempfile.TemporaryDirectory() as folder:
        store_path = Path(folder) / "dataset.sqlite"
        import_data(console, source, store_path)
        with DatasetStore(store_path) as store:
            mapping = _mapping(arguments, loaded.mapping, store, source)
            reporter = ConsoleReporter(console, "reading")
            inputs = inputs_of(store, mapping, loaded.linearisation, reporter)
    inputs = inputs[: arguments.limit]
    if not inputs:
        raise UserError(f"{source} holds no inputs to decode: it has no rows.")
    scored = decode_and_score(
        loaded.system,
        inputs,
        loaded.prompts([one.source for one in inputs]),
        decoding,
        ConsoleReporter(console, "decoding"),
    )
    save_outputs(
        Path(arguments.out), scored, system=loaded.title, run_id=loaded.run_id, split=source.name
    )
    console.line(
        f"{len(scored.rows)} inputs decoded in {duration(scored.seconds)}: {arguments.out}"
    )
    print_scores(console, scored.scores)
    return 0


def _mapping(
    arguments: argparse.Namespace, known: Mapping | None, store: DatasetStore, source: Path
) -> Mapping:
    """The run's mapping, its target only if the file has it; or what the arguments name."""
    if arguments.inputs:
        report = inspect_file(InspectFile(str(source)), Silent())
        return mapping_of(report.columns, inputs=arguments.inputs, target=arguments.target)
    assert known is not None, "only what came without its run has none"
    columns = tuple(
        column
        for column in known.columns
        if column in known.inputs or column.name in store.meta.columns
    )
    return Mapping(columns)
