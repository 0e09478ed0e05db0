"""Parameter counts against the paper's code and against counting by hand."""

import pytest

from engine.contract.backbone import BackboneShape
from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.cost import cost
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.p_tuning import PromptEncoder, PTuningMethod
from engine.contract.methods.prefix import Parametrisation, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.methods.top_layers import TopLayersMethod

GPT2_SMALL = BackboneShape(12, 12, 64, 768, 124_439_808, 50_257, 1024)
GPT2_MEDIUM = BackboneShape(24, 16, 64, 1024, 354_823_168, 50_257, 1024)
GPT2_LARGE = BackboneShape(36, 20, 64, 1280, 774_030_080, 50_257, 1024)
# Grouped queries: 9 heads share 3 key/value heads.
SMOLLM2 = BackboneShape(30, 3, 64, 576, 134_515_008, 49_152, 8192)
SIDES = BackboneShape(3, 4, 8, 32, 100_000, 400, 128, encoder_layers=2)


@pytest.mark.parametrize(
    ("shape", "length", "trainable", "stored"),
    [
        # Derived from the authors' code: github.com/XiangLi1999/PrefixTuning,
        # gpt2/train_control.py, mid_dim 512.
        (GPT2_MEDIUM, 5, 25_744_896, 245_760),
        (GPT2_MEDIUM, 10, 25_750_016, 491_520),
        (GPT2_LARGE, 10, 47_946_752, 921_600),
        (GPT2_SMALL, 5, 9_853_184, 92_160),
        # By hand: P*d = 10*576; 576*512 + 512; 512*E + E with E = 30*2*3*64 = 11,520.
        (SMOLLM2, 10, 5_760 + 295_424 + 5_909_760, 115_200),
    ],
)
def test_mlp_prefix(shape: BackboneShape, length: int, trainable: int, stored: int) -> None:
    found = cost(shape, PrefixMethod(prefix_length=length, mid_dim=512))
    assert (found.trainable, found.stored, found.stored_bytes) == (trainable, stored, 4 * stored)


@pytest.mark.parametrize("length", [1, 5, 512])
def test_direct_prefix_trains_what_it_stores(length: int) -> None:
    method = PrefixMethod(prefix_length=length, parametrisation=Parametrisation.DIRECT)
    found = cost(GPT2_MEDIUM, method)
    assert found.trainable == found.stored == length * 49_152


def test_fine_tuning_trains_and_stores_the_backbone() -> None:
    found = cost(SMOLLM2, FinetuneMethod())
    assert found.trainable == found.stored == 134_515_008
    assert found.stored_bytes == 538_060_032


def test_memory_grows_with_what_is_trained_and_with_the_batch() -> None:
    prefix, tuned = cost(SMOLLM2, PrefixMethod()), cost(SMOLLM2, FinetuneMethod())
    assert prefix.trainable is not None
    assert tuned.trainable is not None
    assert 4 * SMOLLM2.parameters < prefix.memory_bytes < tuned.memory_bytes
    assert tuned.memory_bytes > 16 * SMOLLM2.parameters
    # Weights, gradients and two moments differ; activations are the same.
    difference = 4 * (4 * tuned.trainable - SMOLLM2.parameters - 4 * prefix.trainable)
    assert tuned.memory_bytes - prefix.memory_bytes == difference
    larger = cost(SMOLLM2, PrefixMethod(), tokens_per_batch=2048)
    assert larger.memory_bytes > prefix.memory_bytes
    assert larger.trainable == prefix.trainable


@pytest.mark.parametrize(
    ("shape", "method", "trainable", "stored"),
    [
        # 0.37M and 11.09M of AdapterL in Hu et al. 2021, Table 3, to the digit.
        (GPT2_MEDIUM, AdapterMethod(bottleneck=6), 368_784, 368_784),
        (GPT2_MEDIUM, AdapterMethod(bottleneck=224), 11_089_152, 11_089_152),
        # The nearest to 0.1 % (354,823) and to 3 % (10,644,695): 6 and 215.
        (GPT2_MEDIUM, AdapterMethod(), 368_784, 368_784),
        (GPT2_MEDIUM, AdapterMethod(budget_percent=3), 10_646_568, 10_646_568),
        # By hand: 48 of 2*1024*8 + 8 + 1024.
        (GPT2_MEDIUM, AdapterMethod(AdapterDesign.HOULSBY, 8), 835_968, 835_968),
        # A budget that is not enough for a bottleneck of 1 has one all the same.
        (GPT2_MEDIUM, AdapterMethod(budget_percent=1e-9), 122_904, 122_904),
        # Two layers of encoder, three of decoder with two attentions each.
        (SIDES, AdapterMethod(bottleneck=4), 5 * 356, 5 * 356),
        (SIDES, AdapterMethod(AdapterDesign.HOULSBY, 4), 13 * 292, 13 * 292),
        (SMOLLM2, PromptMethod(), 20 * 576, 20 * 576),
        # 20*576, then 576 -> 64 -> 64 -> 576 with biases.
        (SMOLLM2, PTuningMethod(encoder_hidden=64), 11_520 + 36_928 + 4_160 + 37_440, 11_520),
        # Two layers of two directions of four gates, then 128 -> 128 -> 576.
        (
            SMOLLM2,
            PTuningMethod(prompt_encoder=PromptEncoder.LSTM, encoder_hidden=64),
            11_520 + 8 * 64 * (576 + 64 + 2) + 8 * 64 * (128 + 64 + 2) + 16_512 + 74_304,
            11_520,
        ),
    ],
)
def test_rivals(shape: BackboneShape, method: MethodSpec, trainable: int, stored: int) -> None:
    found = cost(shape, method)
    assert (found.trainable, found.stored, found.stored_bytes) == (trainable, stored, 4 * stored)


@pytest.mark.parametrize("method", [TopLayersMethod(), BiasMethod(), LoraMethod()])
def test_what_a_shape_does_not_say_is_not_guessed(method: MethodSpec) -> None:
    found = cost(SMOLLM2, method)
    assert (found.trainable, found.stored, found.stored_bytes) == (None, None, None)
    assert 4 * SMOLLM2.parameters < found.memory_bytes


def test_more_top_layers_take_more_memory() -> None:
    few, more = (cost(SMOLLM2, TopLayersMethod(layers)).memory_bytes for layers in (2, 4))
    tied = cost(SMOLLM2, TopLayersMethod(2, embeddings=True)).memory_bytes
    assert few < more < cost(SMOLLM2, FinetuneMethod()).memory_bytes
    assert few < tied
