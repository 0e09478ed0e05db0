"""Counting what a method trains without the backbone's weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.cost import cost
from engine.contract.methods.ia3 import Ia3Method
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.contract.protocol.backbones import CountParameters
from engine.methods.base import count
from engine.methods.counting import count_parameters
from engine.methods.making import make_method
from engine.reporter import Silent
from tests.engine.tiny import tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import CONFIGS, save_tiny

METHODS = (
    TopLayersMethod(top_layers=1),
    TopLayersMethod(top_layers=2, embeddings=True),
    LoraMethod(rank=3),
)
WITH_BIASES = ("gpt2", "qwen2", "opt", "gpt_neox", "bart", "pegasus", "marian")
WITH_SCALES = ("gpt2", "qwen2", "opt", "gpt_neox", "llama", "bart", "t5")


@pytest.mark.parametrize("family", CONFIGS)
def test_the_count_is_that_of_the_loaded_backbone(tmp_path: Path, family: str) -> None:
    backbone = tiny(tmp_path, family)
    biases = [BiasMethod()] if family in WITH_BIASES else []
    scales = [Ia3Method()] if family in WITH_SCALES else []
    for method in (*METHODS, *biases, *scales):
        counted = count_parameters(CountParameters(str(backbone.folder), method), Silent())
        expected = count(make_method(backbone, method, seed=0).trainable())
        assert counted.parameters == expected
        told = cost(backbone.shape, method, counted=expected)
        assert (told.trainable, told.stored, told.stored_bytes) == (
            expected,
            expected,
            4 * expected,
        )


def test_no_weight_is_read(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "llama", "llama")
    command = CountParameters(str(folder), LoraMethod())
    before = count_parameters(command, Silent())
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")  # behind the header, which tells the shapes
    data[start:] = bytes(len(data) - start)
    weights.write_bytes(data)
    assert count_parameters(command, Silent()) == before


def test_a_method_that_cannot_train_the_backbone_says_why(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "llama", "llama")
    with refused("backbone-without-biases", backbone="llama"):
        count_parameters(CountParameters(str(folder), BiasMethod()), Silent())


def test_what_states_are_read_without_is_not_counted(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "bert")
    command = CountParameters(str(backbone.folder), BiasMethod(), by_states=True)
    expected = count(make_method(backbone.read_by_states(), BiasMethod(), seed=0).trainable())
    assert count_parameters(command, Silent()).parameters == expected
    assert expected < count(make_method(backbone, BiasMethod(), seed=0).trainable())
