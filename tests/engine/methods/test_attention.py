"""The prefix through attention equals the prefix in a cache, for every backbone family."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.fast.path import compute_by_transformers
from engine.methods.attention import attention_of
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.tasks.generation.batches import collate, collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.tiny import gradients, load, reference_logits, tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import DECODERS, save_tiny

FAMILIES = ("llama", "gpt2")
"""For what is the same code in all: keys that are rotated, and keys that are not."""


def method(length: int = 5, **changes: object) -> PrefixMethod:
    return PrefixMethod(**{"prefix_length": length, "mid_dim": 16, **changes})


@pytest.mark.parametrize("family", DECODERS)
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


@pytest.mark.parametrize("family", DECODERS)
@pytest.mark.parametrize("form", list(Parametrisation))
@pytest.mark.parametrize("length", [1, 30])
def test_gradient_checkpointing_changes_neither_loss_nor_gradients(
    family: str, form: Parametrisation, length: int, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    compute_by_transformers(backbone.model)
    tuned = PrefixTuning(backbone, method(length, parametrisation=form), seed=1)
    batch = collate_for(backbone, [token_row([5, 6, 7], [8, 9, 0]), token_row([4], [3, 2, 1, 0])])

    def loss() -> torch.Tensor:
        with tuned.active():
            return loss_sum(tuned, batch)

    plain, plain_loss = gradients(tuned, batch), loss()
    assert set(plain) == set(tuned.trainable())
    if form is Parametrisation.DIRECT:
        assert all((gradient != 0).all() for gradient in plain.values()), "an entry has none"
    passes = []
    for module in attention_of(backbone.model).modules.values():
        module.register_forward_pre_hook(lambda module, _: passes.append(module))
    enable_checkpointing(backbone.model)
    tuned.set_training(True)
    checkpointed = gradients(tuned, batch)
    assert set(Counter(passes).values()) == {2}, "activations were kept, not computed again"
    assert not any(m.training for m in backbone.model.modules() if isinstance(m, torch.nn.Dropout))
    torch.testing.assert_close(loss(), plain_loss, rtol=1e-6, atol=0)
    for name, gradient in plain.items():
        torch.testing.assert_close(checkpointed[name], gradient, rtol=1e-4, atol=1e-6)


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


@pytest.mark.parametrize("form", list(Parametrisation))
def test_prefix_dropout_zeroes_its_share_of_entries_in_training_alone(
    form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, "llama")
    spec = method(30, parametrisation=form, init=Init.RANDOM, dropout=0.25)
    tuned = PrefixTuning(backbone, spec, seed=1)

    def entries() -> torch.Tensor:
        return torch.cat([one.flatten() for one in tuned.key_values().values()]).detach()

    still = entries()
    assert (still != 0).all()
    tuned.set_training(True)
    first, second = entries(), entries()
    share = (first == 0).float().mean().item()
    assert share == pytest.approx(0.25, abs=0.04)  # of 2,880 entries
    assert not torch.equal(first, second)
    kept = first != 0
    torch.testing.assert_close(first[kept], still[kept] / 0.75)
    tuned.set_training(False)
    assert torch.equal(entries(), still)


@pytest.mark.parametrize("family", ["gpt2", "bart"])
def test_the_frozen_backbones_dropout_is_on_where_it_is_wanted(family: str, tmp_path: Path) -> None:
    rows = [token_row([5, 6, 7, 8], [9, 10, 11, 0])]

    def losses(*, wanted: bool, training: bool) -> set[float]:
        backbone = tiny(tmp_path / f"{wanted}", family)
        enable_checkpointing(backbone.model)
        tuned = PrefixTuning(backbone, method(init=Init.RANDOM, frozen_dropout=wanted), seed=1)
        tuned.set_training(training)
        found = set()
        for _ in range(3):
            with tuned.active():
                found.add(loss_sum(tuned, collate_for(backbone, rows)).item())
        assert not any(p.requires_grad for p in backbone.model.parameters())
        return found

    off = losses(wanted=False, training=True)
    assert len(off) == 1
    assert losses(wanted=True, training=False) == off
    assert len(losses(wanted=True, training=True)) == 3


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
    stored = SavedPrefix(backbone, tuned.folded())
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


def test_a_prefix_stays_in_sight_behind_a_sliding_window(tmp_path: Path) -> None:
    """In a cache it would slide out of the window as the text goes on."""
    folder = save_tiny(tmp_path / "mistral", "mistral")
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"sliding_window": 4}))
    backbone = load(folder)
    tuned = PrefixTuning(backbone, method(init=Init.RANDOM), seed=1)
    ids = torch.randint(1, 300, (1, 40), generator=torch.Generator().manual_seed(0))
    positions = torch.arange(5, 45).unsqueeze(0)

    def last(ids: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = backbone.model(input_ids=ids, position_ids=positions).logits[0, -1]
        return found

    with torch.no_grad():
        bare = last(ids)
        with tuned.active():
            ours = last(ids)
            # Three layers of a window of four see ten tokens: no change before them is seen.
            far = last(torch.cat([ids[:, :20] + 1, ids[:, 20:]], dim=1))
    assert (ours - bare).abs().max() > 0.01
    torch.testing.assert_close(far, ours)


def test_a_backbone_without_reachable_attention_is_refused(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    # A hybrid model: one of its layers has no attention that could take a prefix.
    backbone.model.config.num_hidden_layers += 1
    with refused("attention-layers-missing", model="LlamaForCausalLM", count=3, layers=4):
        attention_of(backbone.model)
