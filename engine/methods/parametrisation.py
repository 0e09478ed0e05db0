"""How a prefix is parametrised while it is trained: an MLP, or the keys and values themselves.

Both are called without arguments and give the whole prefix, computed once for a batch of any
size. (PEFT and the paper's code run the MLP on B equal copies.)
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from engine.contract.method_spec import Place
from engine.contract.prefix_card import Site
from engine.methods.attention import KeyValues

Sites = dict[Site, tuple[int, int]]
"""Site → (H, D)."""


class MLPPrefix(nn.Module):
    """Embedding(P, d) → Linear(d, mid) → Tanh → Linear(mid, Σ 2·H·D) (Li & Liang 2021, 4.3).

    Layers, activation and initialisation (PyTorch's own) are those of the authors' code,
    gpt2/train_control.py:116-129.
    """

    def __init__(
        self,
        sites: Sites,
        length: int,
        *,
        width: int,
        mid_dim: int,
        dropout: float,
        deep: bool = False,
    ) -> None:
        super().__init__()
        self._sites, self._length = sites, length
        entries = sum(2 * heads * head_width for heads, head_width in sites.values())
        self.embedding = nn.Embedding(length, width)
        self.first = nn.Linear(width, mid_dim)
        if deep:  # the authors' --use_deep, seq2seq/prefixTuning.py:237-279
            self.between = nn.Linear(mid_dim, mid_dim)
        self.second = nn.Linear(mid_dim, entries)
        self.dropout = nn.Dropout(dropout)
        self._deep = deep

    def forward(self) -> KeyValues:
        """The prefix: for each site [2, H, P, D]."""
        return _split(self.dropout(self.second(self._hidden())), self._sites)

    def _hidden(self) -> torch.Tensor:
        """What the last layer reads: [P, mid]."""
        hidden = torch.tanh(self.first(self.embedding.weight))
        return torch.tanh(self.between(hidden)) if self._deep else hidden

    @torch.no_grad()
    def start_from(self, key_values: KeyValues) -> None:
        """Make the MLP give these keys and values.

        The authors regress the MLP on them with 500 steps of Adam (train_control.py:202-213).
        Its last layer is linear and P is far below mid, so the smallest change of that layer
        that gives them exactly is a least-squares solution, found at once.
        """
        hidden = self._hidden().double()  # [P, mid]
        target = _join(key_values, self._sites).double()  # [P, Σ 2·H·D]
        ones = torch.ones(len(hidden), 1, dtype=hidden.dtype, device=hidden.device)
        missing = target - torch.nn.functional.linear(
            hidden, self.second.weight.double(), self.second.bias.double()
        )
        inputs = torch.cat([hidden, ones], dim=1)  # [P, mid + 1]
        change = torch.linalg.pinv(inputs) @ missing  # [mid + 1, Σ 2·H·D]
        self.second.weight.add_(change[:-1].T)
        self.second.bias.add_(change[-1])


class DirectPrefix(nn.Module):
    """The keys and values themselves, without reparametrisation (the paper's ablation).

    Drawn from N(0, 1) as in the authors' code, train_control.py:215-221, unless `start_from`
    is called.
    """

    def __init__(self, sites: Sites, length: int, *, dropout: float) -> None:
        super().__init__()
        self._sites = sites
        self.key_values = nn.ParameterDict(
            {
                _parameter_name(site): nn.Parameter(torch.randn(2, heads, length, head_width))
                for site, (heads, head_width) in sites.items()
            }
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self) -> KeyValues:
        """The prefix: for each site [2, H, P, D]."""
        return {site: self.dropout(self.key_values[_parameter_name(site)]) for site in self._sites}

    @torch.no_grad()
    def start_from(self, key_values: KeyValues) -> None:
        """Copy these keys and values."""
        for site in self._sites:
            self.key_values[_parameter_name(site)].copy_(key_values[site])


class PrefixInPlaces(nn.Module):
    """Prefixes of several places side by side, each with parameters of its own."""

    def __init__(self, parts: Mapping[Place, MLPPrefix | DirectPrefix]) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({place.value: part for place, part in parts.items()})

    def forward(self) -> KeyValues:
        """The prefix: for each site [2, H, P, D]."""
        found: KeyValues = {}
        for part in self.parts.values():
            found.update(part())
        return found

    def start_from(self, key_values: KeyValues) -> None:
        """Make every part give these keys and values."""
        for part in self.parts.values():
            assert isinstance(part, MLPPrefix | DirectPrefix)
            part.start_from(key_values)


def _parameter_name(site: Site) -> str:
    return site.key.replace(".", "_")  # a dot is not allowed in a parameter's name


def _split(flat: torch.Tensor, sites: Sites) -> KeyValues:
    """[P, Σ 2·H·D] → for each site [2, H, P, D]."""
    length = flat.shape[0]
    widths = [2 * heads * head_width for heads, head_width in sites.values()]
    parts = torch.split(flat, widths, dim=1)
    return {
        site: part.view(length, 2, heads, head_width).permute(1, 2, 0, 3)
        for part, (site, (heads, head_width)) in zip(parts, sites.items(), strict=True)
    }


def _join(key_values: KeyValues, sites: Sites) -> torch.Tensor:
    """For each site [2, H, P, D] → [P, Σ 2·H·D]; the inverse of `_split`."""
    parts = [key_values[site].permute(2, 0, 1, 3).flatten(1) for site in sites]
    return torch.cat(parts, dim=1)
