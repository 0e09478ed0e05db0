"""An encoder's folder from a stranger: the promises of `test_backbones.py` hold for it too."""

from __future__ import annotations

import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from engine.backbones.catalog import list_backbones
from engine.contract.errors import UserError
from engine.contract.protocol.backbones import ListBackbones
from engine.reporter import Silent
from tests.engine.tiny import load
from tests.helpers.tiny_backbones import save_tiny
from tests.hostile.backbones import (
    CONFIG,
    HARMLESS,
    REFUSED,
    Change,
    edited,
    rules,
    without,
    written,
)

GROWTH_MB = 500
COMMON = {
    name: change
    for name, change in REFUSED.items()
    if name != "tokenizer: a pattern without end"  # met when a text is encoded
    and (
        not name.startswith("config: ")
        or name.split(": ")[1] in ("empty", "a list", "nested", "a pipe", "endless", "quantised")
    )
}
"""What is wrong with any backbone; the other entries of config.json have GPT-2's names."""


def _without_tensor(name: str) -> Change:
    def change(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        del tensors[name]
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    return change


OF_ENCODERS: dict[str, Change] = {
    "10**8 layers": edited(CONFIG, num_hidden_layers=10**8),
    "10**8 groups": edited(CONFIG, num_hidden_groups=10**8),
    "10**8 layers in a group": edited(CONFIG, inner_group_num=10**8),
    "10**12 wide inside": edited(CONFIG, embedding_size=10**12),
    "10**12 wide": edited(CONFIG, hidden_size=10**12),
    "10**10 positions": edited(CONFIG, max_position_embeddings=10**10),
    "10**10 types": edited(CONFIG, type_vocab_size=10**10),
    "10**9 tokens": edited(CONFIG, vocab_size=10**9),
    "padding beyond all tokens": edited(CONFIG, pad_token_id=10**9),
    "padding below nothing": edited(CONFIG, pad_token_id=-(10**9)),
    "padding a text": edited(CONFIG, pad_token_id="x"),
    "a group of nothing": edited(CONFIG, num_hidden_groups=0),
    "more groups than layers": edited(CONFIG, num_hidden_groups=7),
    "no width": without(CONFIG, "hidden_size"),
    "a decoder": edited(CONFIG, is_decoder=True),
    "attends to another": edited(CONFIG, add_cross_attention=True),
    "other positions": edited(CONFIG, position_embedding_type="relative_key"),
    "positions a list": edited(CONFIG, position_embedding_type=[1]),
    "another encoder": edited(CONFIG, model_type="deberta-v2"),
    "a matrix is missing": _without_tensor("albert.encoder.embedding_hidden_mapping_in.weight"),
    "half a head for blanks": _without_tensor("predictions.dense.bias"),
    "no token that fills up": lambda folder: _without_padding(folder),
    "puts thousands around pairs": rules(
        post_processor={
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}] * 2_000
            + [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}},
        }
    ),
}


def _without_padding(folder: Path) -> None:
    edited(CONFIG, pad_token_id=None, eos_token_id=None)(folder)
    written("tokenizer_config.json", "{}")(folder)
    edited("tokenizer.json", added_tokens=[])(folder)
    path = folder / "tokenizer.json"
    text = path.read_text(encoding="utf-8").replace('"<pad>"', '"<p>"').replace('"</s>"', '"<e>"')
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_tiny(tmp_path_factory.mktemp("backbones") / "good", "albert")
    program = f"open({str(folder.parent / 'RUN')!r}, 'w')\nclass C: ...\nclass M: ...\n"
    (folder / "evil.py").write_text(program)
    return folder


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, good: Path) -> Iterator[None]:
    """No network; afterwards no program has been run."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert not (good.parent / "RUN").exists()


@pytest.mark.parametrize("name", [*COMMON, *OF_ENCODERS])
def test_what_is_wrong_is_one_sentence(name: str, good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "bad"))
    (COMMON | OF_ENCODERS)[name](folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    with pytest.raises(UserError) as caught:
        load(folder)
    assert "\n" not in caught.value.message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000 - before < GROWTH_MB
    (entry,) = list_backbones(ListBackbones((str(folder),)), Silent()).entries[-1:]
    assert entry.where == str(folder)  # the list shows it whatever it is


@pytest.mark.parametrize("name", HARMLESS)
def test_what_would_run_or_fetch_is_passed_over(name: str, good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "odd"))
    HARMLESS[name](folder)
    assert load(folder).reads_only


@pytest.mark.parametrize("padding", [0, 90, 92])
def test_the_padding_of_a_roberta_is_within_its_positions(padding: int, tmp_path: Path) -> None:
    """Texts begin behind it, so at the end of the table there is hardly room for any."""
    folder = save_tiny(tmp_path / "roberta", "roberta")
    edited(CONFIG, pad_token_id=padding)(folder)
    backbone = load(folder)
    assert backbone.first_position == padding + 1
    assert backbone.shape.max_positions == 96 - padding - 1
