"""Adapters: small layers of their own between those of a frozen backbone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.functional import gelu, relu

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.adapter import (
    DESIGNS,
    AdapterDesign,
    AdapterMethod,
    adapter_bottleneck,
    adapter_sites,
)
from engine.methods.base import count
from engine.methods.delta import Delta
from engine.methods.structure import Structure, structure_of

Hook = Callable[[nn.Module, Any, Any], Any]


class Adapter(nn.Module):
    """One adapter, which starts as the identity: the matrix back up is 0.

    Lin: x + Linear(relu(Linear(LayerNorm(x)))) (Lin et al. 2020, section 3.1; the authors of
    prefix-tuning have it as gpt2's adapter_design 1). Houlsby: x + Linear(gelu(Linear(x)))
    (google-research/adapter-bert, modeling.py:321-360). Norm and matrix down start as PyTorch's
    own do.
    """

    def __init__(self, design: AdapterDesign, width: int, bottleneck: int) -> None:
        super().__init__()
        is_lin = design is AdapterDesign.LIN
        self.norm = nn.LayerNorm(width) if is_lin else None
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        self._activation = relu if is_lin else gelu
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """[..., d] to the same, computed in float32."""
        read = hidden.float()
        if self.norm is not None:
            read = self.norm(read)
        change: torch.Tensor = self.up(self._activation(self.down(read)))
        return hidden + change.to(hidden.dtype)


class Adapters(Delta):
    """A frozen backbone with adapters in the places of a design.

    Raises:
        UserError: not all places were found in the backbone.
    """

    def __init__(self, backbone: Backbone, method: AdapterMethod, *, seed: int) -> None:
        super().__init__(backbone, dropout=method.backbone_dropout)
        shape = backbone.shape
        places = find_places(backbone, method.design)
        bottleneck = adapter_bottleneck(
            method, width=shape.width, sites=len(places), parameters=shape.parameters
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = [Adapter(method.design, shape.width, bottleneck) for _ in places]
        modules = dict(backbone.model.named_modules())
        device = backbone.model.device
        self._adapters = {
            name: adapter.to(device) for name, adapter in zip(places, made, strict=True)
        }
        self._hosts = [(modules[name], _hook(adapter)) for name, adapter in self._adapters.items()]
        number = count(self.trainable())
        self._notes = (
            f"{len(places)} {DESIGNS[method.design]} adapters of bottleneck {bottleneck}: "
            f"{number:,} parameters, {100 * number / shape.parameters:.3g} % of the "
            f"{shape.parameters:,} of {backbone.name}.",
        )

    def trainable(self) -> dict[str, nn.Parameter]:
        """All adapters' parameters, by the name of the module that each stands behind."""
        return {
            f"{module}.adapter.{name}": parameter
            for module, adapter in self._adapters.items()
            for name, parameter in adapter.named_parameters()
        }

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Put the adapters behind their modules."""
        handles = [host.register_forward_hook(hook) for host, hook in self._hosts]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def find_places(backbone: Backbone, design: AdapterDesign) -> list[str]:
    """Names of the modules behind which adapters of a design stand, in the order of the layers.

    Raises:
        UserError: some are missing, naming them.
    """
    is_lin = design is AdapterDesign.LIN
    structure = structure_of(backbone.model, attentions=not is_lin)
    places = (
        [block.name for block in structure.blocks] if is_lin else _matrices(backbone, structure)
    )
    shape = backbone.shape
    wanted = adapter_sites(design, layers=shape.layer_modules, attentions=shape.attentions)
    if len(places) != wanted:
        what = (
            "layers" if is_lin else "matrices that end an attention or a feed-forward in its width"
        )
        raise UserError(
            "adapter-sites-missing",
            "{backbone} cannot take {title} adapters: it has only {count} of the expected "
            "{wanted} {sites}. Choose another design, method or backbone.",
            backbone=backbone.name,
            title=DESIGNS[design],
            count=len(places),
            wanted=wanted,
            sites=what,
        )
    return places


def _matrices(backbone: Backbone, structure: Structure) -> list[str]:
    """What ends each attention and feed-forward, where it gives the width of the stream."""
    modules = dict(backbone.model.named_modules())
    ends = [
        name
        for block in structure.blocks
        for name in (*block.attention_ends, block.feed_forward_end)
        if name
    ]
    return [name for name in ends if _output_width(modules[name]) == backbone.shape.width]


def _output_width(matrix: nn.Module) -> int:
    """Of torch's Linear, or of GPT-2's Conv1D, which calls it nf."""
    width = getattr(matrix, "out_features", None)
    return int(matrix.nf if width is None else width)  # type: ignore[arg-type]


def _hook(adapter: Adapter) -> Hook:
    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (adapter(output[0]), *output[1:])
        return adapter(output)

    return hook
