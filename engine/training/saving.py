"""What is saved of a run: tensors with a card, or the whole backbone."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import transformers

from engine.backbones.loading import Backbone
from engine.backbones.model import quiet
from engine.contract.methods.all import MethodSpec
from engine.contract.runs.cards import Card, TaskCard
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.scores import Score
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import TaskSpec, read_columns, task_info
from engine.data.prompt import prompt_name
from engine.exchange import folders
from engine.exchange.heads import write_head, write_task
from engine.methods.base import Method, Tensors, count
from engine.tasks.base import Task
from engine.training.disk import explain_save_errors

_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Saved:
    """How many numbers are saved, and the size of the files that hold them, in bytes."""

    parameters: int
    size_bytes: int


def save_trained(
    folder: RunFolder,
    spec: RunSpec,
    method: Method,
    task: Task,
    *,
    data_name: str,
    train_rows: int,
    scores: tuple[Score, ...],
) -> Saved:
    """Write what was trained into the run folder, replacing what was there."""
    backbone = method.backbone
    artifact = method.artifact()
    head = {name: values.detach() for name, values in task.trainable().items()}
    trained = {**method.trainable(), **task.trainable()}
    if artifact is None:
        return Saved(count(trained), _save_backbone(folder.model, backbone, task.spec, head))
    card = Card(
        name=folder.read_meta().name,
        method=_without_path(spec.method),
        backbone=backbone.name,
        backbone_fingerprint=backbone.fingerprint,
        linearisation=spec.data.linearisation,
        prompt=prompt_name(spec.data.prompt, encoder_decoder=backbone.is_encoder_decoder),
        task=task.spec,
        data_name=data_name,
        data_fingerprint=spec.data.fingerprint,
        train_rows=train_rows,
        created_s=time.time(),
        shape=artifact.shape,
        trainable_parameters=count(trained),
        run_id=spec.run_id,
        inputs=read_columns(spec.data.mapping, task.spec),
        scores=scores,
    )
    card = folders.write(folder.path / card.kind.value, artifact.tensors, card, head)
    of_head = sum(values.numel() for values in head.values())
    return Saved(card.stored_parameters + of_head, card.stored_bytes + of_head * _FLOAT_BYTES)


def _without_path(method: MethodSpec) -> MethodSpec:
    """A method whose start is called by its folder's name alone, for a card that others read."""
    start = getattr(method, "init_prefix", "")
    given: Any = method
    return replace(given, init_prefix=Path(start).name or start) if start else method


def _save_backbone(target: Path, backbone: Backbone, task: TaskSpec, head: Tensors) -> int:
    """Weights and tokenizer in transformers' format, replaced as a whole; the weights' size.

    What they were trained for stands beside them, where that is not to write texts.
    """
    part = target.with_name(f".{target.name}.part")
    with explain_save_errors(target):
        shutil.rmtree(part, ignore_errors=True)
        try:
            with quiet(transformers):
                backbone.model.save_pretrained(part)
                backbone.tokenizer.save_pretrained(part)
            if task_info(task).answer is not AnswerKind.TEXT:
                write_task(part, TaskCard(task=task, head_sha256=write_head(part, head)))
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    return sum(path.stat().st_size for path in target.glob("*.safetensors"))
