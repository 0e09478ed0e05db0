"""The fast path against the formula in float64, against transformers, and against itself."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.fast.decoder import FastDecoder
from engine.fast.packing import pack_prompts, pack_rows
from engine.fast.path import path_of
from engine.fast.prefix import Prefix
from engine.fast.structures.reading import read_weights
from engine.fast.weights import DecoderWeights
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.prefix import PrefixTuning
from engine.tasks.generation.batches import collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.explicit import explicit_model
from tests.engine.tiny import gradients, load, tiny
from tests.helpers.tiny_backbones import save_tiny

LLAMA_LIKE = ("llama", "llama-wide-heads", "mistral", "qwen2", "qwen3")
FAST = (*LLAMA_LIKE, "gpt2", "opt")
SOURCES = [[7, 8, 9], [20, 21, 22, 23, 24], [7, 8, 9], [30], [7, 8, 9]]
TARGETS = [[11, 12, 1], [13, 14, 15, 16, 1], [11, 40, 41, 1], [17, 18, 1], [5]]


def method(backbone: Backbone, **changes: object) -> PrefixTuning:
    spec = PrefixMethod(prefix_length=5, mid_dim=16, init=Init.RANDOM, dropout=0.0)
    return PrefixTuning(backbone, dataclasses.replace(spec, **changes), seed=1)


def prefix_of(tuned: PrefixTuning, *, double: bool = False) -> Prefix:
    layers = [
        (entries.double() if double else entries).detach().requires_grad_()
        for entries in tuned.folded().values()
    ]
    return Prefix(layers, tuned.position_offset)


def decoder_of(backbone: Backbone) -> FastDecoder:
    decoder = path_of(backbone.model).decoder
    assert decoder is not None
    return decoder


def summed(model: torch.nn.Module, offset: int) -> torch.Tensor:
    """The loss of each row alone, by transformers."""
    total = torch.zeros((), dtype=model.dtype)
    for source, target in zip(SOURCES, TARGETS, strict=True):
        ids = torch.tensor([[*source, *target[:-1]]])
        positions = torch.arange(ids.shape[1])[None] + offset
        logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits[0]
        total = total + cross_entropy(
            logits[len(source) - 1 :], torch.tensor(target), reduction="sum"
        )
    return total


@pytest.mark.parametrize("family", FAST)
def test_loss_and_gradient_are_those_of_transformers_in_float64(
    family: str, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = method(backbone)
    exact = prefix_of(tuned, double=True)
    sites = list(tuned.folded())
    model = explicit_model(backbone, dict(zip(sites, exact.layers, strict=True))).double()
    torch.set_default_dtype(torch.float64)  # the explicit attention makes tensors of its own
    try:
        summed(model, tuned.position_offset).backward()
    finally:
        torch.set_default_dtype(torch.float32)
    decoder, ours = decoder_of(backbone), prefix_of(tuned)
    loss = decoder.loss(ours, pack_rows(SOURCES, TARGETS, share=False))
    loss.backward()
    for layer, reference in zip(ours.layers, exact.layers, strict=True):
        assert layer.grad is not None
        assert reference.grad is not None
        error = (layer.grad - reference.grad).norm() / reference.grad.norm()
        assert error < 2e-6


@pytest.mark.parametrize("family", ["llama", "qwen3", "gpt2", "opt"])
def test_the_gradient_is_the_slope_of_the_loss(family: str, tmp_path: Path) -> None:
    """In float64, by torch's own check of numeric differences."""
    backbone = load(save_tiny(tmp_path, family, num_hidden_layers=2))
    decoder = FastDecoder(doubled(read_weights(backbone.model)))
    prefix = prefix_of(method(backbone, prefix_length=2), double=True)
    batch = pack_rows(SOURCES, TARGETS, share=True)
    batch = dataclasses.replace(batch, bias=batch.bias.double())

    def loss(*layers: torch.Tensor) -> torch.Tensor:
        return decoder.loss(Prefix(layers, 2), batch)

    assert torch.autograd.gradcheck(loss, tuple(prefix.layers), fast_mode=True)


