"""The prefix through attention equals the prefix in a cache, for every backbone family."""

from pathlib import Path

import pytest
import torch

from engine.contract.errors import UserError
from engine.contract.method_spec import Init, Parametrisation, PrefixMethod
from engine.methods.attention import attention_of
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.prefix import PrefixTuning, StoredPrefix
from engine.training.batches import collate, token_row
from engine.training.loss import loss_sum
from tests.engine.tiny import gradients, reference_logits, tiny

FAMILIES = ("llama", "gpt2")
MORE_FAMILIES = (
    "llama-wide-heads",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "phi3",
    "gpt_neox",
    "opt",
    "olmo2",
)


def method(length: int = 5, **changes: object) -> PrefixMethod:
    return PrefixMethod(**{"prefix_length": length, "mid_dim": 16, **changes})


@pytest.mark.parametrize("family", [*FAMILIES, *MORE_FAMILIES])
@pytest.mark.parametrize("length", [1, 30])
@pytest.mark.parametrize("padding", ["none", "left", "right"])
def test_logits_equal_the_cache_route(
    family: str, length: int, padding: str, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(length, init=Init.RANDOM), seed=1)
    ids = torch.randint(1, 300, (3, 7), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    if padding == "left":
        mask[1, :3] = 0
    elif padding == "right":
        mask[1, 4:] = 0
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0) + length
    with torch.no_grad(), tuned.active():
        ours = backbone.model(input_ids=ids, attention_mask=mask, position_ids=positions).logits
    expected = reference_logits(backbone, tuned.folded(), ids, mask)
    real = mask.bool()
    scale = max(1.0, expected.abs().max().item())  # Gemma's logits here are above 10
    torch.testing.assert_close(ours[real], expected[real], rtol=0, atol=1e-5 * scale)
    with torch.no_grad():
        bare = backbone.model(input_ids=ids, attention_mask=mask, position_ids=positions).logits
    assert (bare[real] - ours[real]).abs().max() > 0.01, "the prefix made no difference"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_row_equals_the_lone_row(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(), seed=1)
    rows = [token_row([5, 6, 7], [8, 9]), token_row(range(10, 20), [3, 4, 5, 0])]
    device = torch.device("cpu")
    with torch.no_grad(), tuned.active():
        together = loss_sum(tuned, collate(rows, pad_id=0, device=device))
        alone = sum(loss_sum(tuned, collate([row], pad_id=0, device=device)) for row in rows)
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", list(Parametrisation))
def test_gradient_checkpointing_gives_the_same_gradients(
    family: str, form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(parametrisation=form), seed=1)
    batch = collate([token_row([5, 6, 7], [8, 9, 0])], pad_id=0, device=torch.device("cpu"))

    plain = gradients(tuned, batch)
    assert set(plain) == set(tuned.trainable())
    blocks = backbone.model.model.layers if family == "llama" else backbone.model.transformer.h
    passes: list[int] = []
    blocks[0].mlp.register_forward_pre_hook(lambda *_: passes.append(1))
    enable_checkpointing(backbone.model)
    tuned.set_training(True)
    checkpointed = gradients(tuned, batch)
    assert len(passes) == 2, "activations were kept instead of computed again"
    assert not blocks[0].mlp.training, "the backbone's dropout was switched on"
    for name, gradient in plain.items():
        torch.testing.assert_close(checkpointed[name], gradient, rtol=1e-5, atol=1e-7)


def test_every_entry_of_a_direct_prefix_gets_a_gradient(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    tuned = PrefixTuning(backbone, method(parametrisation=Parametrisation.DIRECT), seed=1)
    batch = collate([token_row([5, 6, 7], [8, 9, 0])], pad_id=0, device=torch.device("cpu"))
    with tuned.active():
        loss_sum(tuned, batch).backward()
    for name, parameter in tuned.trainable().items():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).all(), name


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", list(Parametrisation))
def test_words_in_the_prefix_equal_words_in_the_text(
    family: str, form: Parametrisation, tmp_path: Path
) -> None:
    """Started from words, the prefix says what the words themselves would (paper, 7.4)."""
    backbone = tiny(tmp_path, family)
    words = backbone.tokenizer("Blue Spice serves", add_special_tokens=False)["input_ids"]
    spec = method(len(words), parametrisation=form, init_text="Blue Spice serves")
    text = torch.tensor([[*words, 9, 10, 11]])
    with torch.no_grad():
        expected = backbone.model(input_ids=text).logits[:, len(words) :]
    tuned = PrefixTuning(backbone, spec, seed=1)
    positions = torch.arange(len(words), len(words) + 3).unsqueeze(0)
    with torch.no_grad(), tuned.active():
        ours = backbone.model(input_ids=text[:, len(words) :], position_ids=positions).logits
    torch.testing.assert_close(ours, expected, rtol=0, atol=2e-4)
    assert tuned.notes() == ()


def test_words_are_repeated_or_cut_to_the_length_and_say_so(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    assert (
        "repeated to the prefix length 90"
        in PrefixTuning(backbone, method(90, init_text="Blue"), seed=0).notes()[0]
    )
    assert (
        "cut to the prefix length 1"
        in PrefixTuning(backbone, method(1, init_text="Blue Spice serves"), seed=0).notes()[0]
    )


def test_folded_equals_unfolded_and_nothing_stays_attached(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    tuned = PrefixTuning(backbone, method(), seed=1)
    stored = StoredPrefix(backbone, tuned.folded())
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        bare = backbone.model(input_ids=ids).logits
        with tuned.active():
            trained = backbone.model(input_ids=ids).logits
        with stored.active():
            folded = backbone.model(input_ids=ids).logits
        after = backbone.model(input_ids=ids).logits
    assert torch.equal(trained, folded)
    assert torch.equal(bare, after)
    assert not torch.equal(bare, trained)


def test_a_backbone_without_reachable_attention_is_refused(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    # A hybrid model: one of its layers has no attention that could take a prefix.
    backbone.model.config.num_hidden_layers += 1
    with pytest.raises(UserError, match="LlamaForCausalLM cannot take a prefix: only 3 of its 4"):
        attention_of(backbone.model)
