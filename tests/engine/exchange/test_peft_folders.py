"""PEFT's folders, checked with PEFT itself on real models."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import safetensors.torch
import torch
from peft import LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from engine.backbones.loading import load_backbone
from engine.contract.errors import UserError
from engine.contract.methods.prefix import AttentionKind, Init, Parametrisation
from engine.contract.runs.cards import AttentionSite, PositionScheme
from engine.contract.specs.training import DecodingSpec, Device, Strategy
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import native
from engine.exchange import peft as peft_folders
from engine.exchange.foreign import ForeignForm, Known
from engine.exchange.peft_files import SHIFTED_TYPES
from engine.exchange.reading import read_any
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.prefixes import (
    CARD,
    card_for,
    logits_with,
    random_prefix,
    with_shape,
    without_file,
)
from tests.helpers.tiny_backbones import save_tiny

# WORKAROUND: peft 0.21 asks transformers 5.23 by a deprecated name; goes with peft's next release
# (https://github.com/huggingface/peft, peft_model.py).
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")

KINDS = ["gpt2", "llama", "llama-wide-heads", "qwen3"]
IDS = torch.tensor([[4, 9, 33, 7, 120], [8, 2, 61, 5, 300]])


@pytest.fixture(scope="module", params=KINDS)
def backbone_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return save_tiny(tmp_path_factory.mktemp("peft") / request.param, request.param)


def model_of(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder).eval()


def logits_in_peft(model: Any, adapter: Path) -> torch.Tensor:
    model = PeftModel.from_pretrained(model, adapter)
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=IDS).logits
    return logits


def test_peft_loads_ours_with_equal_logits(backbone_folder: Path, tmp_path: Path) -> None:
    backbone = load_backbone(
        str(backbone_folder), device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
    )
    card = card_for(backbone.shape, 7)
    key_values = random_prefix(card)
    peft_folders.write(tmp_path / "out", key_values, card)
    expected = logits_with(backbone.model, key_values, IDS)
    found = logits_in_peft(model_of(backbone_folder), tmp_path / "out")
    assert (found - expected).abs().max() <= 1e-5
    with torch.no_grad():
        bare = backbone.model(input_ids=IDS).logits
    assert (found - bare).abs().max() > 0.01


def test_ours_comes_back_with_its_card(backbone_folder: Path, tmp_path: Path) -> None:
    card = card_for(describe(backbone_folder), 4)
    key_values = random_prefix(card)
    peft_folders.write(tmp_path / "out", key_values, card)
    read, read_card = peft_folders.read(tmp_path / "out")
    assert all(torch.equal(read[site], key_values[site]) for site in key_values)
    assert list(read) == sorted(key_values)
    assert without_file(read_card) == card


def describe(folder: Path) -> Any:
    from engine.backbones.catalog import describe_folder

    return describe_folder(folder).shape


@pytest.mark.parametrize("projection", [False, True], ids=["flat", "mlp"])
@pytest.mark.parametrize("known", [False, True], ids=["sizes from file", "sizes from backbone"])
def test_what_peft_saved_is_imported(
    projection: bool, known: bool, backbone_folder: Path, tmp_path: Path
) -> None:
    config = PrefixTuningConfig(
        task_type="CAUSAL_LM",
        num_virtual_tokens=6,
        prefix_projection=projection,
        encoder_hidden_size=24,
    )
    torch.manual_seed(3)
    tuned = get_peft_model(model_of(backbone_folder), config).eval()
    with torch.no_grad():
        expected = tuned(input_ids=IDS).logits
    tuned.save_pretrained(tmp_path / "theirs")
    shape = describe(backbone_folder) if known else None
    key_values, card = peft_folders.read(
        tmp_path / "theirs", Known(shape=shape, fingerprint="ef" * 32)
    )
    found = logits_with(model_of(backbone_folder), key_values, IDS)
    assert (found - expected).abs().max() <= 1e-5
    assert card.name == "theirs"
    assert card.backbone == str(backbone_folder)
    assert card.backbone_fingerprint == "ef" * 32
    assert card.method.prefix_length == 6
    assert card.method.init is Init.RANDOM
    if projection:
        assert card.method.parametrisation is Parametrisation.MLP
        assert card.method.mid_dim == 24
    else:
        assert card.method.parametrisation is Parametrisation.DIRECT
    native.write(tmp_path / "ours", key_values, card)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    peft_folders.write(tmp_path / "ours", random_prefix(CARD), CARD)
    return tmp_path / "ours"


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "adapter_config.json"
    plain = json.loads(path.read_text())
    plain.update(changes)
    path.write_text(json.dumps(plain))


def test_the_config_names_the_task_and_the_hubs_backbone(tmp_path: Path) -> None:
    peft_folders.write(tmp_path / "out", random_prefix(CARD), replace(CARD, backbone="gpt2-medium"))
    config = peft.PeftConfig.from_pretrained(tmp_path / "out")
    assert config.task_type == "CAUSAL_LM"
    assert config.peft_type == peft.PeftType.PREFIX_TUNING
    assert config.base_model_name_or_path == "openai-community/gpt2-medium"
    (tmp_path / "out" / "prefix_card.json").unlink()
    _, card = peft_folders.read(tmp_path / "out")
    assert card.backbone == "gpt2-medium"
    assert "PeftModel.from_pretrained" in (tmp_path / "out" / "README.md").read_text()


def test_a_lora_is_refused(tiny_gpt2: Path, tmp_path: Path) -> None:
    config = LoraConfig(task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
    get_peft_model(model_of(tiny_gpt2), config).save_pretrained(tmp_path / "lora")
    with refused("peft-kind", kind="LORA"):
        peft_folders.read(tmp_path / "lora")


@pytest.fixture(
    params=[(kind, layers) for kind in SHIFTED_TYPES for layers in (2, 3)],
    ids=lambda one: f"{one[0]}-{one[1]}",
)
def sides(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """An encoder–decoder with as many layers on both sides, and PEFT's prefix for it."""
    kind, layers = request.param
    folder = save_tiny(tmp_path / kind, kind, encoder_layers=layers, decoder_layers=layers)
    return folder, peft_of(folder, tmp_path / "theirs")