def doubled(weights: DecoderWeights) -> DecoderWeights:
    """The same weights in float64."""

    def double(value: object) -> object:
        if isinstance(value, torch.Tensor):
            return value.double()
        if isinstance(value, torch.nn.Module):
            return copy.deepcopy(value).double()
        if isinstance(value, list):
            return [double(item) for item in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: double(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return dataclasses.replace(value, **fields)
        return value

    made = double(weights)
    assert isinstance(made, DecoderWeights)
    return made


def test_rows_that_share_their_source_have_the_loss_and_gradient_of_lone_rows(
    tmp_path: Path,
) -> None:
    backbone = tiny(tmp_path, "llama")
    decoder, tuned = decoder_of(backbone), method(backbone)
    results = []
    for share in (False, True):
        prefix, batch = prefix_of(tuned), pack_rows(SOURCES, TARGETS, share=share)
        loss = decoder.loss(prefix, batch)
        loss.backward()
        results.append((loss, [layer.grad for layer in prefix.layers], len(batch.ids)))
    (lone, lone_grads, all_tokens), (shared, shared_grads, tokens) = results
    assert tokens == all_tokens - 2 * len(SOURCES[0])
    torch.testing.assert_close(shared, lone)
    for one, other in zip(shared_grads, lone_grads, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_layers_may_have_shorter_prefixes_or_none(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    tuned = method(backbone)
    whole = prefix_of(tuned)
    uneven = [whole.layers[0], whole.layers[1][:, :, 3:], whole.layers[2][:, :, 5:]]
    prefix = Prefix([layer.detach() for layer in uneven], 5)
    sites = list(tuned.folded())
    entries = {s: e for s, e in zip(sites, prefix.layers, strict=True) if e.shape[2]}
    model = explicit_model(backbone, entries)
    loss = decoder_of(backbone).loss(prefix, pack_rows(SOURCES, TARGETS, share=False))
    with torch.no_grad():
        torch.testing.assert_close(loss, summed(model, 5), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("family", ["qwen2", "gpt2", "opt"])
def test_steps_over_a_shared_cache_are_the_forward_pass_of_each_beam(
    family: str, tmp_path: Path
) -> None:
    """Beams that fork and die, inputs that leave and enter, caches that are made anew."""
    backbone = tiny(tmp_path, family)
    decoder, prefix = decoder_of(backbone), prefix_of(method(backbone))
    random = torch.Generator().manual_seed(0)
    prompts = [[7, 8, 9], [20, 21, 22, 23, 24], [30]]
    beams, size = 3, 2
    _, cache = decoder.prefill(prefix, pack_prompts(prompts[:size]), beams=beams)
    texts = [[list(prompt) for _ in range(beams)] for prompt in prompts[:size]]
    for step in range(40):
        if step == 5:
            _, entering = decoder.prefill(prefix, pack_prompts(prompts[size:]), beams=beams)
            cache.join(entering)
            texts.append([list(prompts[2]) for _ in range(beams)])
        if step == 30:
            cache.choose(torch.tensor([0, 2]))
            texts = [texts[0], texts[2]]
        parents = torch.randint(beams, (len(texts), beams), generator=random)
        ids = torch.randint(3, 300, (len(texts), beams), generator=random)
        texts = [
            [[*beamed[parent], token] for parent, token in zip(row, new, strict=True)]
            for beamed, row, new in zip(texts, parents.tolist(), ids.tolist(), strict=True)
        ]
        cache.follow(parents)
        logits = decoder.step(cache, ids)
        if step in (0, 4, 5, 20, 39):
            flat = list(itertools.chain(*texts))
            torch.testing.assert_close(
                logits, decoder.logits(prefix, pack_prompts(flat)), atol=2e-3, rtol=1e-4
            )
    assert cache.used < 5 + 5 + 40 * beams  # what no beam sees any more was dropped


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}),
        ("gpt2", {"activation_function": "silu"}),
        ("opt", {"do_layer_norm_before": False}),
        ("opt", {"word_embed_proj_dim": 16}),
        ("gemma", {}),
        ("phi3", {}),
        ("olmo2", {}),
        ("mistral", {"sliding_window": 8}),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}}),
        ("llama", {"hidden_act": "gelu"}),
    ],
)
def test_what_is_built_otherwise_goes_through_transformers(
    family: str, changes: dict[str, object], tmp_path: Path
) -> None:
    backbone = load(save_tiny(tmp_path, family, **changes))
    before = {name: value.clone() for name, value in backbone.model.state_dict().items()}
    path = path_of(backbone.model)
    assert path.decoder is None
    assert path.reason
    after = backbone.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_saving_memory_computes_training_steps_by_transformers_with_equal_gradients(
    tmp_path: Path,
) -> None:
    tuned = method(tiny(tmp_path, "llama"))
    batch = collate_for(
        tuned.backbone, [token_row(*row) for row in zip(SOURCES, TARGETS, strict=True)]
    )
    plain = gradients(tuned, batch)
    passes: list[object] = []
    layer = tuned.backbone.model.model.layers[0]
    layer.self_attn.register_forward_pre_hook(lambda module, _: passes.append(module))
    enable_checkpointing(tuned.backbone.model)
    tuned.set_training(True)
    saving = gradients(tuned, batch)
    assert len(passes) == 2  # the second on the way back
    for name, gradient in plain.items():
        torch.testing.assert_close(saving[name], gradient, rtol=1e-4, atol=1e-6)
    tuned.set_training(False)
    with torch.no_grad(), tuned.active():
        loss_sum(tuned, batch)
    assert len(passes) == 2  # evaluation and decoding keep the fast path
    assert "transformers" in tuned.computed_by


