"""How a prefix is parametrised while it is trained: through an MLP, or as its numbers themselves.

Both are called without arguments and give the whole prefix, computed once for a batch of any
size. (PEFT and the paper's code run the MLP on B equal copies.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from engine.contract.runs.cards import AttentionSite
from engine.methods.attention import KeyValues


@dataclass(frozen=True)
class SiteShape:
    """H, D, and the length of the prefix that stands before a site, in tokens."""

    heads: int
    width: int
    length: int


AttentionSites = dict[AttentionSite, SiteShape]


def entries_of(sites: AttentionSites) -> int:
    """Numbers a token at these sites: N = Σ 2·H·D."""
    return sum(2 * size.heads * size.width for size in sites.values())


def tokens_of(sites: AttentionSites) -> int:
    """P, the length of the longest prefix at these sites."""
    return max(size.length for size in sites.values())


class PrefixEncoder(nn.Module):
    """Embedding(P, d) → Linear(d, mid) → Tanh → Linear(mid, N) (Li & Liang 2021, 4.3).

    Layers, activation and initialisation (PyTorch's own) are those of the authors' code,
    gpt2/train_control.py:116-129; a deep one has Linear(mid, mid) → Tanh before the last layer,
    as their seq2seq/prefixTuning.py:237-279.
    """

    def __init__(
        self, length: int, entries: int, *, width: int, mid_dim: int, deep: bool = False
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(length, width)
        self.first = nn.Linear(width, mid_dim)
        self.between = nn.Linear(mid_dim, mid_dim) if deep else None
        self.second = nn.Linear(mid_dim, entries)

    def forward(self) -> torch.Tensor:
        """[P, N]."""
        table: torch.Tensor = self.second(self._hidden())
        return table

    def _hidden(self) -> torch.Tensor:
        """What the last layer reads: [P, mid]."""
        hidden = torch.tanh(self.first(self.embedding.weight))
        return hidden if self.between is None else torch.tanh(self.between(hidden))

    @torch.no_grad()
    def start_from(self, target: torch.Tensor) -> None:
        """Make the MLP give these numbers, [P, N].

        The authors regress the MLP on them with 500 steps of Adam (train_control.py:202-213).
        Its last layer is linear, so the smallest change of that layer that comes nearest to them
        is a least-squares solution, found at once; up to P = mid + 1 it is exact.
        """
        hidden = self._hidden().double()  # [P, mid]
        ones = torch.ones(len(hidden), 1, dtype=hidden.dtype, device=hidden.device)
        missing = target.double() - torch.nn.functional.linear(
            hidden, self.second.weight.double(), self.second.bias.double()
        )
        inputs = torch.cat([hidden, ones], dim=1)  # [P, mid + 1]
        change = torch.linalg.pinv(inputs) @ missing  # [mid + 1, N]
        self.second.weight.add_(change[:-1].T)
        self.second.bias.add_(change[-1])


class DirectTable(nn.Module):
    """The numbers themselves, without reparametrisation (the paper's ablation).

    Drawn from N(0, 1) as in the authors' code, train_control.py:215-221, unless `start_from`
    is called.
    """

    def __init__(self, length: int, entries: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, entries))

    def forward(self) -> torch.Tensor:
        """[P, N]."""
        return self.table

    @torch.no_grad()
    def start_from(self, target: torch.Tensor) -> None:
        """Copy these numbers, [P, N]."""
        self.table.copy_(target)


Table = PrefixEncoder | DirectTable


class KeyValuePrefix(nn.Module):
    """Keys and values for some sites, out of a table of all their numbers.

    The table has P tokens, the most that a site has; a site with fewer takes the last of them.
    """

    def __init__(self, sites: AttentionSites, table: Table, *, dropout: float) -> None:
        super().__init__()
        self._sites = sites
        self.table = table
        self.dropout = nn.Dropout(dropout)

    def forward(self) -> KeyValues:
        """The prefix: for each site [2, H, length, D]."""
        return _split(self.dropout(self.table()), self._sites)

    def start_from(self, key_values: KeyValues) -> None:
        """Give the last of these keys and values, each [2, H, P or more, D]."""
        self.table.start_from(_join(key_values, self._sites))


class EmbeddingPrefix(nn.Module):
    """Input embeddings of P virtual tokens: what embedding-only tuning trains."""

    def __init__(self, table: Table, *, dropout: float) -> None:
        super().__init__()
        self.table = table
        self.dropout = nn.Dropout(dropout)

    def forward(self) -> torch.Tensor:
        """[P, d]."""
        embeddings: torch.Tensor = self.dropout(self.table())
        return embeddings


class PrefixInPlaces(nn.Module):
    """Prefixes of several places side by side, each with parameters of its own."""

    def __init__(self, parts: Mapping[str, KeyValuePrefix]) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)

    def forward(self) -> KeyValues:
        """The prefix: for each site [2, H, length, D]."""
        key_values: KeyValues = {}
        for part in self.parts.values():
            key_values.update(part())
        return key_values

    def start_from(self, key_values: KeyValues) -> None:
        """Make every part give these keys and values."""
        for part in self.parts.values():
            assert isinstance(part, KeyValuePrefix)
            part.start_from(key_values)


def _split(flat: torch.Tensor, sites: AttentionSites) -> KeyValues:
    """[P, N] → for each site [2, H, length, D]."""
    widths = [2 * size.heads * size.width for size in sites.values()]
    parts = torch.split(flat, widths, dim=1)
    return {
        site: part[-size.length :].view(size.length, 2, size.heads, size.width).permute(1, 2, 0, 3)
        for part, (site, size) in zip(parts, sites.items(), strict=True)
    }


def _join(key_values: KeyValues, sites: AttentionSites) -> torch.Tensor:
    """For each site the last P of [2, H, P or more, D] → [P, N]; the inverse of `_split`."""
    tokens = tokens_of(sites)
    parts = [key_values[site][:, :, -tokens:].permute(2, 0, 1, 3).flatten(1) for site in sites]
    return torch.cat(parts, dim=1)
