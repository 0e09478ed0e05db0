"""One attention function through which a prefix enters every backbone.

transformers lets a named function stand in for the attention of every module of a model
(`AttentionInterface`). Ours puts the prefix of a module, if one is attached, before its keys
and values and widens the mask by P visible columns; the rest is the stock SDPA attention.
So no cache has to carry the prefix: gradient checkpointing works, beams do not copy it, and
a prefix can stand in encoder and cross-attention too.

Shape letters, here and in all of `engine.methods`: B batch, L layers, H key/value heads,
P prefix length, T query tokens, S key tokens, D head width.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from engine.backbones.config import BLANKS_HEADS
from engine.contract.errors import EngineError, UserError
from engine.contract.methods.prefix import AttentionKind
from engine.contract.runs.cards import AttentionSite
from engine.methods.attention_masks import explicit_mask, join_masks
from engine.methods.attention_weights import attention_weights

KeyValues = dict[AttentionSite, torch.Tensor]
"""A prefix: for each site a tensor [2, H, P, D], 0 = key (rotated, where keys are), 1 = value."""

ATTENTION_NAME = "prefix_sdpa"
WORDS_FOR = {
    AttentionKind.DECODER_SELF: "decoder self-attention",
    AttentionKind.ENCODER_SELF: "encoder self-attention",
    AttentionKind.DECODER_CROSS: "cross-attention",
}
_ALL_VISIBLE: Mapping[AttentionSite, torch.Tensor] = MappingProxyType({})
_SLOT = "prefix_slot"
_ATTENTION = "prefix_attention"


@dataclass(eq=False)
class Slot:
    """What an attention module sees of a prefix; empty between forward passes.

    Attributes:
        entries: [2, H, P, D] while a prefix is attached; [R, 2, H, P, D] while each of R rows
            has one of its own.
        visible: [R, P], in the second case: False where a row's prefix is shorter than P.
        seen: [R, T], of an infix: the columns of the first pass, of T tokens, that see it; what
            follows one by one sees it too.
        recording: while set, the module's own keys and values of the next forward pass are
            saved in `recorded`, [2, B, H, S, D], and put on this list.
        watch: while set, it is given the weights of each pass, [B, query heads, T, P + S], and P.
    """

    entries: torch.Tensor | None = None
    visible: torch.Tensor | None = None
    seen: torch.Tensor | None = None
    recording: list[Slot] | None = None
    recorded: torch.Tensor | None = None
    watch: Callable[[torch.Tensor, int], None] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(H, D) of what was recorded."""
        assert self.recorded is not None
        _, _, heads, _, width = self.recorded.shape
        return heads, width


class Slots:
    """The slots of an attention module: one, or one for each layer that runs it (ALBERT)."""

    def __init__(self) -> None:
        self.every = [Slot()]
        self._calls = 0

    def next(self) -> Slot:
        """That of the layer that attends now."""
        slot = self.every[self._calls % len(self.every)]
        self._calls += 1
        return slot

    def begin(self, *_: object) -> None:
        """A pass begins: the next that attends is the first layer."""
        self._calls = 0


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,  # [B, query heads, T, D]
    key: torch.Tensor,  # [B, H, S, D]
    value: torch.Tensor,  # [B, H, S, D]
    attention_mask: torch.Tensor | None,  # [B or 1, 1, T, S], True or 0.0 where visible
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    slots: Slots | None = getattr(module, _SLOT, None)
    if slots is None:
        raise EngineError(f"{type(module).__name__} attends through a slot it was never given")
    slot = slots.next()
    if slot.recording is not None:
        slot.recorded = torch.stack([key, value])
        slot.recording.append(slot)
    if slot.entries is None:
        if slot.watch is not None:
            slot.watch(attention_weights(module, query, key, attention_mask, **kwargs), 0)
        result: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **kwargs
        )
        return result
    length = slot.entries.shape[-2]
    prefix = _spread(slot.entries.to(key.dtype), key.shape[0])
    key = torch.cat([prefix[0], key], dim=2)  # [B, H, P + S, D]
    value = torch.cat([prefix[1], value], dim=2)
    own = _own_mask(slot, query, length)
    if own is not None:
        attention_mask = join_masks(own, attention_mask, key.shape[2] - length)
    elif attention_mask is not None:
        visible = True if attention_mask.dtype == torch.bool else 0.0
        attention_mask = torch.nn.functional.pad(attention_mask, (length, 0), value=visible)
    if kwargs.get("position_bias") is not None:  # T5: a prefix stands at no distance
        kwargs["position_bias"] = torch.nn.functional.pad(kwargs["position_bias"], (length, 0))
    # Without a mask every query sees every key: the mask function below gives None only for
    # a single query or for attention that is not causal.
    kwargs["is_causal"] = False
    if slot.watch is not None:
        slot.watch(attention_weights(module, query, key, attention_mask, **kwargs), length)
    result = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return result


