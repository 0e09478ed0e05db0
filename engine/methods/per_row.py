"""Many prefixes over one backbone in one batch, each row its own (Li & Liang 2021, section 8)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import pad

from engine.backbones.loading import Backbone
from engine.contract.runs.cards import AttentionSite
from engine.fast.decoder import FastDecoder
from engine.fast.path import path_of
from engine.fast.prefix import Prefix
from engine.methods.attention import KeyValues, attention_of
from engine.methods.base import WithoutTrainedDecoder, counted_positions


class PrefixPerRow(WithoutTrainedDecoder):
    """A frozen backbone behind stored prefixes of any lengths, one for each row of the input.

    A row gets the output that it gets alone behind its prefix.

    Attributes:
        backbone: shared by all rows.
        position_offset: the longest prefix's length, or 0 on an encoder–decoder.

    Args:
        backbone: frozen.
        prefixes: each as for `SavedPrefix`; an empty one is the bare backbone.
        choice: for each row of the input, the place of its prefix in `prefixes`.

    Raises:
        IndexError: a choice that is no prefix.
    """

    def __init__(
        self, backbone: Backbone, prefixes: Sequence[KeyValues], choice: Sequence[int]
    ) -> None:
        self.backbone = backbone
        self._attention = attention_of(backbone.model)
        self._path = path_of(backbone.model)
        self._choice = [range(len(prefixes))[number] for number in choice]
        device = backbone.model.device
        self._entries: KeyValues = {}  # [prefixes, 2, H, P, D]
        self._visible: dict[AttentionSite, torch.Tensor] = {}  # [prefixes, P]
        for site, (heads, width) in self._attention.sites.items():
            tensors = [prefix.get(site, torch.zeros(2, heads, 0, width)) for prefix in prefixes]
            lengths = torch.tensor([tensor.shape[2] for tensor in tensors])
            longest = int(lengths.max())
            if longest == 0:
                continue
            padded = [
                pad(tensor.float(), (0, 0, longest - tensor.shape[2], 0)) for tensor in tensors
            ]
            self._entries[site] = torch.stack(padded).to(device)
            self._visible[site] = (torch.arange(longest) >= longest - lengths[:, None]).to(device)
        starts = [
            max((tensor.shape[2] for tensor in prefix.values()), default=0) for prefix in prefixes
        ]
        if backbone.is_encoder_decoder:
            starts = [0] * len(prefixes)
        self._offsets = torch.tensor(starts, device=device)
        self.position_offset = max(starts)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Nothing to prepare."""
        yield

    @contextlib.contextmanager
    def batch(
        self, rows: Sequence[int], mask: torch.Tensor, behind: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """Let each of these rows see its own prefix."""
        chosen = torch.tensor([self._choice[row] for row in rows], device=self._offsets.device)
        entries = {site: every[chosen] for site, every in self._entries.items()}
        visible = {site: every[chosen] for site, every in self._visible.items()}
        with self._attention.attached(entries, visible=visible):
            positions = counted_positions(mask) + self.backbone.first_position
            yield positions + self._offsets[chosen, None]

    def fast(self, rows: Sequence[int]) -> tuple[FastDecoder, Prefix] | None:
        """The backbone behind each row's prefix, where all layers of a prefix are as long."""
        decoder = self._path.now()
        shown = list(self._visible.values())
        if decoder is None or len(shown) != decoder.layers:
            return None
        if any(not torch.equal(shown[0], other) for other in shown[1:]):
            return None
        chosen = torch.tensor([self._choice[row] for row in rows], device=self._offsets.device)
        layers = [every[chosen] for every in self._entries.values()]
        return decoder, Prefix(layers, self._offsets[chosen], shown[0][chosen])
