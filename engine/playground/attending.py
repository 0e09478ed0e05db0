"""How much each token of an output attended to the prefix, to the input, and to what was written.

One pass over prompt and output through the attention through which a prefix enters
(`engine.methods.attention`). A token's row is that of the query that chose it: the token before
it, or the last of the prompt. Letters as there; N tokens of the output, I of the input.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from transformers.modeling_outputs import BaseModelOutput

from engine.contract.errors import UserError
from engine.contract.methods.prefix import AttentionKind
from engine.contract.protocol.playground import AttentionMap, AttentionShares, pack
from engine.contract.runs.cards import AttentionSite
from engine.contract.specs.training import DecodingSpec
from engine.decoding.decoder import check_positions
from engine.decoding.detokenising import pieces
from engine.decoding.stepper import padded
from engine.decoding.systems import LoadedSystem
from engine.methods.attention import attention_of
from engine.methods.base import System

MAX_TOKENS = 1_024
"""Of the output; attention's weights grow with the square of the length."""


def attention_shares(
    loaded: LoadedSystem, text: str, token_ids: Sequence[int], *, layer: int = -1, head: int = -1
) -> AttentionShares:
    """The maps of an output.

    Args:
        loaded: the system that wrote it.
        text: what it read.
        token_ids: of the output.
        layer, head: of `input_shares`; -1 for the mean.

    Raises:
        UserError: there is nothing to measure, or no such layer or head.
    """
    backbone = loaded.system.backbone
    if not 0 < len(token_ids) <= MAX_TOKENS:
        raise UserError(
            "attention-of-so-many-tokens",
            "The output has {count:,} tokens. Attention is measured for 1 to {limit:,} tokens.",
            count=len(token_ids),
            limit=MAX_TOKENS,
        )
    (prompt,) = loaded.prompts([text])
    backbone.check_tokens(token_ids)
    if min(token_ids) < 0:
        raise UserError("negative-token", "There is no token {token}.", token=min(token_ids))
    check_positions(loaded.system, [prompt], DecodingSpec(max_new_tokens=len(token_ids)))
    weights = measure(loaded.system, prompt, token_ids)
    maps = tuple(
        _map(kind, torch.stack(layers), len(prompt), layer=layer, head=head)
        for kind, layers in weights.items()
    )
    tokenizer = backbone.tokenizer
    return AttentionShares(pieces(tokenizer, token_ids), pieces(tokenizer, prompt), maps)


@torch.inference_mode()
def measure(
    system: System, prompt: Sequence[int], token_ids: Sequence[int]
) -> dict[AttentionKind, list[torch.Tensor]]:
    """The weights of each kind of attention of the part that writes.

    Returns:
        For each layer [query heads, N, 3 + I]: on the prefix, the input and what was written, and
        on each token of the input.
    """
    backbone, count = system.backbone, len(token_ids)
    model, apart = backbone.model, backbone.is_encoder_decoder
    shares: dict[AttentionKind, list[torch.Tensor]] = defaultdict(list)

    def watch(site: AttentionSite, weights: torch.Tensor, length: int) -> None:
        kind = AttentionKind(site.kind)
        if kind is AttentionKind.ENCODER_SELF:
            return
        rows = weights[0, :, -count:].cpu()  # [query heads, N, P + S]
        inputs = 0 if apart and kind is AttentionKind.DECODER_SELF else len(prompt)
        if kind is AttentionKind.DECODER_CROSS:
            length = rows.shape[2] - inputs  # an encoder may have read a prompt before its tokens
        sizes = [length, inputs, rows.shape[2] - length - inputs]
        before, of_input, after = torch.split(rows, sizes, dim=2)
        sums = [part.sum(2, keepdim=True) for part in (before, of_input, after)]
        shares[kind].append(torch.cat([*sums, of_input], dim=2))

    ids, mask = padded(backbone, [prompt if apart else [*prompt, *token_ids[:-1]]])
    behind = torch.zeros_like(mask, dtype=torch.bool)
    attention = attention_of(model)
    with system.active():
        if apart:
            with system.batch([0], mask, behind), attention.watched(watch):
                encoded = model.get_encoder()(input_ids=ids, attention_mask=mask)[0]
                written = torch.tensor([[backbone.decoder_start_id, *token_ids[:-1]]])
                model(
                    decoder_input_ids=written.to(ids.device),
                    encoder_outputs=BaseModelOutput(last_hidden_state=encoded),
                    attention_mask=mask,
                    use_cache=False,
                )
            return dict(shares)
        behind[:, len(prompt) - 1 :] = True
        with system.batch([0], mask, behind) as positions, attention.watched(watch):
            model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False)
    return dict(shares)


def _map(
    kind: AttentionKind, weights: torch.Tensor, inputs: int, *, layer: int, head: int
) -> AttentionMap:
    """A map of weights [L, heads, N, 3 + I]."""
    layers, heads = weights.shape[:2]
    for name, number, limit in (("layer", layer, layers), ("head", head, heads)):
        if not -1 <= number < limit:
            raise UserError(
                "no-such-attention",
                "There is no {name} {number}. The backbone has {limit:,}, counted from 0.",
                name=name,
                number=number,
                limit=limit,
            )
    chosen = weights[:, :, :, 3:]
    chosen = chosen.mean(0) if layer < 0 else chosen[layer]
    chosen = chosen.mean(0) if head < 0 else chosen[head]
    shares = weights[..., :3].permute(2, 0, 1, 3).flatten().tolist()
    return AttentionMap(kind, layers, heads, pack(shares), pack(chosen.flatten().tolist()))
