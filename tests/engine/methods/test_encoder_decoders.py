"""A prefix in all three places of an encoder–decoder equals a second, explicit attention."""

from pathlib import Path

import pytest
import torch

from engine.backbones.config import BackboneConfig
from engine.contract.errors import UserError
from engine.contract.methods.prefix import AttentionKind, Init, Parametrisation, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.methods.attention import attention_of
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.finetune import BareBackbone
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from engine.tasks.generation.batches import TextBatch, collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.explicit import explicit_model
from tests.engine.tiny import gradients, load, tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import ENCODER_DECODERS, save_tiny

FAMILIES = tuple(ENCODER_DECODERS)
ROWS = [
    token_row([0, 5, 6, 7, 1], [0, 8, 9, 1]),
    token_row([0, *range(10, 20), 1], [0, 30, 31, 32, 33, 34, 1]),
    token_row([0, 40, 1], [0, 50, 1]),
]


def method(length: int = 5, **changes: object) -> PrefixMethod:
    return PrefixMethod(**{"prefix_length": length, "mid_dim": 16, "init": Init.RANDOM, **changes})


def logits(model: object, batch: TextBatch) -> torch.Tensor:
    output = model(
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        decoder_input_ids=batch.decoder_input_ids,
        use_cache=False,
    )
    found: torch.Tensor = output.logits
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("length", [1, 30])
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("rows", [ROWS[:1], ROWS], ids=["lone", "padded"])
def test_logits_equal_an_explicit_attention(
    family: str, length: int, checkpointing: bool, rows: list, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(length), seed=1)
    batch = collate_for(backbone, rows)
    if checkpointing:
        enable_checkpointing(backbone.model)
        tuned.set_training(True)
        with tuned.active():
            ours = logits(backbone.model, batch).detach()
    else:
        with torch.no_grad(), tuned.active():
            ours = logits(backbone.model, batch)
    with torch.no_grad():
        expected = logits(explicit_model(backbone, tuned.folded()), batch)
        bare = logits(explicit_model(backbone, {}), batch)
    real = batch.labels != -100
    scale = max(1.0, expected.abs().max().item())
    torch.testing.assert_close(ours[real], expected[real], rtol=0, atol=1e-5 * scale)
    assert (bare[real] - ours[real]).abs().max() > 0.01, "the prefix made no difference"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("place", list(AttentionKind))