def peft_of(folder: Path, out: Path) -> Path:
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    config = PrefixTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=3)
    adapted = get_peft_model(model, config)
    for parameter in adapted.prompt_encoder.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
    adapted.save_pretrained(out)
    return out


def test_an_encoder_decoders_prefix_gives_what_it_gives_in_peft(
    sides: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, theirs = sides
    loaded = Systems(device=Device.CPU).load(theirs, Silent(), ForeignForm(backbone=str(folder)))
    prompts = loaded.prompts(["Blue Spice", "a coffee shop in the city centre"])
    own, tokenizer = loaded.system.backbone.model, loaded.system.backbone.tokenizer
    model = PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained(folder), theirs).eval()
    sides = {"input_ids": torch.tensor(prompts[:1]), "decoder_input_ids": IDS[:1]}
    with torch.no_grad():
        with loaded.system.active():
            found = own(**sides).logits
        assert (found - model(**sides).logits).abs().max() < 1e-5
        assert (found - own(**sides).logits).abs().max() > 0.01  # nothing stays behind
    greedy = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=12)
    for prompt, text in zip(
        prompts, decode(loaded.system, prompts, greedy, Silent()).texts, strict=True
    ):
        ids = torch.tensor([prompt])
        made = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, num_beams=1,
            do_sample=False, eos_token_id=1, pad_token_id=tokenizer.pad_token_id,
        )[0, 1:]  # fmt: skip
        assert tokenizer.decode(made, skip_special_tokens=True).strip() == text
    key_values, card = read_any(theirs, ForeignForm(backbone=str(folder)), Silent())
    with refused("peft-lacks-encoder-decoders", name="theirs"):
        peft_folders.write(tmp_path / "back", key_values, card)


def test_t5_is_refused_since_it_counts_distances(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "t5", "t5", num_layers=2, d_kv=8)
    theirs = peft_of(folder, tmp_path / "theirs")
    with refused("peft-model-type", model_type="t5", types="bart, pegasus, marian"):
        read_any(theirs, ForeignForm(backbone=str(folder)), Silent())


def test_an_encoder_decoders_prefix_needs_its_backbone(
    tiny_gpt2: Path, sides: tuple[Path, Path]
) -> None:
    with refused("peft-backbone-absent", task="SEQ_2_SEQ_LM"):
        peft_folders.read(sides[1])
    with refused("peft-task-of-another-backbone", task="SEQ_2_SEQ_LM"):
        read_any(sides[1], ForeignForm(backbone=str(tiny_gpt2)), Silent())


