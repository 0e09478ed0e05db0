"""The catalog's figures against real models, and the list that the window shows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from engine.backbones.catalog import describe_folder, list_backbones
from engine.backbones.config import (
    BLANKS_HEADS,
    DECODER_TYPES,
    ENCODER_DECODER_TYPES,
    BackboneConfig,
)
from engine.backbones.device import choose_device
from engine.backbones.entries import EMBEDDED, find_entry, shipped_entries
from engine.contract.backbone import BackboneKind, BackboneSource
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.protocol.backbones import ListBackbones
from engine.contract.specs.training import Device
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import CONFIGS, ENCODERS, tiny_model

ROOT = Path(__file__).parents[3]


def gpt2(layers: int, heads: int, width: int) -> dict[str, Any]:
    return {"model_type": "gpt2", "n_layer": layers, "n_head": heads, "n_embd": width}


def llama(
    width: int, inner: int, layers: int, heads: int, groups: int, **more: Any
) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "vocab_size": 49152,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
        **more,
    }


def qwen(
    width: int, inner: int, layers: int, heads: int, groups: int, **more: Any
) -> dict[str, Any]:
    sizes = {"model_type": "qwen2", "vocab_size": 151936, "max_position_embeddings": 32768}
    return llama(width, inner, layers, heads, groups, **{**sizes, **more})


def bart(width: int, layers: int, heads: int, inner: int) -> dict[str, Any]:
    return {
        "model_type": "bart",
        "d_model": width,
        "encoder_layers": layers,
        "decoder_layers": layers,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": inner,
        "decoder_ffn_dim": inner,
    }


def t5(width: int, inner: int, layers: int, heads: int, form: str = "relu") -> dict[str, Any]:
    return {
        "model_type": "t5",
        "d_model": width,
        "d_kv": 64,
        "d_ff": inner,
        "num_layers": layers,
        "num_heads": heads,
        "feed_forward_proj": form,
        "n_positions": 512,
    }


LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}


def roberta(**more: Any) -> dict[str, Any]:
    sizes = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}
    return {"model_type": "roberta", **sizes, **more}


PUBLISHED = {
    EMBEDDED: llama(576, 1536, 30, 9, 3),
    "all-minilm-l6-v2": {
        "model_type": "bert",
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "intermediate_size": 1536,
    },
    "flan-t5-small-titles": t5(512, 1024, 8, 6, "gated-gelu"),
    "bert-base-uncased": {"model_type": "bert"},
    "bert-base-cased": {"model_type": "bert", "vocab_size": 28996},
    "bert-large-uncased": {"model_type": "bert", **LARGE},
    "roberta-base": roberta(),
    "roberta-large": roberta(**LARGE),
    "distilbert-base-uncased": {"model_type": "distilbert"},
    "albert-base-v2": {
        "model_type": "albert",
        "hidden_size": 768,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
    },
    "albert-xxlarge-v2": {"model_type": "albert"},
    "gpt2": gpt2(12, 12, 768),
    "gpt2-medium": gpt2(24, 16, 1024),
    "gpt2-large": gpt2(36, 20, 1280),
    "gpt2-xl": gpt2(48, 25, 1600),
    "smollm2-135m": llama(576, 1536, 30, 9, 3),
    "smollm2-360m": llama(960, 2560, 32, 15, 5),
    "smollm2-1.7b": llama(2048, 8192, 24, 32, 32),
    "qwen2.5-0.5b": qwen(896, 4864, 24, 14, 2),
    "qwen2.5-1.5b": qwen(1536, 8960, 28, 12, 2, max_position_embeddings=131072),
    "qwen3-0.6b": qwen(
        1024, 3072, 28, 16, 8, model_type="qwen3", head_dim=128, max_position_embeddings=40960
    ),
    "llama-3.2-1b": llama(
        2048, 8192, 16, 32, 8, head_dim=64, vocab_size=128256, max_position_embeddings=131072
    ),
    "bart-base": bart(768, 6, 12, 3072),
    "bart-large": bart(1024, 12, 16, 4096),
    "t5-small": t5(512, 2048, 6, 8),
    "t5-base": t5(768, 3072, 12, 12),
    "flan-t5-small": t5(512, 1024, 8, 6, "gated-gelu"),
    "flan-t5-base": t5(768, 2048, 12, 12, "gated-gelu"),
}
"""The published `config.json` of each entry, as far as it decides sizes."""


def on_meta(config: Any, entry: Any) -> Any:
    kinds = {
        BackboneKind.DECODER: transformers.AutoModelForCausalLM,
        BackboneKind.ENCODER_DECODER: transformers.AutoModelForSeq2SeqLM,
        BackboneKind.MASKED: transformers.AutoModelForMaskedLM,
        BackboneKind.ENCODER: transformers.AutoModel,
    }
    options = {"add_pooling_layer": False} if entry.shape.kind is BackboneKind.ENCODER else {}
    with torch.device("meta"):
        model = kinds[entry.shape.kind].from_config(config, **options)
    model.tie_weights()
    return model


@pytest.mark.parametrize("entry", shipped_entries(), ids=lambda entry: entry.name)
def test_shapes_are_those_of_the_real_architectures(entry: Any, tmp_path: Path) -> None:
    sizes = dict(PUBLISHED[entry.name])
    config = transformers.AutoConfig.for_model(sizes.pop("model_type"), **sizes)
    parameters = sum(parameter.numel() for parameter in on_meta(config, entry).parameters())
    if entry.name.startswith("flan-t5"):
        # Its output matrix is one of its own; transformers 5 counts it as tied.
        parameters += config.d_model * config.vocab_size
    config.save_pretrained(tmp_path)
    masked = entry.shape.kind is BackboneKind.MASKED
    assert BackboneConfig(tmp_path).shape(parameters, fills_blanks=masked) == entry.shape


def test_entries_are_complete_and_unique() -> None:
    entries = shipped_entries()
    assert len({entry.name for entry in entries}) == len(entries) == len(PUBLISHED)
    for entry in entries:
        assert entry.licence
        assert entry.title
        # Stored as 16 or 32 bits, a few with buffers beside them; some of the wheels packed.
        packed = {EMBEDDED: (0.6, 0.8), "flan-t5-small-titles": (0.8, 1.0)}
        low, high = packed.get(entry.name, (1.9, 4.5))
        assert bool(entry.sha256) == (entry.source is BackboneSource.WHEEL)
        assert low < entry.download_bytes / entry.shape.parameters < high
        assert entry.supported


def test_an_entry_is_found_by_name_and_by_hub_id() -> None:
    assert find_entry("gpt2") is find_entry("openai-community/gpt2") is not None
    assert find_entry("gpt3") is None


@pytest.mark.parametrize("kind", [kind for kind in CONFIGS if kind not in ENCODERS])
def test_the_shape_is_what_a_cache_of_the_model_holds(kind: str, tmp_path: Path) -> None:
    model = tiny_model(kind)
    model.save_pretrained(tmp_path)
    config = BackboneConfig(tmp_path)
    assert config.refusal() == ""
    shape = config.shape(0)
    ids = torch.tensor([[5, 6, 7]])
    decoder = {"decoder_input_ids": ids} if shape.encoder_decoder else {}
    with torch.no_grad():
        cache = model(input_ids=ids, use_cache=True, **decoder).past_key_values
    sides = [cache]
    if shape.encoder_decoder:
        sides = [cache.self_attention_cache, cache.cross_attention_cache]
    layers = [layer for side in sides for layer in side.layers]
    assert (
        len(layers)
        == sum(map(len, PrefixMethod().lengths_on(shape).values())) - shape.encoder_layers
    )
    for layer in layers:
        assert layer.keys.shape == (1, shape.kv_heads, 3, shape.head_width)
        assert layer.values.shape == layer.keys.shape
    assert shape.width == model.config.hidden_size


def test_every_trainable_type_is_tried() -> None:
    tried = {kind if kind in BLANKS_HEADS else kind.split("-")[0] for kind in CONFIGS}
    assert tried == {*DECODER_TYPES, *ENCODER_DECODER_TYPES, *BLANKS_HEADS}


@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt"])
def test_a_folders_parameters_are_counted_without_loading_it(kind: str, tmp_path: Path) -> None:
    from tests.helpers.tiny_backbones import save_tiny

    folder = save_tiny(tmp_path / "mine", kind)
    entry = describe_folder(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    assert entry.shape.parameters == sum(p.numel() for p in model.parameters())
    assert (entry.title, entry.source, entry.on_disk) == ("mine", BackboneSource.FOLDER, True)
    assert entry.supported


def test_old_files_buffers_and_tied_copies_are_not_parameters(
    tiny_gpt2: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    from engine.backbones.catalog import count_parameters
    from engine.backbones.tensor_files import read_tensors

    tensors = load_file(tiny_gpt2 / "model.safetensors")
    before = sum(tensor.numel() for tensor in tensors.values())
    tensors["transformer.h.0.attn.bias"] = torch.ones(1, 1, 8, 8)
    tensors["lm_head.weight"] = tensors["transformer.wte.weight"].clone()
    save_file(tensors, tmp_path / "old.safetensors")
    assert count_parameters(read_tensors(tmp_path / "old.safetensors"), tied=True) == before


def test_the_list_marks_what_is_here_and_notes_bad_folders(tiny_gpt2: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_text((tiny_gpt2 / "config.json").read_text())
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    folders = (tiny_gpt2, tmp_path / "empty", tmp_path / "pickled", tmp_path / "absent")
    reply = list_backbones(ListBackbones(tuple(map(str, folders))), Silent())
    assert len(reply.entries) == len(shipped_entries()) + 4
    good, empty, pickled, absent = reply.entries[-4:]
    assert (good.supported, good.note) == (True, "")
    assert not any(entry.supported for entry in (empty, pickled, absent))
    for entry, code in (
        (empty, "config-missing"),
        (pickled, "weights-could-run-code"),
        (absent, "not-a-backbone-folder"),
    ):
        with refused(code) as caught:
            describe_folder(Path(entry.where))
        assert entry.note == caught.value.message
    assert not any(entry.on_disk for entry in reply.entries[: len(shipped_entries())])
    assert reply.device == choose_device(Device.AUTO).type
    assert reply.device_memory_bytes > 2**28


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        ("no json", "file-damaged"),
        ("[]", "config-without-model-type"),
        ('{"model_type": "gpt2", "n_layer": 2}', "config-lacks-number"),
    ],
)
def test_a_config_that_says_too_little_is_refused(plain: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(plain)
    with refused(code, path=tmp_path / "config.json"):
        BackboneConfig(tmp_path).shape(0)


def test_other_architectures_are_listed_as_not_supported(tiny_gpt2: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(tiny_gpt2, tmp_path / "odd")
    plain = json.loads((folder / "config.json").read_text())
    plain["model_type"] = "mamba"
    (folder / "config.json").write_text(json.dumps(plain))
    entry = describe_folder(folder)
    assert not entry.supported
    assert "mamba is none of gpt2" in entry.note


def test_listing_and_tokenizing_do_not_load_torch(tiny_gpt2: Path) -> None:
    code = (
        "import sys\n"
        "from engine.backbones.catalog import list_backbones\n"
        "from engine.backbones.loading import load_tokenizer\n"
        "from engine.contract.protocol.commands import ListBackbones\n"
        "from engine.reporter import Silent\n"
        f"list_backbones(ListBackbones(({str(tiny_gpt2)!r},)), Silent())\n"
        f"assert load_tokenizer({str(tiny_gpt2)!r})('Blue Spice')['input_ids']\n"
        "heavy = {'torch', 'transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_the_embedded_backbone_is_listed_as_here(embedded_backbone: str) -> None:
    entries = list_backbones(ListBackbones(), Silent()).entries
    assert [entry.on_disk for entry in entries if entry.name == embedded_backbone] == [True]
