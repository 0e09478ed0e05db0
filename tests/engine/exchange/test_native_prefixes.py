"""Our own prefix folders: there and back unchanged, and nothing else gets in."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backbones.loading import Backbone, load_backbone
from engine.contract.backbone import BackboneShape
from engine.contract.errors import EngineError, UserError
from engine.contract.runs.cards import decoder_site
from engine.exchange import native
from engine.exchange.card import describe
from engine.exchange.checking import backbone_for
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.prefixes import CARD, card_for, random_prefix, with_shape, without_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    native.write(tmp_path / "mine", random_prefix(CARD), CARD)
    return tmp_path / "mine"


def edit_card(folder: Path, **changes: object) -> None:
    plain = json.loads((folder / "prefix.json").read_text())
    for name, value in changes.items():
        (plain["shape"] if name in plain["shape"] else plain)[name] = value
    (folder / "prefix.json").write_text(json.dumps(plain))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=40, deadline=None)
@given(
    layers=st.integers(1, 4),
    heads=st.integers(1, 3),
    length=st.integers(1, 9),
    width=st.integers(1, 6),
    name=texts,
    notes=texts,
    data=st.data(),
)
def test_round_trip(
    layers: int,
    heads: int,
    length: int,
    width: int,
    name: str,
    notes: str,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("prefix")
    shape = BackboneShape(layers, heads, width, 8, 0, 0, 0)
    card = card_for(shape, length, name=name, notes=notes)
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    key_values = {
        decoder_site(layer): torch.full(
            (2, heads, length, width), data.draw(numbers), dtype=torch.float32
        )
        for layer in range(layers)
    }
    written = native.write(folder, key_values, card)
    read, read_card = native.read(folder)
    assert read_card == written
    assert without_file(written) == card
    assert list(read) == list(key_values)
    assert all(torch.equal(read[site], key_values[site]) for site in read)


def test_the_file_has_the_names_and_shapes_of_the_contract(folder: Path) -> None:
    tensors = safetensors.torch.load_file(folder / "prefix.safetensors")
    assert sorted(tensors) == ["decoder_self.0", "decoder_self.1", "decoder_self.2"]
    assert {tuple(tensor.shape) for tensor in tensors.values()} == {(2, 2, 5, 8)}
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "prefix.json",
        "prefix.safetensors",
    ]


def test_other_number_formats_are_written_as_float32(tmp_path: Path) -> None:
    half = {site: entries.bfloat16() for site, entries in random_prefix(CARD).items()}
    native.write(tmp_path / "half", half, CARD)
    read, _ = native.read(tmp_path / "half")
    assert all(torch.equal(read[site], half[site].float()) for site in half)


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    prefix = random_prefix(CARD)
    native.write(tmp_path / "a", prefix, CARD)
    native.write(tmp_path / "b", dict(reversed(prefix.items())), CARD)
    first, second = (tmp_path / name / "prefix.safetensors" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_the_readme_says_what_one_must_know(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    for words in (
        "# restaurants, five tokens",
        "| backbone | tiny |",
        "| prefix length | 5 tokens |",
        "MLP of width 512, then folded",
        "| linearisation | brackets |",
        "| trained on | e2e.csv (200 rows) |",
        "| bleu | 61.25 (58.0 to 64.5) | `bleu\\|refs:4\\|case:mixed` |",
        "Trained on a rainy day.",
        "python main.py decode",
    ):
        assert words in text
    assert "icence" not in text


def test_a_prefix_folder_is_replaced_as_a_whole(folder: Path) -> None:
    (folder / "stray.txt").write_text("left from before")
    second = random_prefix(CARD, seed=1)
    native.write(folder, second, CARD)
    read, _ = native.read(folder)
    assert all(torch.equal(read[site], second[site]) for site in read)
    assert not (folder / "stray.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match=tmp_path.name):
        native.write(tmp_path, random_prefix(CARD), CARD)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failed_write_leaves_the_old_prefix(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UserError, match=folder.name):
        native.write(folder, random_prefix(CARD, seed=1), CARD)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_a_diverged_prefix_is_not_written(tmp_path: Path) -> None:
    prefix = random_prefix(CARD)
    prefix[decoder_site(1)][0, 0, 0, 0] = float("nan")
    with refused("tensor-not-finite", tensor="decoder_self.1", name=CARD.name):
        native.write(tmp_path / "mine", prefix, CARD)
    assert list(tmp_path.iterdir()) == []


def test_a_card_that_does_not_fit_is_our_fault(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"\b3\b.*\b4\b"):
        native.write(tmp_path / "mine", random_prefix(CARD), with_shape(CARD, layers=4))


def test_a_flipped_bit_is_found(folder: Path) -> None:
    path = folder / "prefix.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(data)
    with refused("tensors-changed", path=path, found=hashlib.sha256(data).hexdigest()):
        native.read(folder)


@pytest.mark.parametrize(
    ("changes", "code", "expected"),
    [
        ({"layers": "three"}, "prefix-file-damaged", None),
        ({"surprise": 1}, "prefix-file-damaged", None),
        ({"head_width": 9}, "prefix-tensor-shape", [2, 2, 5, 9]),
        ({"layers": 2}, "prefix-tensor-count", 2),
    ],
)
def test_a_card_that_says_otherwise_is_refused(
    changes: dict[str, object], code: str, expected: object, folder: Path
) -> None:
    edit_card(folder, **changes)
    with refused(code, expected=expected):
        native.read(folder)


def test_a_card_of_a_newer_version_is_refused(folder: Path) -> None:
    edit_card(folder, version=4)
    with pytest.raises(UserError, match=r"Card.*4.*3"):
        native.read(folder)


def test_a_tensor_of_a_layer_that_the_card_does_not_name_is_refused(folder: Path) -> None:
    method = json.loads((folder / "prefix.json").read_text())["method"]
    edit_card(folder, method={**method, "layers": "0,1"})
    with refused("prefix-tensor-shape", tensor="decoder_self.2", expected=[2, 2, 0, 8]):
        native.read(folder)
    edit_card(folder, method={**method, "layers": "0,1:2,2"})
    shapes = {"shape": [2, 2, 5, 8], "expected": [2, 2, 2, 8]}
    with refused("prefix-tensor-shape", tensor="decoder_self.1", **shapes):
        native.read(folder)


def test_a_folder_of_version_1_is_read_and_written_as_the_present_one(
    folder: Path, tmp_path: Path
) -> None:
    """Version 1 knew neither layers nor prefixes of different lengths."""
    plain = json.loads((folder / "prefix.json").read_text())
    del plain["method"]["layers"]
    for name in ("trainable_parameters", "stored_parameters", "stored_bytes"):
        del plain[name]
    old = {**plain.pop("shape"), **plain, "type": "PrefixCard", "version": 1}
    (folder / "prefix.json").write_text(json.dumps(old))
    key_values, card = native.read(folder)
    assert (card.version, card.method.layers) == (3, "")
    assert all(torch.equal(random_prefix(CARD)[site], one) for site, one in key_values.items())
    written = native.write(tmp_path / "again", key_values, card)
    assert native.read(tmp_path / "again")[1] == written
    assert without_file(written) == without_file(card) == CARD


def write_other(folder: Path, data: bytes) -> None:
    import hashlib

    (folder / "prefix.safetensors").write_bytes(data)
    edit_card(folder, tensors_sha256=hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04N.",
        safetensors.torch.save({"nonsense": torch.zeros(1)}),
        safetensors.torch.save({"decoder_self.x": torch.zeros(1)}),
    ],
    ids=["empty", "pickle", "unknown site", "no layer"],
)
def test_tensors_that_are_none_of_ours_are_refused(data: bytes, folder: Path) -> None:
    write_other(folder, data)
    with refused("prefix-file-damaged", path=folder / "prefix.safetensors", what="prefix"):
        native.read(folder)


def test_a_pickled_prefix_is_refused_unread(folder: Path) -> None:
    (folder / "prefix.safetensors").rename(folder / "prefix.pt")
    with refused("tensors-not-safetensors", file="prefix.pt"):
        native.read(folder)
    with refused("prefix-file-missing", folder=folder, file="prefix.safetensors"):
        describe(folder)


@pytest.mark.parametrize("missing", ["prefix.json", "prefix.safetensors"])
def test_a_missing_file_is_named(missing: str, folder: Path) -> None:
    (folder / missing).unlink()
    with pytest.raises(UserError, match=re.escape(missing)):
        native.read(folder)


def load(folder: Path) -> Backbone:
    cpu = torch.device("cpu")
    return load_backbone(str(folder), device=cpu, dtype=torch.float32, reporter=Silent())


def test_only_the_backbone_it_was_trained_on_fits(
    tiny_gpt2: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    gpt2, llama = load(tiny_gpt2), load(tiny_llama)
    card = card_for(gpt2.shape, backbone=gpt2.name, backbone_fingerprint=gpt2.fingerprint)
    native.check_fits(card, gpt2, random_prefix(card))
    with pytest.raises(UserError) as caught:
        native.check_fits(card, llama, random_prefix(card))
    assert "tiny-gpt2" in caught.value.message
    assert "tiny-llama" in caught.value.message
    tuned = Path(shutil.copytree(tiny_gpt2, tmp_path / "tiny-gpt2"))
    weights = safetensors.torch.load_file(tuned / "model.safetensors")
    weights["transformer.wpe.weight"] += 0.1
    safetensors.torch.save_file(weights, tuned / "model.safetensors", metadata={"format": "pt"})
    with refused("another-backbone", trained_on="tiny-gpt2", backbone="tiny-gpt2"):
        native.check_fits(card, load(tuned), random_prefix(card))


def test_without_a_fingerprint_the_shape_decides(tiny_gpt2: Path, tiny_llama: Path) -> None:
    gpt2, llama = load(tiny_gpt2), load(tiny_llama)
    card = card_for(gpt2.shape, backbone="theirs", backbone_fingerprint="")
    native.check_fits(card, gpt2, random_prefix(card))
    with refused("backbone-of-other-shape", trained_on="theirs", backbone=llama.name):
        native.check_fits(card, llama, random_prefix(card))


def test_a_local_backbone_is_found_by_its_fingerprint(tiny_gpt2: Path) -> None:
    card = replace(CARD, backbone="tiny-gpt2")
    assert backbone_for(card) == "tiny-gpt2"
    card = replace(card, backbone_fingerprint=load(tiny_gpt2).fingerprint)
    assert backbone_for(card) == str(tiny_gpt2)
