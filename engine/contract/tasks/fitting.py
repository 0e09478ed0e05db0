"""Which backbones can do a task."""

from __future__ import annotations

from engine.contract.backbone import BackboneShape
from engine.contract.errors import UserError
from engine.contract.specs.run import words_of
from engine.contract.tasks.all import TaskSpec, writes
from engine.contract.templates import template_of


def check_fits(task: TaskSpec, shape: BackboneShape, name: str) -> None:
    """Refuse a task that a backbone cannot do, by what it is.

    Args:
        name: of the backbone.

    Raises:
        UserError: it writes no texts, or has no words to compare at the template's blank.
    """
    if writes(task) and shape.reads_only:
        raise backbone_does_not_write(name)
    if (words := words_of(task)) is not None:
        template_of(words.template, ()).check_kind(shape.kind)


def backbone_does_not_write(name: str) -> UserError:
    """Texts are to be written by a backbone that reads only."""
    return UserError(
        "backbone-does-not-write",
        "{backbone} reads texts and cannot write any: it is an encoder. Choose a decoder "
        "or an encoder–decoder, or say that a label, tags or a span is to be predicted (--task, or "
        "on the Data page).",
        backbone=name,
    )
