"""Which backbones can do a task."""

from __future__ import annotations

from engine.contract.errors import UserError


def backbone_does_not_write(name: str) -> UserError:
    """Texts are to be written by a backbone that reads only."""
    return UserError(
        "backbone-does-not-write",
        "{backbone} reads texts and cannot write any: it is an encoder. Choose a decoder "
        "or an encoder–decoder, or a dataset whose target is a label, tags or a span.",
        backbone=name,
    )
