"""Training some of the backbone's own weights: its top layers, or its biases."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.norms import NormsMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.methods.making import make_method
from tests.engine.tiny import tiny
from tests.helpers.errors import refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


def test_top_layers_are_the_last_ones_and_the_final_norm(folder: Path) -> None:
    method = make_method(tiny(folder, "llama"), TopLayersMethod(2), seed=0)
    places = {name.rsplit(".", 2)[0] for name in method.trainable() if ".layers." not in name}
    layers = {name.split(".")[2] for name in method.trainable() if ".layers." in name}
    assert (places, layers) == ({"model"}, {"1", "2"})
    assert method.notes() == ("Trained of llama: model.layers.1, model.layers.2, model.norm.",)
    t5 = make_method(tiny(folder, "t5"), TopLayersMethod(1), seed=0)
    assert t5.notes() == ("Trained of t5: decoder.block.1, decoder.final_layer_norm.",)


def test_top_layers_of_gpt2_medium_are_as_many_as_published(folder: Path) -> None:
    """25.19M in Hu et al. 2021, Table 3 (FT-Top2); 76.7M with the embeddings."""
    from transformers import GPT2Config, GPT2LMHeadModel

    from engine.methods.structure import structure_of

    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config(n_embd=1024, n_layer=24, n_head=16)).eval()
    found = structure_of(model, attentions=True)
    places = tuple(f"{one.name}." for one in found.blocks[-2:]) + tuple(found.after)
    sizes = {name: p.numel() for name, p in model.named_parameters() if name.startswith(places)}
    assert sum(sizes.values()) == 25_194_496
    assert sum(sizes.values()) + model.get_input_embeddings().weight.numel() == 76_657_664


def test_more_layers_than_there_are_is_refused(folder: Path) -> None:
    with refused("more-top-layers-than-layers", top_layers=4, side="backbone", layers=3):
        make_method(tiny(folder, "llama"), TopLayersMethod(4), seed=0)
    with refused("more-top-layers-than-layers", top_layers=9, side="decoder", layers=3):
        make_method(tiny(folder, "bart"), TopLayersMethod(9), seed=0)


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen3", "gemma", "phi3", "olmo2", "t5"])
def test_a_backbone_without_biases_is_refused(family: str, folder: Path) -> None:
    with refused("backbone-without-biases", backbone=family):
        make_method(tiny(folder, family), BiasMethod(), seed=0)


def test_bitfit_trains_biases_alone(folder: Path) -> None:
    for family in ("gpt2", "qwen2", "gpt_neox", "opt", "bart", "pegasus", "marian"):
        method = make_method(tiny(folder, family), BiasMethod(), seed=0)
        names = method.trainable()
        assert names, family
        assert all(name.endswith(".bias") for name in names), family


def test_norms_are_trained_alone_with_or_without_biases(folder: Path) -> None:
    for family in ("llama", "qwen3", "t5", "gpt2", "bart"):
        method = make_method(tiny(folder, family), NormsMethod(), seed=0)
        names = method.trainable()
        assert names, family
        assert all(parameter.dim() == 1 for parameter in names.values()), family
        assert all("norm" in name or ".ln_" in name for name in names), (family, list(names))


def test_norms_of_a_backbone_are_all_of_them(folder: Path) -> None:
    llama = tiny(folder, "llama")
    method = make_method(llama, NormsMethod(), seed=0)
    expected = {name for name, _ in llama.model.named_parameters() if "norm" in name}
    assert set(method.trainable()) == expected
