"""Whether a prefix with a task that writes no texts predicts the same after its export."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.prefixes import Check, ExportPrefix
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.data import Mapping
from engine.contract.tasks.all import TaskSpec, reads_category
from engine.data.examples import EvalInput, load_examples
from engine.decoding.handlers import shared_systems
from engine.decoding.systems import LoadedSystem
from engine.exchange.handlers import export_prefix
from engine.reporter import Reporter, Silent

_WAY = "exported as native and read again"


def check_answers(
    source: Path, run: RunFolder | None, texts: tuple[str, ...], reporter: Reporter
) -> tuple[Check, tuple[str, ...]]:
    """Compare what a few inputs are predicted as, before and after.

    Args:
        source: the run's folder, or the prefix's.
        run: whose data gives the inputs, where it is here.
        texts: the inputs otherwise; how many there are to be.

    Raises:
        UserError: a system cannot be loaded.
    """
    with tempfile.TemporaryDirectory(prefix="verify-") as name:
        out = Path(name) / "native"
        export_prefix(ExportPrefix(str(source), "native", str(out)), Silent())
        systems = [shared_systems().load_any(path, reporter) for path in (source, out)]
        mapping, inputs = _inputs(run, texts, systems[0].task)
        (own, before), (again, after) = (_predicted(each, mapping, inputs) for each in systems)
    # What no answer can be is minus infinity in both.
    difference = float((after - before).nan_to_num().abs().max())
    equal = sum(first == second for first, second in zip(own, again, strict=True))
    return Check(_WAY, difference, equal), tuple(item.source for item in inputs)


@torch.inference_mode()
def _predicted(
    loaded: LoadedSystem, mapping: Mapping, inputs: list[EvalInput]
) -> tuple[list[str], torch.Tensor]:
    """Predictions, and what they were read from."""
    readout = loaded.readout(mapping)
    rows = [row for number, item in enumerate(inputs) for row in readout.rows(item, number)]
    batch = readout.collate(rows)
    with loaded.system.active():
        logits = readout.logits(loaded.system, batch, training=False)
    predictions = readout.predictions(inputs, rows, readout.read(logits, batch))
    return [prediction.text for prediction in predictions], logits.float().cpu()


def _inputs(
    run: RunFolder | None, texts: tuple[str, ...], task: TaskSpec
) -> tuple[Mapping, list[EvalInput]]:
    if run is not None:
        spec = run.read_spec()
        dataset = run.resolve(spec.data.dataset)
        if dataset.is_file():
            with DatasetStore(dataset) as store:
                by_category = reads_category(spec.task)
                examples = load_examples(store, spec.data, Silent(), by_category=by_category)
            held_out = [*examples.test, *examples.valid][: len(texts)]
            if held_out:
                return spec.data.mapping, held_out
    category = next((each.category for each in getattr(task, "categories", ())), "")
    return Mapping(()), [EvalInput(text, (), text, (), category) for text in texts]
