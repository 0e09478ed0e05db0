"""The window's decoding commands: a few inputs now, or a whole split with another system."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.commands import Done
from engine.contract.protocol.outputs import DecodeSplit, Generate, Generated
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import PromptForm
from engine.contract.tasks.all import reads_category, task_info
from engine.data.examples import load_examples
from engine.decoding.decoder import decode
from engine.decoding.files import decode_and_score, save_outputs
from engine.decoding.systems import LoadedSystem, Systems
from engine.reporter import Reporter
from engine.tasks.reading.predicting import predict

MAX_BACKBONES = 3
"""The frozen one, and fine-tuned models next to it."""
systems: list[Systems] = []
"""One per engine process: what makes the engine worth keeping alive is the loaded backbone."""


def generate(command: Generate, reporter: Reporter) -> Generated:
    """Decode a few inputs.

    Raises:
        UserError: the system cannot be loaded, or an input does not fit its positions.
    """
    start = time.monotonic()
    loaded = _load(command.system, command.backbone, reporter)
    prompts = loaded.prompts(command.inputs)
    decoded = decode(loaded.system, prompts, command.decoding, reporter)
    return Generated(decoded.texts, time.monotonic() - start)


def decode_split(command: DecodeSplit, reporter: Reporter) -> Done:
    """Decode a split of a run's dataset with that run, another system, or the bare backbone.

    Raises:
        UserError: run, dataset or system cannot be loaded, or the split is empty.
    """
    folder = RunFolder(Path(command.run))
    spec = folder.read_spec()
    with DatasetStore(folder.resolve(spec.data.dataset)) as store:
        by_category = reads_category(spec.task)
        examples = load_examples(store, spec.data, reporter, by_category=by_category)
    sides = {"valid": examples.valid, "test": examples.test}
    if command.split not in sides:
        raise UserError(
            "no-such-split",
            "The split is {split!r}. It must be valid or test.",
            split=command.split,
        )
    inputs = sides[command.split]
    if not inputs:
        raise UserError(
            "split-without-inputs",
            "The split {split!r} of this run holds no inputs.",
            split=command.split,
        )
    answer = spec.data.mapping.answer
    if answer is AnswerKind.TEXT:
        loaded = _load(command.system, spec.backbone, reporter, form=spec.data.prompt)
        loaded = replace(loaded, max_source_tokens=spec.data.max_source_tokens)
        prompts = loaded.prompts([row.source for row in inputs])
        scored = decode_and_score(loaded.system, inputs, prompts, command.decoding, reporter)
    else:
        loaded = shared_systems().load_any(Path(command.system), reporter)
        if task_info(loaded.task).answer is not answer:
            raise UserError(
                "system-of-another-task",
                "{system!r} was trained for another task than the rows of this run ({task}). "
                "Choose a system that was trained for it.",
                system=command.system,
                task=answer.value,
            )
        scored = predict(loaded.readout(spec.data.mapping), loaded.system, inputs, reporter)
    save_outputs(
        Path(command.out),
        scored,
        system=loaded.title,
        run_id=loaded.run_id,
        split=command.split,
    )
    return Done()


def _load(
    system: str, backbone: str, reporter: Reporter, *, form: PromptForm = PromptForm.NEWLINE
) -> LoadedSystem:
    """The system of this path, or the bare backbone where there is none."""
    if system:
        return shared_systems().load(Path(system), reporter)
    return shared_systems().bare(backbone, reporter, form=form)


def shared_systems() -> Systems:
    """The systems of this process."""
    if not systems:
        systems.append(Systems(backbones=MAX_BACKBONES))
    return systems[0]
