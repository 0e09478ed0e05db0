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
    inside: set[str] = set()
    if attentions:
        inside = {names[module] for module in attention_of(model).modules.values()}
    blocks: dict[str, Block] = {}
    last_linear: dict[tuple[str, str], str] = {}
    after: list[str] = []
    with _finished_modules(model) as finished:
        run_a_few_tokens(model)
    owners = {
        name for module, name in names.items() if isinstance(module, GradientCheckpointingLayer)
    }
    for module in finished:
        name = names[module]
        if name in owners:
            blocks[name] = Block(name, module)
            after.clear()
            continue
        owner = _holder(name, owners)
        if owner and is_linear(module):
            last_linear[owner, _holder(name, inside)] = name
        elif not owner and _is_norm(module):
            after.append(name)
    for (owner, attention), name in last_linear.items():
        if attention:
            blocks[owner].attention_ends.append(name)
        else:
            blocks[owner].feed_forward_end = name
    return Structure(tuple(blocks.values()), tuple(after))


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
def _finished_modules(model: nn.Module) -> Iterator[list[nn.Module]]:
    """The modules that ran inside, in the order in which they ended."""
    finished: list[nn.Module] = []

    def note(module: nn.Module, _args: object, _output: object) -> None:
        finished.append(module)

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with torch.no_grad():
            yield finished
    finally:
        for handle in handles:
            handle.remove()
