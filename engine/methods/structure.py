"""The parts of a backbone, found by running a few tokens through it, not by their names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.pytorch_utils import Conv1D

from engine.methods.attention import attention_of, run_a_few_tokens


@dataclass(eq=False)
class Block:
    """A transformer layer.

    Attributes:
        name: of the module, such as "transformer.h.0".
        attention_ends: names of the matrices that end its attentions, in order.
        feed_forward_end: name of the matrix that ends its feed-forward, or "".
    """

    name: str
    module: nn.Module
    attention_ends: list[str] = field(default_factory=list)
    feed_forward_end: str = ""


@dataclass(frozen=True, eq=False)
class Structure:
    """The layers of a backbone in the order in which they run, an encoder's first.

    Attributes:
        after: names of the norms behind the last layer.
    """

    blocks: tuple[Block, ...]
    after: tuple[str, ...]


def structure_of(model: PreTrainedModel, *, attentions: bool = False) -> Structure:
    """The structure of a backbone, seen while it runs.

    Args:
        model: the backbone.
        attentions: whether to distinguish attentions from feed-forwards.

    Raises:
        UserError: its attention cannot be reached.
    """
    names = {module: name for name, module in model.named_modules()}
    body = set(model.base_model.modules())
    blocks: dict[str, Block] = {}
    after: list[str] = []
    with _finished_modules(model, attentions=attentions) as finished:
        run_a_few_tokens(model)
    owners = _layers(model)
    has_attended = False
    for module in finished:
        if module is None:
            has_attended = True
            continue
        name = names[module]
        owner = name if name in owners else _holder(name, owners)
        if owner:
            after.clear()
            block = blocks.setdefault(owner, Block(owner, model.get_submodule(owner)))
        elif _is_norm(module) and module in body:
            after.append(name)
        if owner and is_linear(module):
            # What first multiplies after an attention ends it, inside its module or behind it.
            if not has_attended:
                block.feed_forward_end = name
            elif name not in block.attention_ends:
                block.attention_ends.append(name)
            has_attended = False
    return Structure(tuple(blocks.values()), tuple(after))


def _layers(model: PreTrainedModel) -> set[str]:
    """Names of a backbone's layers.

    They are what can compute its activations again, or where nothing can (ALBERT), the parts of a
    list that hold an attention.
    """
    repeatable = {
        name
        for name, module in model.named_modules()
        if isinstance(module, GradientCheckpointingLayer)
    }
    if repeatable:
        return repeatable
    attentions = {id(module) for module in attention_of(model).modules.values()}
    return {
        f"{name}.{at}"
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList)
        for at, part in enumerate(module)
        if not any(isinstance(inner, nn.ModuleList) for inner in part.modules())
        and any(id(inner) in attentions for inner in part.modules())
    }


def is_linear(module: nn.Module) -> bool:
    """Whether it multiplies by a matrix (GPT-2 has a class of its own for that)."""
    return isinstance(module, nn.Linear | Conv1D)


def _is_norm(module: nn.Module) -> bool:
    """Whether it scales each number of a token, as norms do."""
    own = list(module.parameters(recurse=False))
    return bool(own) and all(parameter.dim() == 1 for parameter in own)


def _holder(name: str, holders: set[str]) -> str:
    """The module among these that holds this one, or ""."""
    parent = name
    while parent:
        parent = parent.rpartition(".")[0]
        if parent in holders:
            return parent
    return ""


@contextlib.contextmanager
def _finished_modules(
    model: PreTrainedModel, *, attentions: bool
) -> Iterator[list[nn.Module | None]]:
    """The modules that ran inside, in the order in which they ended; None where one attended."""
    finished: list[nn.Module | None] = []

    def note(module: nn.Module, _args: object, _output: object) -> None:
        finished.append(module)

    def note_attention(*_: object) -> None:
        finished.append(None)

    watched = (
        attention_of(model).watched(note_attention) if attentions else contextlib.nullcontext()
    )
    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with torch.no_grad(), watched:
            yield finished
    finally:
        for handle in handles:
            handle.remove()