@pytest.mark.parametrize("frozen_dropout", [True, False])
def test_a_backbone_drops_out_in_training_where_the_method_wants_it(
    frozen_dropout: bool, tmp_path: Path
) -> None:
    tuned = method(tiny(tmp_path, "gpt2"), frozen_dropout=frozen_dropout)
    batch = collate_for(
        tuned.backbone, [token_row(*row) for row in zip(SOURCES, TARGETS, strict=True)]
    )

    def losses() -> set[float]:
        with torch.no_grad(), tuned.active():
            return {float(loss_sum(tuned, batch)) for _ in range(3)}

    tuned.set_training(True)
    assert len(losses()) == (3 if frozen_dropout else 1)
    assert tuned.computed_by == "fast path" or frozen_dropout
    tuned.set_training(False)
    assert len(losses()) == 1


def test_weights_are_the_same_numbers_and_in_memory_once(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    before = {name: value.clone() for name, value in backbone.model.state_dict().items()}
    weights = read_weights(backbone.model)
    after = backbone.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    layer = backbone.model.model.layers[0]
    inside = {weights.layers[0].qkv.matrix.untyped_storage().data_ptr()}
    views = (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj)
    assert {view.weight.untyped_storage().data_ptr() for view in views} == inside


@pytest.mark.parametrize("family", FAST)
def test_matrices_of_bfloat16_round_products_and_nothing_else(family: str, tmp_path: Path) -> None:
    """Against the same rounded weights in float32."""
    folder = save_tiny(tmp_path / family, family)
    half, whole = load(folder, torch.bfloat16), load(folder)
    with torch.no_grad():
        for parameter in whole.model.parameters():
            parameter.copy_(parameter.bfloat16())
    rounded, exact = method(half), method(whole)
    assert rounded.computed_by == exact.computed_by == "fast path"
    rows = [token_row(*row) for row in zip(SOURCES, TARGETS, strict=True)]
    losses = []
    for tuned in (rounded, exact):
        with torch.no_grad(), tuned.active():
            losses.append(float(loss_sum(tuned, collate_for(tuned.backbone, rows))))
    assert losses[0] == pytest.approx(losses[1], rel=0.01)
    ours, theirs = (
        gradients(tuned, collate_for(tuned.backbone, rows)) for tuned in (rounded, exact)
    )
    norm = torch.cat([gradient.flatten() for gradient in theirs.values()]).norm()
    for name, gradient in theirs.items():
        assert (ours[name] - gradient).norm() < 0.1 * norm, name

    prompts = pack_prompts(SOURCES[:2])
    logits, cache = (decoder := decoder_of(half)).prefill(prefix_of(rounded), prompts, beams=1)
    ids = logits.argmax(dim=-1)
    stepped = decoder.step(cache, ids[:, None])
    longer = pack_prompts(
        [[*source, int(token)] for source, token in zip(SOURCES[:2], ids, strict=True)]
    )
    again, _ = decoder.prefill(prefix_of(rounded), longer, beams=1)
    assert (stepped - again).abs().max() < 0.05 * again.abs().max()


def test_attention_that_is_not_saved_is_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = tiny(tmp_path, "llama")
    decoder, tuned, batch = (
        decoder_of(backbone),
        method(backbone),
        pack_rows(SOURCES, TARGETS, share=False),
    )
    expected = decoder.loss_and_gradients(prefix_of(tuned), batch)
    monkeypatch.setattr("engine.fast.decoder.SAVED_ENTRIES", 0)
    loss, found = decoder.loss_and_gradients(prefix_of(tuned), batch)
    assert torch.equal(loss, expected[0])
    assert all(torch.equal(a, b) for a, b in zip(found, expected[1], strict=True))


def test_texts_too_long_for_it_go_through_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = tiny(tmp_path, "llama")
    tuned = method(backbone)
    batch = collate_for(backbone, [token_row([7, 8, 9], [11, 12, 1]), token_row([30], [5, 1])])
    with tuned.active():
        assert tuned.fast(()) is not None
    fast = gradients(tuned, batch)
    monkeypatch.setattr("engine.fast.decoder.MOST_ENTRIES", 0)
    slow = gradients(tuned, batch)
    for name, gradient in fast.items():
        torch.testing.assert_close(gradient, slow[name], atol=1e-5, rtol=1e-4)


def test_what_is_free_in_a_cache_is_never_read(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    decoder, prefix = decoder_of(backbone), prefix_of(method(backbone))
    results = []
    for value in (0.0, float("nan")):
        _, cache = decoder.prefill(prefix, pack_prompts([[7, 8, 9]]), beams=1)
        _, entering = decoder.prefill(prefix, pack_prompts([[20, 21, 22, 23, 24]]), beams=1)
        for part in (cache, entering):
            for held in (*part.keys, *part.values):
                held[:, :, part.used :] = value
        cache.join(entering)
        results.append(decoder.step(cache, torch.tensor([[5], [6]])))
    assert torch.equal(*results)


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt"])
def test_everything_is_computed_where_the_backbone_is(family: str, tmp_path: Path) -> None:
    """On the meta device, which refuses operands of the CPU as a GPU does."""
    there = torch.device("meta")
    save_tiny(tmp_path, family)
    model = load(tmp_path).model.to(there)
    decoder = FastDecoder(weights := read_weights(model))
    shape = (2, weights.kv_heads, 3, weights.head_width)
    layers = [decoder.no_prefix().layers[0].new_zeros(shape) for _ in range(decoder.layers)]
    prefix = Prefix(layers, 3)
    batch = pack_rows(SOURCES, TARGETS, share=True).to(there)
    loss, gradients = decoder.loss_and_gradients(prefix, batch)
    prompts = pack_prompts(SOURCES).to(there)
    logits, cache = decoder.prefill(prefix, prompts, beams=2)
    beams = torch.zeros(len(SOURCES), 2, dtype=torch.long, device=there)
    cache.follow(beams)
    made = [loss, *gradients, logits, decoder.step(cache, beams)]
    assert {tensor.device.type for tensor in made} == {"meta"}