def test_each_place_can_be_switched_off_and_makes_a_difference(
    family: str, place: AttentionKind, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    off = {f"{place.value}": False}
    every = PrefixTuning(backbone, method(), seed=1).folded()
    fewer = PrefixTuning(backbone, method(**off), seed=1)
    sites = set(fewer.folded())
    assert sites == {site for site in every if site.kind is not place}
    batch = collate_for(backbone, ROWS)
    with torch.no_grad(), SavedPrefix(backbone, every).active():
        whole = logits(backbone.model, batch)
    alone = {site: entries for site, entries in every.items() if site in sites}
    with torch.no_grad(), SavedPrefix(backbone, alone).active():
        without = logits(backbone.model, batch)
    assert (whole - without)[batch.labels != -100].abs().max() > 1e-3


def test_a_prefix_that_stands_nowhere_is_refused() -> None:
    with pytest.raises(UserError, match="decoder self-attention and cross-attention"):
        method(encoder_self=False, decoder_self=False, decoder_cross=False)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", list(Parametrisation))
def test_gradient_checkpointing_gives_the_same_gradients(
    family: str, form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(parametrisation=form), seed=1)
    batch = collate_for(backbone, ROWS)

    plain = gradients(tuned, batch)
    assert set(plain) == set(tuned.trainable())
    enable_checkpointing(backbone.model)
    tuned.set_training(True)
    again = gradients(tuned, batch)
    for name, gradient in plain.items():
        torch.testing.assert_close(again[name], gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_row_equals_the_lone_row(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(), seed=1)
    with torch.no_grad(), tuned.active():
        together = loss_sum(tuned, collate_for(backbone, ROWS))
        alone = sum(loss_sum(tuned, collate_for(backbone, [row])) for row in ROWS)
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", list(Parametrisation))
def test_words_start_every_place_with_the_backbones_own_keys_and_values(
    form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, "bart")
    words = backbone.tokenizer("Blue Spice serves", add_special_tokens=False)["input_ids"]
    spec = method(len(words), init=Init.WORDS, init_text="Blue Spice serves", parametrisation=form)
    folded = PrefixTuning(backbone, spec, seed=1).folded()
    model, ids = explicit_model(backbone, {}), torch.tensor([words])
    seen = {}
    for name, module in model.named_modules():
        if name.endswith("k_proj"):
            module.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out}))
    with torch.no_grad():
        model(input_ids=ids, decoder_input_ids=ids, use_cache=False)
    for place, layer, name in (
        ("encoder_self", 1, "model.encoder.layers.1.self_attn.k_proj"),
        ("decoder_self", 2, "model.decoder.layers.2.self_attn.k_proj"),
        ("decoder_cross", 0, "model.decoder.layers.0.encoder_attn.k_proj"),
    ):
        site = next(s for s in folded if s.kind.value == place and s.layer == layer)
        expected = seen[name].view(len(words), 4, 8).transpose(0, 1)  # [H, P, D]
        torch.testing.assert_close(folded[site][0], expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("family", "beams"), [*((family, 3) for family in FAMILIES), ("bart", 1), ("t5", 1)]
)
def test_decoding_equals_generate_over_the_explicit_attention(
    family: str, beams: int, tmp_path: Path
) -> None:
    """In a batch of one and of three."""
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(), seed=1)
    prompts = [list(row.source) for row in ROWS]
    strategy = Strategy.BEAM if beams > 1 else Strategy.GREEDY
    spec = DecodingSpec(strategy=strategy, num_beams=beams, max_new_tokens=9, batch_size=3)
    together = decode(tuned, prompts, spec, Silent()).texts
    alone = tuple(decode(tuned, [prompt], spec, Silent()).texts[0] for prompt in prompts)
    assert together == alone
    model = explicit_model(backbone, tuned.folded())
    for prompt, text in zip(prompts, together, strict=True):
        with torch.no_grad():
            found = model.generate(
                input_ids=torch.tensor([prompt]), num_beams=beams, do_sample=False,
                max_new_tokens=9, decoder_start_token_id=backbone.decoder_start_id,
                eos_token_id=1, pad_token_id=2, length_penalty=1.0, early_stopping=False,
            )  # fmt: skip
        expected = backbone.tokenizer.decode(found[0], skip_special_tokens=True).strip()
        assert text == expected


def test_a_decoder_deeper_than_its_encoder_decodes(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path, "t5-flan", num_layers=1, num_decoder_layers=3)
    assert BackboneConfig(folder).refusal() == ""
    backbone = load(folder)
    prompt = list(ROWS[0].source)
    spec = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=6, min_new_tokens=6)
    ids = [backbone.decoder_start_id]
    for _ in range(6):  # without a cache
        with torch.no_grad():
            logits = backbone.model(
                input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([ids])
            ).logits[0, -1]
        logits[backbone.tokenizer.eos_token_id] = -torch.inf
        ids.append(int(logits.argmax()))
    text = decode(BareBackbone(backbone), [prompt], spec, Silent()).texts[0]
    assert text == backbone.tokenizer.decode(ids, skip_special_tokens=True).strip()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_place_has_parameters_of_its_own_and_the_cost_counts_them(
    family: str, tmp_path: Path
) -> None:
    from engine.contract.methods.cost import cost
    from engine.methods.base import count

    backbone = tiny(tmp_path, family)
    for spec in (
        method(),
        method(parametrisation=Parametrisation.DEEP_MLP),
        method(parametrisation=Parametrisation.DIRECT),
        method(encoder_self=False),
    ):
        tuned = PrefixTuning(backbone, spec, seed=0)
        told = cost(backbone.shape, spec)
        assert told.trainable == count(tuned.trainable())
        assert told.stored == sum(entries.numel() for entries in tuned.folded().values())


def test_an_attention_that_cannot_be_reached_is_named_with_its_place(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "bart")
    backbone.model.config.encoder_layers += 1
    with refused("attention-layers-missing", count=2, layers=3, attention="encoder self-attention"):
        attention_of(backbone.model)