def _spread(entries: torch.Tensor, batch: int) -> torch.Tensor:
    """A prefix for each of B rows (beams of a row behind each other): [2, B, H, P, D]."""
    if entries.dim() == 4:
        # One copy for all rows and beams: expand does not copy, only the cat that follows.
        return entries.unsqueeze(1).expand(-1, batch, -1, -1, -1)
    return entries.repeat_interleave(batch // entries.shape[0], dim=0).transpose(0, 1)


def _own_mask(slot: Slot, query: torch.Tensor, length: int) -> torch.Tensor | None:
    """Which query of which row sees what of the prefix: [B, 1, T, P], or None for all all."""
    batch, queries = query.shape[0], query.shape[2]
    own = None
    if slot.visible is not None:
        own = slot.visible[:, None, None].expand(-1, 1, queries, -1)
    if slot.seen is not None and queries > 1:
        seen = slot.seen[:, None, :, None].expand(-1, 1, -1, length)
        own = seen if own is None else own & seen
    return None if own is None else own.repeat_interleave(batch // own.shape[0], dim=0)


AttentionInterface.register(ATTENTION_NAME, _attention)
AttentionMaskInterface.register(ATTENTION_NAME, explicit_mask)


class PrefixAttention:
    """The attention modules of one backbone, ready to take a prefix.

    Attributes:
        sites: site → (H, D), by kind and layer in the order in which they attend.
        modules: site → the module that attends there; of several sites where layers share it.
        is_rotary: whether positions are rotations of queries and keys, so that only distances
            count, and may be below 0.

    Raises:
        UserError: the backbone's attention cannot be reached, with its class's name.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        name = type(model).__name__
        try:
            model.set_attn_implementation(ATTENTION_NAME)
        except (ValueError, AttributeError) as error:
            raise UserError(
                "attention-not-replaceable",
                "{model} cannot take a prefix: transformers does not let its attention be "
                "replaced ({reason}). Choose another backbone.",
                model=name,
                reason=str(error),
            ) from error
        self._slots: dict[AttentionSite, Slot] = {}
        self.sites: dict[AttentionSite, tuple[int, int]] = {}
        self.modules: dict[AttentionSite, torch.nn.Module] = {}
        self._find_sites(model)
        self.is_rotary = any(name.endswith("rotary_emb") for name, _ in model.named_modules())
        expected = expected_layers(model.config)
        for kind, layers in expected.items():
            count = sum(site.kind is kind for site in self.sites)
            if count != layers:
                raise UserError(
                    "attention-layers-missing",
                    "{model} cannot take a prefix: only {count} of its {layers} layers have "
                    "{attention} that a prefix can stand before. Choose another backbone.",
                    model=name,
                    count=count,
                    layers=layers,
                    attention=WORDS_FOR[kind],
                )

    def _find_sites(self, model: PreTrainedModel) -> None:
        """Run a few tokens through the model: the modules that attend are the sites."""
        slots = {module: Slots() for module in model.modules()}
        owners = {own.every[0]: module for module, own in slots.items()}
        for module, own in slots.items():
            setattr(module, _SLOT, own)
        encoder: set[torch.nn.Module] = set()
        if model.config.is_encoder_decoder:
            encoder = set(model.get_encoder().modules())
        elif reads_only(model):
            encoder = set(owners.values())
        layers: Counter[AttentionKind] = Counter()
        with _recording(list(owners)) as attended:
            # Of two lengths, so that cross-attention differs from self-attention.
            run_a_few_tokens(model)
            for slot in attended:
                module = owners[slot]
                assert slot.recorded is not None
                if module in encoder:
                    kind = AttentionKind.ENCODER_SELF
                elif encoder and slot.recorded.shape[3] == 3:
                    kind = AttentionKind.DECODER_CROSS
                else:
                    kind = AttentionKind.DECODER_SELF
                site = AttentionSite(kind.value, layers[kind])
                layers[kind] += 1
                if module in self.modules.values():  # layers share it
                    slots[module].every.append(Slot())
                self._slots[site], self.sites[site] = slots[module].every[-1], slot.size
                self.modules[site] = module
        for module, own in slots.items():
            if module not in self.modules.values():
                delattr(module, _SLOT)
            elif len(own.every) > 1:
                model.base_model.register_forward_pre_hook(own.begin)

    @contextlib.contextmanager
    def attached(
        self,
        key_values: KeyValues,
        *,
        visible: Mapping[AttentionSite, torch.Tensor] = _ALL_VISIBLE,
        seen: torch.Tensor | None = None,
    ) -> Iterator[None]:
        """Let every forward (and backward) pass inside see the prefix; nothing stays after.

        Args:
            key_values: for each site [2, H, P, D]; or [R, 2, H, P, D], one prefix a row.
            visible: in the second case, for each site [R, P]: where the prefixes are.
            seen: [R, T], of an infix: the columns that see it; None where all do.
        """
        unknown = [site.key for site in key_values if site not in self._slots]
        if unknown:
            raise EngineError(f"the backbone has no site {unknown[0]}")
        try:
            for site, entries in key_values.items():
                slot = self._slots[site]
                slot.entries, slot.visible, slot.seen = entries, visible.get(site), seen
            yield
        finally:
            for slot in self._slots.values():
                slot.entries = slot.visible = slot.seen = None

    @contextlib.contextmanager
    def watched(self, watch: Callable[[AttentionSite, torch.Tensor, int], None]) -> Iterator[None]:
        """Give `watch` the weights of every attention inside.

        Args:
            watch: gets the site, weights [B, query heads, T, P + S] in float32, and P.
        """
        try:
            for site, slot in self._slots.items():
                slot.watch = partial(watch, site)
            yield
        finally:
            for slot in self._slots.values():
                slot.watch = None

    @torch.no_grad()
    def record(self, model: PreTrainedModel, input_ids: torch.Tensor) -> KeyValues:
        """The backbone's own keys and values of real tokens, as a cache would hold them.

        An encoder–decoder reads the tokens on both sides.

        Args:
            model: the backbone.
            input_ids: [1, P].

        Returns:
            For each site [2, H, P, D].
        """
        with _recording(list(self._slots.values())):
            _run(model, input_ids, input_ids)
            return self._recorded()

    def read(self, model: PreTrainedModel, embeddings: torch.Tensor) -> KeyValues:
        """The keys and values that a decoder-only backbone makes of input embeddings [P, d].

        With their gradient, so that the embeddings can be trained.
        """
        with _recording(list(self._slots.values())):
            model(inputs_embeds=embeddings[None].to(model.dtype), use_cache=False, logits_to_keep=1)
            return self._recorded()

    @torch.no_grad()
    def first_values(self, model: PreTrainedModel, ids: torch.Tensor) -> torch.Tensor:
        """The first layer's values of single tokens [N], each read alone: [N, H, D].

        Nothing behind the first attention is computed.
        """
        site = min(self._slots)
        slot = self._slots[site]

        def stop(*_: object) -> None:
            raise _StoppedError

        hook = self.modules[site].register_forward_hook(stop)
        try:
            with _recording([slot]):
                with contextlib.suppress(_StoppedError):
                    model(input_ids=ids[:, None])
                assert slot.recorded is not None
                return slot.recorded[1, :, :, 0]
        finally:
            hook.remove()

    def _recorded(self) -> KeyValues:
        return {
            site: slot.recorded[:, 0]
            for site, slot in self._slots.items()
            if slot.recorded is not None
        }


class _StoppedError(Exception):
    """A pass has come as far as was wanted."""


def expected_layers(config: PreTrainedConfig) -> dict[AttentionKind, int]:
    """How many attentions a backbone of this configuration has of each kind."""
    if not config.is_encoder_decoder:
        text = config.get_text_config()
        if config.model_type in BLANKS_HEADS:
            layers = text.num_hidden_layers * getattr(text, "inner_group_num", 1)
            return {AttentionKind.ENCODER_SELF: layers}
        return {AttentionKind.DECODER_SELF: text.num_hidden_layers}
    # The names of BART and its kin, then those of T5 and its kin.
    layers = getattr(config, "decoder_layers", None) or config.num_decoder_layers
    return {
        AttentionKind.ENCODER_SELF: getattr(config, "encoder_layers", None) or config.num_layers,
        AttentionKind.DECODER_SELF: layers,
        AttentionKind.DECODER_CROSS: layers,
    }


def reads_only(model: PreTrainedModel) -> bool:
    """Whether a model is an encoder without a decoder."""
    return model.config.model_type in BLANKS_HEADS and not model.config.is_encoder_decoder


def _zeros(model: PreTrainedModel, length: int) -> torch.Tensor:
    return torch.zeros(1, length, dtype=torch.long, device=model.device)


def run_a_few_tokens(model: PreTrainedModel) -> None:
    """Three tokens through the model, and two through the decoder where it is another part."""
    _run(model, _zeros(model, 3), _zeros(model, 2))


@torch.no_grad()
def _run(model: PreTrainedModel, input_ids: torch.Tensor, decoder_ids: torch.Tensor) -> None:
    sides: dict[str, Any] = {} if reads_only(model) else {"use_cache": False}
    if model.config.is_encoder_decoder:
        sides["decoder_input_ids"] = decoder_ids
    mask = torch.ones_like(input_ids)
    model(input_ids=input_ids, attention_mask=mask, **sides)


def attention_of(model: PreTrainedModel) -> PrefixAttention:
    """The prefix attention of a model, made at the first call: one model, one set of slots."""
    made = getattr(model, _ATTENTION, None)
    if made is None:
        made = PrefixAttention(model)
        setattr(model, _ATTENTION, made)
    assert isinstance(made, PrefixAttention)
    return made


@contextlib.contextmanager
def _recording(slots: list[Slot]) -> Iterator[list[Slot]]:
    """Let these slots record; gives those that did, in the order in which they attended."""
    attended: list[Slot] = []
    for slot in slots:
        slot.recording = attended
    try:
        yield attended
    finally:
        for slot in slots:
            slot.recording, slot.recorded = None, None
