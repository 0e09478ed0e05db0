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
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from engine.contract.errors import EngineError, UserError
from engine.contract.prefix_card import Site, decoder_site

KeyValues = dict[Site, torch.Tensor]
"""A prefix: for each site a tensor [2, H, P, D], 0 = key (rotated, where keys are), 1 = value."""

ATTENTION_NAME = "prefix_sdpa"
_SLOT = "prefix_slot"
_ATTENTION = "prefix_attention"


@dataclass
class Slot:
    """What an attention module sees of a prefix; empty between forward passes.

    Attributes:
        site: which site of the backbone this module is.
        entries: [2, H, P, D] while a prefix is attached.
        recording: while set, the module's own keys and values of the next forward pass are
            kept in `recorded`, [2, B, H, S, D].
    """

    site: Site
    entries: torch.Tensor | None = None
    recording: bool = False
    recorded: torch.Tensor | None = None


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,  # [B, query heads, T, D]
    key: torch.Tensor,  # [B, H, S, D]
    value: torch.Tensor,  # [B, H, S, D]
    attention_mask: torch.Tensor | None,  # [B or 1, 1, T, S], True or 0.0 where visible
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    slot: Slot | None = getattr(module, _SLOT, None)
    if slot is None:
        raise EngineError(f"{type(module).__name__} attends through a slot it was never given")
    if slot.recording:
        slot.recorded = torch.stack([key, value]).detach()
    if slot.entries is None:
        result: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **kwargs
        )
        return result
    batch, length = key.shape[0], slot.entries.shape[2]
    # One copy of the prefix for all rows and beams: expand does not copy, cat must.
    prefix = slot.entries.to(key.dtype).unsqueeze(1).expand(-1, batch, -1, -1, -1)  # [2,B,H,P,D]
    key = torch.cat([prefix[0], key], dim=2)  # [B, H, P + S, D]
    value = torch.cat([prefix[1], value], dim=2)
    if attention_mask is not None:
        visible = True if attention_mask.dtype == torch.bool else 0.0
        attention_mask = torch.nn.functional.pad(attention_mask, (length, 0), value=visible)
    # Without a mask every query sees every key: the mask function below gives None only for
    # a single query or for attention that is not causal.
    kwargs["is_causal"] = False
    result = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return result


def _mask(*args: Any, **kwargs: Any) -> torch.Tensor | None:
    """The stock mask, but explicit where SDPA would be told `is_causal`.

    With a prefix the keys outnumber the queries, and the kernel's own triangle would sit in
    the wrong corner.
    """
    q_length = kwargs.get("q_length", args[1] if len(args) > 1 else None)
    if not isinstance(q_length, int) or q_length > 1:
        kwargs["allow_is_causal_skip"] = False
    mask: torch.Tensor | None = sdpa_mask(*args, **kwargs)
    return mask


AttentionInterface.register(ATTENTION_NAME, _attention)
AttentionMaskInterface.register(ATTENTION_NAME, _mask)


class PrefixAttention:
    """The attention modules of one backbone, ready to take a prefix.

    Attributes:
        sites: site → (H, D), in the order of layers.

    Raises:
        UserError: the backbone's attention cannot be reached, with its class's name.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        name = type(model).__name__
        try:
            model.set_attn_implementation(ATTENTION_NAME)
        except (ValueError, AttributeError) as error:
            raise UserError(
                f"{name} cannot take a prefix: transformers does not let its attention be "
                f"replaced ({error}). Choose another backbone."
            ) from error
        slots = []
        for module in model.modules():
            layer = getattr(module, "layer_idx", None)
            if isinstance(layer, int):
                slots.append(Slot(decoder_site(layer)))
                setattr(module, _SLOT, slots[-1])
        self._slots: dict[Site, Slot] = {}
        self.sites: dict[Site, tuple[int, int]] = {}
        self._probe(model, slots)
        layers = model.config.get_text_config().num_hidden_layers
        if len(self.sites) != layers:
            raise UserError(
                f"{name} cannot take a prefix: only {len(self.sites)} of its {layers} layers "
                "have an attention that a prefix can stand before. Choose another backbone."
            )

    def _probe(self, model: PreTrainedModel, slots: list[Slot]) -> None:
        """Run two tokens through the model: the modules that attend are the sites."""
        with _recording(slots), torch.no_grad():
            model(input_ids=torch.zeros(1, 2, dtype=torch.long, device=model.device))
            for slot in slots:
                if slot.recorded is not None:
                    _, _, heads, _, width = slot.recorded.shape
                    self._slots[slot.site] = slot
                    self.sites[slot.site] = (heads, width)

    @contextlib.contextmanager
    def attached(self, key_values: KeyValues) -> Iterator[None]:
        """Let every forward (and backward) pass inside see the prefix; nothing stays after."""
        unknown = [site.key for site in key_values if site not in self._slots]
        if unknown:
            raise EngineError(f"the backbone has no site {unknown[0]}")
        try:
            for site, entries in key_values.items():
                self._slots[site].entries = entries
            yield
        finally:
            for slot in self._slots.values():
                slot.entries = None

    @torch.no_grad()
    def record(self, model: PreTrainedModel, input_ids: torch.Tensor) -> KeyValues:
        """The backbone's own keys and values of real tokens, as a cache would hold them.

        Args:
            model: the backbone.
            input_ids: [1, P].

        Returns:
            For each site [2, H, P, D].
        """
        slots = list(self._slots.values())
        with _recording(slots):
            model(input_ids=input_ids, use_cache=False)
            return {
                slot.site: slot.recorded[:, 0].clone()
                for slot in slots
                if slot.recorded is not None
            }


def attention_of(model: PreTrainedModel) -> PrefixAttention:
    """The prefix attention of a model, made at the first call: one model, one set of slots."""
    made = getattr(model, _ATTENTION, None)
    if made is None:
        made = PrefixAttention(model)
        setattr(model, _ATTENTION, made)
    assert isinstance(made, PrefixAttention)
    return made


@contextlib.contextmanager
def _recording(slots: list[Slot]) -> Iterator[None]:
    for slot in slots:
        slot.recording = True
    try:
        yield
    finally:
        for slot in slots:
            slot.recording, slot.recorded = False, None
