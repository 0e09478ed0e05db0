"""Loading: what comes out is frozen and whole, and what must be refused is."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from engine.backbones import model
from engine.backbones.fingerprint import fingerprint_of, folder_with, take_fingerprint
from engine.backbones.loading import Backbone, load_backbone, load_tokenizer
from engine.backbones.tensor_files import saved_tensors
from engine.contract.errors import Cancelled
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import ENCODER_DECODERS, save_tiny, tiny_model, tiny_tokenizer

CPU = torch.device("cpu")


def load(backbone: Path | str, dtype: torch.dtype = torch.float32) -> Backbone:
    return load_backbone(str(backbone), device=CPU, dtype=dtype, reporter=Silent())


def copy(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target))


def edit(path: Path, **changes: Any) -> None:
    plain = json.loads(path.read_text())
    plain.update(changes)
    path.write_text(json.dumps({key: value for key, value in plain.items() if value is not None}))


@pytest.mark.parametrize("kind", ["tiny_gpt2", "tiny_llama"])
def test_a_loaded_backbone_is_frozen_and_ready(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    backbone = load(folder)
    assert not backbone.model.training
    assert not any(parameter.requires_grad for parameter in backbone.model.parameters())
    assert {parameter.dtype for parameter in backbone.model.parameters()} == {torch.float32}
    assert backbone.name == folder.name
    assert backbone.folder == folder
    count = sum(parameter.numel() for parameter in backbone.model.parameters())
    assert backbone.shape.parameters == count
    assert (backbone.tokenizer.eos_token_id, backbone.tokenizer.pad_token_id) == (1, 1)
    assert load(folder, torch.bfloat16).model.dtype == torch.bfloat16


def test_reloading_gives_the_same_logits(tiny_llama: Path) -> None:
    ids = torch.tensor([[4, 5, 6, 7]])
    with torch.no_grad():
        first, second = (load(tiny_llama).model(ids).logits for _ in range(2))
    assert torch.equal(first, second)


def test_nothing_is_printed(tiny_gpt2: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(tiny_gpt2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["tiny_gpt2", "tiny_llama"])
def test_the_light_tokenizer_equals_the_full_one(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    light, full = load_tokenizer(str(folder)), load(folder).tokenizer
    assert len(light) == len(full)
    for role in ("bos", "eos", "pad", "unk"):
        assert getattr(light, f"{role}_token_id") == getattr(full, f"{role}_token_id"), role

    @settings(max_examples=60, deadline=None)
    @given(st.text() | st.sampled_from(["<s>a</s>", "a </s> b", " £20  12,5 "]))
    def check(text: str) -> None:
        for options in (
            {},
            {"add_special_tokens": False},
            {"add_special_tokens": False, "split_special_tokens": True, "verbose": False},
        ):
            ids = light(text, **options)["input_ids"]
            assert ids == full(text, **options)["input_ids"]
            assert light.decode(ids) == full.decode(ids)
            assert light.decode(ids, skip_special_tokens=True) == full.decode(
                ids, skip_special_tokens=True
            )
            assert light.convert_ids_to_tokens(ids) == full.convert_ids_to_tokens(ids)
        plain = light(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert light.decode(plain) == text

    check()


def test_an_end_token_that_only_the_config_names_is_found(tiny_gpt2: Path, tmp_path: Path) -> None:
    # As GPT-2's own files on the hub are.
    folder = copy(tiny_gpt2, tmp_path / "b")
    edit(folder / "tokenizer_config.json", eos_token=None, bos_token=None, tokenizer_class=None)
    assert load(folder).tokenizer.eos_token_id == 1
    assert load_tokenizer(str(folder)).eos_token_id == 1
    edit(folder / "config.json", eos_token_id=None)
    with refused("tokenizer-without-end-token", folder=folder):
        load(folder)


def test_the_fingerprint_says_which_weights_and_vocabulary(tiny_gpt2: Path, tmp_path: Path) -> None:
    first = fingerprint_of(tiny_gpt2, Silent())
    assert len(first) == 64
    # Another way of writing the same: shards, and a newer or older tokenizer file.
    same = tmp_path / "same"
    transformers.AutoModelForCausalLM.from_pretrained(tiny_gpt2).save_pretrained(
        same, max_shard_size="40KB"
    )
    assert len(list(same.glob("*.safetensors"))) > 1
    tokenizer = json.loads((tiny_gpt2 / "tokenizer.json").read_text())
    tokenizer["model"]["merges"] = [" ".join(pair) for pair in tokenizer["model"]["merges"]]
    (same / "tokenizer.json").write_text(json.dumps(dict(reversed(tokenizer.items()))))
    assert fingerprint_of(same, Silent()) == first
    # Another weight, another vocabulary.
    other = copy(tiny_gpt2, tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    weights["transformer.wpe.weight"][3, 3] += 1e-4
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    assert fingerprint_of(other, Silent()) != first
    renamed = copy(tiny_gpt2, tmp_path / "renamed")
    text = (renamed / "tokenizer.json").read_text()
    assert text.count('"</s>"') == 2
    (renamed / "tokenizer.json").write_text(text.replace('"</s>"', '"</t>"'))
    assert fingerprint_of(renamed, Silent()) != first


class Counting:
    """Counts the bytes of fingerprints; gives up when told to."""

    def __init__(self, *, give_up: bool = False) -> None:
        self.done = 0
        self._give_up = give_up

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        if "fingerprint" in text:
            self.done = max(self.done, done)
            if self._give_up:
                raise Cancelled("enough")


def test_a_fingerprint_is_taken_once_and_kept(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    with pytest.raises(Cancelled):
        fingerprint_of(folder, Counting(give_up=True))
    first, second = Counting(), Counting()
    fingerprint = fingerprint_of(folder, first)
    assert fingerprint_of(folder, second) == fingerprint == take_fingerprint(folder, Silent())
    assert first.done > 10_000
    assert second.done == 0
    assert folder_with(fingerprint) == folder
    weights = load_file(folder / "model.safetensors")
    weights["transformer.wpe.weight"] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    third = Counting()
    assert fingerprint_of(folder, third) != fingerprint
    assert third.done == first.done
    assert folder_with(fingerprint) is None


def test_a_damaged_note_is_no_harm(tiny_gpt2: Path, cache_folder_of_the_test: Path) -> None:
    fingerprint = fingerprint_of(tiny_gpt2, Silent())
    (note,) = (cache_folder_of_the_test / "fingerprints").iterdir()
    note.write_text("{")
    assert fingerprint_of(tiny_gpt2, Silent()) == fingerprint


def test_pickled_weights_are_refused_unread(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with refused("weights-could-run-code", folder=folder, file="pytorch_model.bin"):
        load(folder)


def test_code_of_its_own_is_refused(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    (folder / "own.py").write_text("raise SystemExit('this ran')")
    edit(
        folder / "config.json",
        model_type="their_own",
        auto_map={"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"},
    )
    with refused("backbone-not-supported", folder=folder) as caught:
        load(folder)
    assert "their_own" in str(caught.value.values["reason"])


def test_an_unknown_encoder_decoder_is_named(tmp_path: Path) -> None:
    transformers.AutoConfig.for_model("led", d_model=16, vocab_size=400).save_pretrained(tmp_path)
    with refused("backbone-not-supported", folder=tmp_path) as caught:
        load(tmp_path)
    assert "encoder–decoder led" in str(caught.value.values["reason"])


@pytest.mark.parametrize("family", ENCODER_DECODERS)
def test_an_encoder_decoder_knows_where_its_decoder_starts(family: str, tmp_path: Path) -> None:
    backbone = load(save_tiny(tmp_path / family, family))
    assert backbone.is_encoder_decoder
    assert backbone.decoder_start_id == backbone.model.config.decoder_start_token_id


@pytest.mark.parametrize("part", ["config", "weights", "tokenizer"])
def test_a_missing_file_is_named(part: str, tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    missing = "model.safetensors" if part == "weights" else f"{part}.json"
    (folder / missing).unlink()
    with refused(f"{part}-missing", folder=folder, file=missing):
        load(folder)


def test_a_missing_tensor_is_not_made_up(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.h.1.attn.c_attn.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with refused("weights-do-not-fit-config", tensor="transformer.h.1.attn.c_attn.weight"):
        load(folder)


def test_a_tensor_of_another_shape_is_refused(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    edit(folder / "config.json", n_positions=128)
    with refused("weights-do-not-fit-config", tensor="transformer.wpe.weight"):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0not json"])
def test_damaged_weights_are_named(content: bytes, tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    (folder / "model.safetensors").write_bytes(content)
    with refused("file-damaged", path=folder / "model.safetensors"):
        load(folder)


def test_a_cut_file_is_damaged(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with refused("file-damaged", path=path) as caught:
        load(folder)
    assert "7 bytes" in str(caught.value.values["reason"])


def test_a_missing_shard_is_named(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    transformers.AutoModelForCausalLM.from_pretrained(tiny_gpt2).save_pretrained(
        folder, max_shard_size="40KB"
    )
    tiny_tokenizer().save_pretrained(folder)
    first = sorted(folder.glob("*.safetensors"))[0]
    first.unlink()
    with refused("weight-files-missing", missing=1, first=first.name):
        load(folder)


def test_damaged_tokenizers_are_named(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "b")
    (folder / "tokenizer.json").write_text('{"model": {}}')
    with refused("file-damaged", path=folder / "tokenizer.json"):
        load(folder)
    with refused("file-damaged", path=folder / "tokenizer.json"):
        load_tokenizer(str(folder))


@pytest.mark.parametrize("name", ["no/such-repository", "/no/such/folder", "a b c", ""])
def test_what_is_nowhere_is_refused_with_a_way_on(name: str) -> None:
    with refused("no-such-backbone", name=name):
        load(name)


def test_out_of_memory_is_the_users_to_mend(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hungry(transformers.AutoModelForCausalLM):  # type: ignore[misc]
        @staticmethod
        def from_pretrained(*_args: Any, **_kwargs: Any) -> Any:
            return torch.empty(2**60)  # what a machine without memory does: torch refuses

    monkeypatch.setattr("transformers.AutoModelForCausalLM", Hungry)
    with refused("no-memory-to-load", name="tiny-gpt2"):
        load(tiny_gpt2)


def test_an_older_tokenizer_without_tokenizer_json_still_loads(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    tokenizer = tiny_tokenizer()
    tiny_model("gpt2", vocabulary=len(tokenizer)).save_pretrained(folder)
    backend = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(backend["vocab"]))
    merges = "\n".join(" ".join(pair) for pair in backend["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    names = {"tokenizer_class": "GPT2Tokenizer", "eos_token": "</s>", "bos_token": "<s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**names, "unk_token": "<s>"}))
    loaded = load_tokenizer(str(folder))
    assert loaded("Blue Spice")["input_ids"] == tokenizer("Blue Spice")["input_ids"]
    assert (loaded.eos_token_id, loaded.pad_token_id) == (1, 1)
    assert load(folder).tokenizer.eos_token_id == 1


def test_a_fine_tuned_folder_is_a_backbone_too(tiny_gpt2: Path, tmp_path: Path) -> None:
    backbone = load(tiny_gpt2)
    backbone.model.save_pretrained(tmp_path / "model")
    backbone.tokenizer.save_pretrained(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.fingerprint == backbone.fingerprint
    assert (
        again.tokenizer("Blue Spice")["input_ids"] == backbone.tokenizer("Blue Spice")["input_ids"]
    )


def test_quiet_gives_back_what_it_took() -> None:
    logging = transformers.utils.logging
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with model.quiet(transformers):
        assert not logging.is_progress_bar_enabled()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def _rewritten(folder: Path, kind: torch.dtype) -> Path:
    """The weights in another number format."""
    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: tensor.to(kind) for name, tensor in weights.items()},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    return folder


@pytest.mark.parametrize("form", ["float32", "bfloat16", "int8", "sharded"])
def test_weights_that_do_not_fit_into_free_memory_are_refused_with_the_arithmetic(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_tiny(tmp_path / "tiny", "llama")
    if form == "sharded":
        weights = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        sharded = tiny_model("llama")
        sharded.load_state_dict(weights, strict=False)
        sharded.save_pretrained(folder, max_shard_size="20KB")
        assert len(list(folder.glob("*.safetensors"))) > 1
    else:
        _rewritten(folder, getattr(torch, form))
    saved = sum(tensor.count for tensor in saved_tensors(folder))
    free = SimpleNamespace(available=4 * saved - 1)
    monkeypatch.setattr("psutil.virtual_memory", lambda: free)
    with refused("no-room-for-weights", parameters=saved, width=4, precision="float32"):
        load(folder)
    if form != "int8":  # which transformers loads as such
        assert load(folder, torch.bfloat16).model.dtype == torch.bfloat16
    free.available = 2 * saved - 1
    with refused("no-room-for-weights", parameters=saved, width=2, precision="bfloat16"):
        load(folder, torch.bfloat16)