def test_a_missing_task_type_is_told(ours: Path) -> None:
    edit(ours, task_type=None)
    with refused("peft-task-missing", path=ours / "adapter_config.json"):
        peft_folders.read(ours)


def test_another_backbones_sizes_are_told(ours: Path, tiny_gpt2: Path) -> None:
    with refused("peft-shape-differs", shape=[5, 96]):
        peft_folders.read(ours, Known(shape=describe(tiny_gpt2)))


@pytest.mark.parametrize(
    "changes", [{"num_virtual_tokens": 6}, {"num_layers": 4}, {"token_dim": 8}]
)
def test_sizes_that_contradict_the_tensor_are_told(changes: dict[str, int], ours: Path) -> None:
    edit(ours, **changes)
    with refused("peft-shape-differs", shape=[5, 96]):
        peft_folders.read(ours)


def test_sizes_that_are_missing_are_told(ours: Path) -> None:
    edit(ours, num_layers=None)
    with refused("peft-sizes-missing", path=ours / "adapter_config.json"):
        peft_folders.read(ours)


def test_pickles_are_refused_unread(ours: Path) -> None:
    (ours / "adapter_model.safetensors").rename(ours / "adapter_model.bin")
    with refused("tensors-not-safetensors", file="adapter_model.bin"):
        peft_folders.read(ours)


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        ({"prompt_embeddings": torch.zeros(5, 96), "head": torch.zeros(1)}, "also head"),
        ({"other": torch.zeros(5, 96)}, "also other"),
        ({"prompt_embeddings": torch.zeros(480)}, "no matrix prompt_embeddings"),
    ],
)
def test_other_tensors_are_refused(tensors: dict[str, torch.Tensor], what: str, ours: Path) -> None:
    safetensors.torch.save_file(tensors, ours / "adapter_model.safetensors")
    with refused("peft-other-tensors", what=what):
        peft_folders.read(ours)


def test_values_that_are_not_finite_are_refused(ours: Path) -> None:
    tensors = {"prompt_embeddings": torch.full((5, 96), float("inf"))}
    safetensors.torch.save_file(tensors, ours / "adapter_model.safetensors")
    with refused("tensor-not-finite", tensor="prompt_embeddings"):
        peft_folders.read(ours)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_damaged_files_are_named(name: str, ours: Path) -> None:
    (ours / name).write_bytes(b"[")
    with pytest.raises(UserError, match=name.replace(".", r"\.")):
        peft_folders.read(ours)


def test_changed_numbers_do_not_pass_under_the_old_card(ours: Path) -> None:
    tensors = {"prompt_embeddings": torch.ones(5, 96)}
    safetensors.torch.save_file(tensors, ours / "adapter_model.safetensors")
    with refused("peft-card-of-other-tensors", folder=ours):
        peft_folders.read(ours)
    (ours / "prefix_card.json").unlink()
    key_values, card = peft_folders.read(ours)
    assert all(bool((entries == 1).all()) for entries in key_values.values())
    assert card.scores == ()


@pytest.mark.parametrize("what", ["site", "positions"])
def test_what_peft_has_no_place_for_is_refused(what: str, tmp_path: Path) -> None:
    key_values, card = random_prefix(CARD), CARD
    if what == "site":
        key_values[AttentionSite(AttentionKind.ENCODER_SELF.value, 0)] = torch.zeros(2, 2, 5, 8)
    else:
        card = with_shape(CARD, positions=PositionScheme.UNSHIFTED)
    with refused("peft-lacks-sites", name=CARD.name):
        peft_folders.write(tmp_path / "out", key_values, card)
    assert not (tmp_path / "out").exists()


def test_on_the_embedded_backbone(embedded_backbone: str, tmp_path: Path) -> None:
    backbone = load_backbone(
        embedded_backbone, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
    )
    card = card_for(backbone.shape, 8, backbone=backbone.name)
    key_values = random_prefix(card)
    peft_folders.write(tmp_path / "out", key_values, card)
    expected = logits_with(backbone.model, key_values, IDS)
    found = logits_in_peft(backbone.model, tmp_path / "out")
    assert (found - expected).abs().max() <= 1e-5
