"""Adapters: where they stand in each family, how many parameters they have, what they compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import gelu, layer_norm, relu

from engine.backbones.loading import Backbone
from engine.contract.backbone import BackboneShape
from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.cost import cost
from engine.methods.adapter import Adapters, find_places
from engine.methods.base import count
from tests.engine.other_methods import logits, scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import CONFIGS

LIN, HOULSBY = AdapterDesign.LIN, AdapterDesign.HOULSBY
GPT2_MEDIUM = BackboneShape(24, 16, 64, 1024, 354_823_168, 50_257, 1024)
IDS = torch.tensor([[5, 9, 17, 33, 2, 41, 8]])
ENDS = {
    "gpt2": {"attn.c_proj", "mlp.c_proj"},
    "llama": {"self_attn.o_proj", "mlp.down_proj"},
    "gpt_neox": {"attention.dense", "mlp.dense_4h_to_h"},
    "opt": {"self_attn.out_proj", "fc2"},
    "bart": {"self_attn.out_proj", "encoder_attn.out_proj", "fc2"},
    "t5": {"SelfAttention.o", "EncDecAttention.o", "DenseReluDense.wo"},
}
"""The matrix before each residual add, as the model's own code has it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adapters")


@pytest.fixture(scope="module")
def gpt2_medium() -> Backbone:
    """GPT-2 medium's shapes without its numbers."""
    from transformers import GPT2Config, GPT2LMHeadModel

    from engine.methods.attention import attention_of

    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config(n_embd=1024, n_layer=24, n_head=16)).eval()
    attention_of(model)
    return Backbone("gpt2-medium", Path("none"), model, None, "", GPT2_MEDIUM)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        # What Hu et al. 2021, Table 3, list as AdapterL of 0.37M and 11.09M.
        (AdapterMethod(bottleneck=6), 368_784),
        (AdapterMethod(bottleneck=224), 11_089_152),
        (AdapterMethod(budget_percent=0.1), 368_784),
        (AdapterMethod(budget_percent=3), 10_646_568),
        (AdapterMethod(HOULSBY, bottleneck=8), 835_968),
    ],
)
def test_gpt2_medium_has_as_many_as_published(
    gpt2_medium: Backbone, method: AdapterMethod, parameters: int
) -> None:
    adapters = Adapters(gpt2_medium, method, seed=0)
    found = count(adapters.trainable())
    assert found == parameters == cost(GPT2_MEDIUM, method).trainable
    (note,) = adapters.notes()
    assert f"{parameters:,} parameters" in note
    assert note.endswith("% of the 354,823,168 of gpt2-medium.")


@pytest.mark.parametrize("family", CONFIGS)
@pytest.mark.parametrize("design", AdapterDesign)
def test_every_family_has_every_place(family: str, design: AdapterDesign, folder: Path) -> None:
    backbone = tiny(folder, family)
    places = find_places(backbone, design)
    assert len(set(places)) == len(places)
    if design is HOULSBY and family in ENDS:
        for end in ENDS[family]:
            assert any(place.endswith("." + end) for place in places), end
        assert all(place.endswith(tuple("." + end for end in ENDS[family])) for place in places)
    method = AdapterMethod(design, bottleneck=3)
    adapters = Adapters(backbone, method, seed=0)
    assert count(adapters.trainable()) == cost(backbone.shape, method).trainable


def test_lin_is_added_to_what_a_layer_gives(folder: Path) -> None:
    """Against the formula, at the last layer of a backbone, where nothing follows but norm."""
    backbone = tiny(folder, "llama")
    adapters = Adapters(backbone, AdapterMethod(LIN, bottleneck=8), seed=0)
    last = {name: p for name, p in adapters.trainable().items() if ".layers.2." in name}
    scatter(last)
    own = {name.rsplit(".adapter.", 1)[1]: p for name, p in last.items()}
    model = backbone.model
    hidden: list[torch.Tensor] = []
    handle = model.model.layers[-1].register_forward_hook(lambda *a: hidden.append(a[2]))
    with torch.no_grad():
        model(input_ids=IDS, use_cache=False)
        handle.remove()
        normed = layer_norm(hidden[0], (32,), own["norm.weight"], own["norm.bias"])
        down = relu(normed @ own["down.weight"].T + own["down.bias"])
        changed = hidden[0] + down @ own["up.weight"].T + own["up.bias"]
        expected = model.lm_head(model.model.norm(changed))
    torch.testing.assert_close(logits(adapters, IDS), expected, rtol=1e-5, atol=1e-5)


def test_houlsby_stands_before_the_residual_add(folder: Path) -> None:
    """Against the formula at the last feed-forward of GPT-2, whose dropout is off."""
    backbone = tiny(folder, "gpt2")
    adapters = Adapters(backbone, AdapterMethod(HOULSBY, bottleneck=8), seed=0)
    last = {name: p for name, p in adapters.trainable().items() if ".1.mlp." in name}
    scatter(last)
    own = {name.rsplit(".adapter.", 1)[1]: p for name, p in last.items()}
    model, block = backbone.model, backbone.model.transformer.h[1]
    made: dict[str, torch.Tensor] = {}
    handles = [
        block.mlp.register_forward_hook(lambda *a: made.update(mlp=a[2])),
        block.register_forward_hook(
            lambda *a: made.update(block=a[2][0] if isinstance(a[2], tuple) else a[2])
        ),
    ]
    with torch.no_grad():
        model(input_ids=IDS, use_cache=False)
        for handle in handles:
            handle.remove()
        down = gelu(made["mlp"] @ own["down.weight"].T + own["down.bias"])
        change = down @ own["up.weight"].T + own["up.bias"]
        expected = model.lm_head(model.transformer.ln_f(made["block"] + change))
    torch.testing.assert_close(logits(adapters, IDS), expected, rtol=1e-5, atol=1e-5)


def test_a_backbone_whose_places_are_not_found_is_refused(folder: Path) -> None:
    backbone = tiny(folder, "llama")
    more = replace(backbone, shape=replace(backbone.shape, layers=5))
    with refused("adapter-sites-missing", backbone="llama", title="Lin", count=3, wanted=5):
        Adapters(more, AdapterMethod(), seed=0)
    wide = replace(backbone, shape=replace(backbone.shape, width=48))
    with refused("adapter-sites-missing", backbone="llama", title="Houlsby", count=0, wanted=6):
        Adapters(wide, AdapterMethod(HOULSBY), seed=0)
