"""Prefix-tuning (Li & Liang 2021): keys and values of virtual tokens, before some or all layers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch

from engine.backbones.loading import Backbone
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.methods.prefix import (
    AttentionKind,
    Depth,
    Init,
    Parametrisation,
    Placement,
    PrefixMethod,
)
from engine.contract.runs.cards import AttentionSite, PositionScheme, PrefixShape
from engine.fast.decoder import FastDecoder
from engine.fast.path import path_of
from engine.fast.prefix import Prefix
from engine.methods.attention import KeyValues, attention_of
from engine.methods.base import Artifact, Tensors, WithoutTrainedDecoder, counted_positions
from engine.methods.checkpointing import set_checkpointing
from engine.methods.embedded import read_embeddings
from engine.methods.parametrisation import (
    AttentionSites,
    DirectTable,
    EmbeddingPrefix,
    KeyValuePrefix,
    PrefixEncoder,
    PrefixInPlaces,
    SiteShape,
    Table,
    entries_of,
    tokens_of,
)
from engine.methods.words import word_ids


class PrefixedBackbone(WithoutTrainedDecoder):
    """A frozen backbone behind keys and values, or with them between source and target.

    Attributes:
        backbone: frozen; its weights are bit-equal before and after.
        position_offset: P on decoder-only backbones, whose tokens stand after the prefix (of the
            layer with the longest), and 0 on encoder–decoders, both as in the paper's code; P on
            encoders, as in P-tuning v2's.
    """

    def __init__(self, backbone: Backbone, length: int, position: Placement) -> None:
        if position is Placement.INFIX and backbone.shape.kind is not BackboneKind.DECODER:
            raise UserError(
                "infix-needs-decoder",
                "{backbone} is an {kind}, and an infix is for decoder-only backbones. Train a "
                "prefix, or choose another backbone.",
                backbone=backbone.name,
                kind=_noun(backbone),
            )
        self.backbone = backbone
        self.position_offset = 0 if backbone.is_encoder_decoder else length
        self._attention = attention_of(backbone.model)
        path_of(backbone.model)  # decided now, before anything is put on the model
        self._is_infix = position is Placement.INFIX
        self._now: KeyValues = {}

    def key_values(self) -> KeyValues:
        """What the backbone is to see: for each site [2, H, P, D]."""
        raise NotImplementedError

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Compute the keys and values once, and let the backbone see them."""
        self._now = self.key_values()
        # Who sees an infix depends on the batch.
        attached = {} if self._is_infix else self._now
        try:
            with self._attention.attached(attached):
                yield
        finally:
            self._now = {}

    @property
    def computed_by(self) -> str:
        """What computes its passes."""
        if self._is_infix:
            return "transformers (an infix is not seen by all tokens)"
        return str(path_of(self.backbone.model))

    def fast(self, rows: Sequence[int]) -> tuple[FastDecoder, Prefix] | None:
        """The backbone behind the prefix; an infix is computed by transformers."""
        model = self.backbone.model
        # A backbone in training mode has its dropout on, which the fast path has not.
        leave = self._is_infix or model.training
        decoder = None if leave else path_of(model).now()
        if decoder is None:
            return None
        sites = (
            AttentionSite(AttentionKind.DECODER_SELF.value, at) for at in range(decoder.layers)
        )
        (nothing, *_) = decoder.no_prefix().layers
        layers = [self._now.get(site, nothing) for site in sites]
        return decoder, Prefix(layers, self.position_offset)

    @contextlib.contextmanager
    def batch(
        self, rows: Sequence[int], mask: torch.Tensor, behind: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """Let those behind an infix see it."""
        positions = counted_positions(mask) + self.backbone.first_position
        if not self._is_infix:
            yield positions + self.position_offset
            return
        positions = positions + self.position_offset * behind
        if self._attention.is_rotary:
            # Only distances count, and the infix's keys are rotated to 0 … P - 1: so the source
            # ends at -1.
            positions = positions - (mask.bool() & ~behind).sum(dim=1, keepdim=True)
        with self._attention.attached(self._now, seen=behind):
            yield positions


class PrefixTuning(PrefixedBackbone):
    """A frozen backbone with a trainable prefix or infix."""

    packages: ClassVar[tuple[str, ...]] = ()

    def __init__(self, backbone: Backbone, method: PrefixMethod, *, seed: int) -> None:
        super().__init__(backbone, method.prefix_length, method.position)
        self._notes: tuple[str, ...] = ()
        self._frozen_dropout = method.frozen_dropout
        backbone.model.requires_grad_(False)
        backbone.model.eval()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.prefix = self._make(method)
        if method.init is Init.WORDS:
            ids, note = word_ids(
                backbone, method.init_text, length=method.prefix_length, what="prefix"
            )
            self._notes = (note,) if note else ()
            self._start_from(ids)
        # Without dropout until a step asks for it: a resumed run may evaluate first.
        self.prefix.to(backbone.model.device).eval()

    def _make(self, method: PrefixMethod) -> PrefixInPlaces | EmbeddingPrefix:
        """A table of its own for each kind of attention, as in the paper's code for BART."""
        if method.depth is Depth.EMBEDDING_ONLY:
            if self.backbone.shape.kind is not BackboneKind.DECODER:
                raise UserError(
                    "embedding-only-needs-decoder",
                    "{backbone} is an {kind}, and embedding-only tuning is for decoder-only "
                    "backbones. Train all layers, use prompt tuning, or choose another backbone.",
                    backbone=self.backbone.name,
                    kind=_noun(self.backbone),
                )
            table = self._table(method, self.backbone.shape.width, method.prefix_length)
            return EmbeddingPrefix(table, dropout=method.dropout)
        return PrefixInPlaces(
            {
                group: KeyValuePrefix(
                    sites,
                    self._table(method, entries_of(sites), tokens_of(sites)),
                    dropout=method.dropout,
                )
                for group, sites in self._groups(method).items()
            }
        )

    def _groups(self, method: PrefixMethod) -> dict[str, AttentionSites]:
        """The sites that have a prefix: those that share a table, by its name.

        Raises:
            UserError: the method names a layer that the backbone does not have.
        """
        direct = method.parametrisation is Parametrisation.DIRECT
        groups: dict[str, AttentionSites] = {}
        for kind, lengths in method.lengths_on(self.backbone.shape).items():
            for layer, length in enumerate(lengths):
                if length:
                    # An MLP makes P tokens for all, and the shorter take the last of them; numbers
                    # that are trained themselves stand in a table of their own for each length.
                    apart = direct and length < method.prefix_length
                    group = f"{kind.value}_{length}" if apart else kind.value
                    site = AttentionSite(kind.value, layer)
                    size = SiteShape(*self._attention.sites[site], length)
                    groups.setdefault(group, {})[site] = size
        return groups

    def _table(self, method: PrefixMethod, entries: int, tokens: int) -> Table:
        """What makes `entries` numbers for each of so many tokens."""
        if method.parametrisation is Parametrisation.DIRECT:
            return DirectTable(tokens, entries)
        return PrefixEncoder(
            tokens,
            entries,
            width=self.backbone.shape.width,
            mid_dim=method.mid_dim,
            deep=method.parametrisation is Parametrisation.DEEP_MLP,
        )

    @torch.no_grad()
    def _start_from(self, ids: torch.Tensor) -> None:
        """Begin at the backbone's own embeddings, or keys and values, of these tokens."""
        model = self.backbone.model
        if isinstance(self.prefix, EmbeddingPrefix):
            self.prefix.table.start_from(model.get_input_embeddings()(ids)[0].float().cpu())
        else:
            recorded = self._attention.record(model, ids)
            self.prefix.start_from(
                {site: tensor.float().cpu() for site, tensor in recorded.items()}
            )

    @torch.no_grad()
    def start_from(self, tensors: Tensors) -> None:
        """Begin at a trained prefix that has the same tensors as this prefix's artifact."""
        assert isinstance(self.prefix, PrefixInPlaces), "embeddings are not saved"
        self.prefix.start_from({site: tensors[site.key] for site in self.key_values()})

    def key_values(self) -> KeyValues:
        """The prefix as it is now, with its gradient: for each site [2, H, P, D]."""
        if isinstance(self.prefix, EmbeddingPrefix):
            return read_embeddings(
                self._attention,
                self.backbone.model,
                self.prefix(),
                training=self.prefix.training,
            )
        key_values: KeyValues = self.prefix()
        return key_values

    @property
    def computed_by(self) -> str:
        """What computes its passes."""
        by = super().computed_by
        if self._frozen_dropout and by == "fast path":
            return "transformers in training (for the backbone's dropout), else fast path"
        return by

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """The prefix's parameters, in float32 whatever the backbone's precision."""
        return dict(self.prefix.named_parameters())

    def set_training(self, training: bool) -> None:
        """Switch prefix dropout, and the backbone's own if the method wants it."""
        self.prefix.train(training)
        model = self.backbone.model
        model.train(training and self._frozen_dropout)
        if not self._frozen_dropout:
            set_checkpointing(model, training)

    def notes(self) -> tuple[str, ...]:
        """What was done with the words to start from."""
        return self._notes

    @torch.no_grad()
    def folded(self) -> KeyValues:
        """The prefix as keys and values, the MLP evaluated once and left behind."""
        self.prefix.eval()
        folded = self.key_values()
        return {site: entries.detach().float().cpu() for site, entries in folded.items()}

    def frozen_parameters(self) -> int:
        """The whole backbone."""
        return int(self.backbone.model.num_parameters())

    def artifact(self) -> Artifact:
        """The folded prefix."""
        key_values = self.folded()
        heads, _, width = next(iter(key_values.values())).shape[1:]
        scheme = PositionScheme.AFTER_PREFIX
        if self._is_infix:
            scheme = PositionScheme.INFIX
        elif self.backbone.is_encoder_decoder:
            scheme = PositionScheme.UNSHIFTED
        shape = PrefixShape(
            layers=len(key_values), kv_heads=heads, head_width=width, positions=scheme
        )
        return Artifact(by_name(key_values), shape)


def _noun(backbone: Backbone) -> str:
    return "encoder" if backbone.reads_only else "encoder–decoder"


def by_name(key_values: KeyValues) -> Tensors:
    """The key-values by the names that their sites have in a file."""
    return {site.key: entries for site, entries in key_values.items()}


class SavedPrefix(PrefixedBackbone):
    """A frozen backbone behind a trained, folded prefix, or with an infix: for decoding.

    Args:
        backbone: frozen.
        key_values: for each site [2, H, P, D].
        position: before source and target, or between them.
        shifted: on an encoder–decoder with absolute positions, the decoder's tokens are at
            positions from P, as PEFT has them.
    """

    def __init__(
        self,
        backbone: Backbone,
        key_values: KeyValues,
        *,
        position: Placement = Placement.PREFIX,
        shifted: bool = False,
    ) -> None:
        longest = max(entries.shape[2] for entries in key_values.values())
        super().__init__(backbone, longest, position)
        if shifted and backbone.is_encoder_decoder:
            decoder = backbone.model.get_decoder()
            if not hasattr(decoder, "embed_positions"):
                raise UserError(
                    "positions-not-movable",
                    "The prefix moves the positions of the decoder, but those of {backbone} "
                    "cannot be moved. Choose the backbone it was trained on.",
                    backbone=backbone.name,
                )
        self.decoder_offset = longest if shifted and backbone.is_encoder_decoder else 0
        device = backbone.model.device
        self._saved = {site: entries.to(device) for site, entries in key_values.items()}

    @property
    def is_plain(self) -> bool:
        """Whether it only stands before all tokens, so that other rows may have others."""
        return not self._is_infix and not self.decoder_offset

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Let the backbone see the keys and values, its decoder's tokens behind them."""
        with super().active():
            if not self.decoder_offset:
                yield
                return
            positions = self.backbone.model.get_decoder().embed_positions
            hook = positions.register_forward_pre_hook(self._shift, with_kwargs=True)
            try:
                yield
            finally:
                hook.remove()

    def _shift(self, _module: object, given: Any, named: dict[str, Any]) -> tuple[Any, Any]:
        return given, {**named, "position_ids": named["position_ids"] + self.decoder_offset}

    def key_values(self) -> KeyValues:
        """As they were stored."""
        return self._saved
