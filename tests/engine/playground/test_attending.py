"""The heat map: transformers' own eager attention, and rows that sum to 1."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import DynamicCache, EncoderDecoderCache

from engine.contract.methods.prefix import AttentionKind, Init, PrefixMethod
from engine.contract.protocol.playground import AttentionMap, unpack
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec
from engine.decoding.systems import LoadedSystem
from engine.methods.base import System
from engine.methods.finetune import BareBackbone
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.playground.attending import attention_shares
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

OUTPUT = [17, 33, 8, 101, 5]
LENGTH = 5


def loaded(system: System) -> LoadedSystem:
    form = "encoder" if system.backbone.is_encoder_decoder else "newline"
    return LoadedSystem(system, "", "", form, Linearisation(), None, DecodingSpec())


def numbers(packed: str, *shape: int) -> torch.Tensor:
    return torch.tensor(list(unpack(packed))).view(*shape)


def shares(attention: AttentionMap) -> torch.Tensor:
    """[T, L, H, 3]."""
    return numbers(attention.shares, -1, attention.layers, attention.heads, 3)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("with_prefix", [True, False])
def test_decoder_only_backbones(family: str, with_prefix: bool, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(
        backbone, PrefixMethod(prefix_length=LENGTH, mid_dim=16, init=Init.RANDOM), seed=1
    )
    entries = tuned.folded() if with_prefix else {}
    system = SavedPrefix(backbone, entries) if with_prefix else BareBackbone(backbone)
    answer = attention_shares(loaded(system), "Hut: soup", OUTPUT)
    (prompt,) = loaded(system).prompts(["Hut: soup"])
    length = LENGTH if with_prefix else 0

    model = type(backbone.model).from_pretrained(backbone.folder, attn_implementation="eager")
    model.eval()
    cache = DynamicCache()
    for layer, site in enumerate(sorted(entries)):
        key, value = entries[site].unsqueeze(1)
        cache.update(key.clone(), value.clone(), layer)
    ids = torch.tensor([[*prompt, *OUTPUT[:-1]]])
    with torch.no_grad():
        output = model(
            input_ids=ids,
            attention_mask=torch.ones(1, length + ids.shape[1]),
            position_ids=torch.arange(length, length + ids.shape[1])[None],
            past_key_values=cache if with_prefix else None,
            output_attentions=True,
        )
    (own,) = answer.maps
    eager = torch.stack(output.attentions)[:, 0, :, -len(OUTPUT) :]  # [L, H, T, P + S]
    start = length + len(prompt)
    wanted = torch.stack(
        [part.sum(-1) for part in eager.split([length, len(prompt), eager.shape[3] - start], -1)],
        dim=-1,
    ).permute(2, 0, 1, 3)
    assert own.kind is AttentionKind.DECODER_SELF
    torch.testing.assert_close(shares(own), wanted, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(shares(own).sum(-1), torch.ones(wanted.shape[:3]))
    assert bool((shares(own)[..., 0] > 0).all()) is with_prefix
    assert not shares(own)[0, ..., 2].any(), "nothing was written before the first token"

    mean = numbers(own.input_shares, len(OUTPUT), len(prompt))
    torch.testing.assert_close(mean, eager[..., length:start].mean((0, 1)), atol=1e-5, rtol=1e-4)
    chosen = attention_shares(loaded(system), "Hut: soup", OUTPUT, layer=1, head=0).maps[0]
    torch.testing.assert_close(
        numbers(chosen.input_shares, len(OUTPUT), len(prompt)),
        eager[1, 0, :, length:start],
        atol=1e-5,
        rtol=1e-4,
    )
    assert len(answer.input_tokens) == len(prompt)
    assert "".join(answer.tokens) == backbone.tokenizer.decode(OUTPUT)


def test_an_encoder_decoder_has_two_maps(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "bart")
    tuned = PrefixTuning(
        backbone, PrefixMethod(prefix_length=LENGTH, mid_dim=16, init=Init.RANDOM), seed=1
    )
    entries = tuned.folded()
    decoder = {site: kv for site, kv in entries.items() if site.kind is AttentionKind.DECODER_SELF}
    # As PEFT has it, and a cache: the decoder's positions begin behind the prefix.
    system = SavedPrefix(backbone, decoder, shifted=True)
    answer = attention_shares(loaded(system), "Hut: soup", OUTPUT)
    (prompt,) = loaded(system).prompts(["Hut: soup"])

    model = type(backbone.model).from_pretrained(backbone.folder, attn_implementation="eager")
    model.eval()
    cache = DynamicCache()
    for layer, site in enumerate(sorted(decoder)):
        key, value = decoder[site].unsqueeze(1)
        cache.update(key.clone(), value.clone(), layer)
    written = torch.tensor([[backbone.decoder_start_id, *OUTPUT[:-1]]])
    with torch.no_grad():
        output = model(
            input_ids=torch.tensor([prompt]),
            decoder_input_ids=written,
            past_key_values=EncoderDecoderCache(cache, DynamicCache()),
            output_attentions=True,
        )
    assert [each.kind for each in answer.maps] == [
        AttentionKind.DECODER_SELF,
        AttentionKind.DECODER_CROSS,
    ]
    for each in answer.maps:
        torch.testing.assert_close(
            shares(each).sum(-1), torch.ones(len(OUTPUT), each.layers, each.heads)
        )
    own, cross = (shares(each) for each in answer.maps)
    assert (own[..., 0] > 0).all()
    assert not own[..., 1].any()
    assert not cross[..., 2].any()
    torch.testing.assert_close(cross[..., 1], torch.ones(cross.shape[:3]))
    eager = torch.stack(output.decoder_attentions)[:, 0]  # [L, H, T, P + T]
    wanted = torch.stack([eager[..., :LENGTH].sum(-1), eager[..., LENGTH:].sum(-1)], dim=-1)
    close = {"atol": 1e-5, "rtol": 1e-4}
    torch.testing.assert_close(own[..., [0, 2]], wanted.permute(2, 0, 1, 3), **close)
    mean = numbers(answer.maps[1].input_shares, len(OUTPUT), len(prompt))
    eager = torch.stack(output.cross_attentions)[:, 0].mean((0, 1))
    torch.testing.assert_close(mean, eager, **close)


@pytest.mark.parametrize(
    ("tokens", "layer", "head", "code"),
    [
        ([], -1, -1, "attention-of-so-many-tokens"),
        ([5] * 2000, -1, -1, "attention-of-so-many-tokens"),
        ([-3], -1, -1, "negative-token"),
        ([10**6], -1, -1, "token-without-embedding"),
        ([5] * 1000, -1, -1, "output-beyond-positions"),
        ([5], 99, -1, "no-such-attention"),
        ([5], -1, -2, "no-such-attention"),
    ],
)
def test_what_cannot_be_measured(
    tokens: list[int], layer: int, head: int, code: str, tmp_path: Path
) -> None:
    system = loaded(BareBackbone(tiny(tmp_path, "gpt2")))
    with refused(code):
        attention_shares(system, "Hut: soup", tokens, layer=layer, head=head)


def test_nothing_is_left_on_the_backbone(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    system = loaded(BareBackbone(backbone))
    before = {name: value.clone() for name, value in backbone.model.state_dict().items()}
    first = attention_shares(system, "Hut: soup", OUTPUT)
    assert attention_shares(system, "Hut: soup", OUTPUT) == first
    assert all(torch.equal(before[n], v) for n, v in backbone.model.state_dict().items())
