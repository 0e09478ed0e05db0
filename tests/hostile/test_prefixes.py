"""A prefix or PEFT folder from a stranger: one sentence, nothing written, nothing large.

Promised: only regular files are read, and only as much as they say they hold; every tensor has
its place in the backbone; names and cards can hold anything. Not promised: that a prefix which
loads does something useful.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.backbones.catalog import describe_folder
from engine.backbones.fingerprint import fingerprint_of
from engine.cli import main
from engine.contract.errors import UserError
from engine.contract.methods.prefix import AttentionKind, PrefixMethod
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.protocol.prefixes import ListPrefixes, VerifyPrefix
from engine.contract.runs.cards import AttentionSite, decoder_site
from engine.exchange import native
from engine.exchange import peft as peft_folders
from engine.exchange.handlers import list_prefixes
from engine.prefixes.verifying import verify_prefix
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.prefixes import card_for, random_prefix, with_shape
from tests.helpers.tiny_runs import write_table
from tests.hostile.backbones import (
    NESTED,
    Change,
    edited,
    edited_inside,
    linked,
    piped,
    sparse,
    written,
)
from tests.hostile.conftest import Call, bounded_memory, decode_words

GROWTH_MB = 300
CARD, TENSORS = "prefix.json", "prefix.safetensors"
CONFIG, ADAPTER = "adapter_config.json", "adapter_model.safetensors"
LONG = "x" * 300


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> Path:
    ProjectFolder(tmp_path / "project").write(Project("mine"))
    return tmp_path / "project"


def own(folder: Path, backbone: Path, **changes: Any) -> Path:
    """A good prefix for the backbone, but for some entries of its card."""
    shape = describe_folder(backbone).shape
    card = card_for(
        shape,
        backbone=str(backbone),
        backbone_fingerprint=fingerprint_of(backbone, Silent()),
    )
    native.write(folder, random_prefix(card), replace(card, **changes))
    return folder


def theirs(folder: Path, backbone: Path) -> Path:
    """A good prefix as PEFT writes it."""
    card = card_for(describe_folder(backbone).shape, backbone=str(backbone))
    peft_folders.write(folder, random_prefix(card), card)
    (folder / "prefix_card.json").unlink()
    return folder


OWN: dict[str, Change] = {
    "card: empty": written(CARD, ""),
    "card: a list": written(CARD, "[]"),
    "card: nested": written(CARD, NESTED),
    "card: no UTF-8": written(CARD, b"\xff\xff"),
    "card: endless": linked(CARD, "/dev/zero"),
    "card: a pipe": piped(CARD),
    "card: too large": sparse(CARD, 10**9),
    "card: a type that is a list": edited(CARD, type=["Card"]),
    "card: layers a text": edited_inside(CARD, "shape", layers="2"),
    "card: 10**9 layers": edited_inside(CARD, "shape", layers=10**9),
    "card: 10**30 heads": edited_inside(CARD, "shape", kv_heads=10**30),
    "card: another place for positions": edited_inside(CARD, "shape", positions="nowhere"),
    "card: unknown prompt": edited(CARD, prompt="nosuch"),
    "card: another hash": edited(CARD, tensors_sha256="0" * 64),
    "card: another fingerprint": edited(CARD, backbone_fingerprint="0" * 64),
    "card: a backbone that is none": edited(CARD, backbone="nosuch", backbone_fingerprint=""),
    "card: a backbone of 300": edited(CARD, backbone=LONG, backbone_fingerprint=""),
    "card: a backbone of nobody": edited(CARD, backbone="~nosuchuser", backbone_fingerprint=""),
    "card: a newer version": edited(CARD, version=99),
    "card: no shape": edited(CARD, shape=None),
    "card: of a delta": edited(CARD, shape=None, method={"type": "BiasMethod"}),
    "method: of a delta": edited(CARD, method={"type": "BiasMethod"}),
    "method: 10**6 tokens": edited_inside(CARD, "method", prefix_length=10**6),
    "method: layers that are none": edited_inside(CARD, "method", layers="0-999999"),
    "method: unknown": edited_inside(CARD, "method", type="Nosuch"),
    "method: type a list": edited_inside(CARD, "method", type=[]),
    "tensors: empty": written(TENSORS, ""),
    "tensors: endless": linked(TENSORS, "/dev/zero"),
    "tensors: a link": linked(TENSORS, "/etc/passwd"),
    "tensors: a pipe": piped(TENSORS),
    "tensors: 30 GB of nothing": sparse(TENSORS, 30 * 10**9),
    "tensors: a pointer": written(TENSORS, "version https://git-lfs.github.com/spec/v1\noid s\n"),
}


@pytest.mark.parametrize("name", OWN)
def test_a_wrong_prefix_is_one_sentence(
    name: str, backbone: Path, project: Path, tmp_path: Path, refuse: Call
) -> None:
    folder = own(tmp_path / "prefix", backbone)
    OWN[name](folder)
    with bounded_memory(GROWTH_MB):
        refuse(decode_words(folder, tmp_path / "out.jsonl"))
        shutil.copytree(folder, project / "prefixes" / "theirs", copy_function=_copy)
        listed = list_prefixes(ListPrefixes(str(project)), Silent())
        assert len(listed.prefixes) + len(listed.damaged) == 1
        with pytest.raises(UserError):
            verify_prefix(VerifyPrefix(str(folder)), Silent())
        for words in (["import", str(folder), "--project", str(project)],
                      ["export", str(folder), "--out", str(tmp_path / "exported")]):  # fmt: skip
            with contextlib.suppress(UserError):  # what is wrong may not matter here
                main.call(words)


def _copy(source: str, target: str) -> None:
    """Links, pipes and large files stay behind."""
    path = Path(source)
    if path.is_file() and not path.is_symlink() and path.stat().st_size < 10**6:
        shutil.copy(source, target)


AttentionSites = dict[AttentionSite, torch.Tensor]
SITES: dict[str, Callable[[AttentionSites], AttentionSites]] = {
    "a layer more": lambda own: own | {decoder_site(7): own[decoder_site(0)].clone()},
    "a layer less": lambda own: {decoder_site(0): own[decoder_site(0)]},
    "an encoder": lambda own: own
    | {AttentionSite(AttentionKind.ENCODER_SELF.value, 0): own[decoder_site(0)].clone()},
    "a layer in the place of another": lambda own: {
        decoder_site(0): own[decoder_site(0)], decoder_site(9): own[decoder_site(1)],
    },
}  # fmt: skip


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", SITES)
def test_tensors_for_attentions_that_the_backbone_lacks(
    name: str, known: bool, backbone: Path, tmp_path: Path
) -> None:
    shape = describe_folder(backbone).shape
    card = card_for(shape, backbone=str(backbone), backbone_fingerprint="")
    if known:
        card = replace(card, backbone_fingerprint=fingerprint_of(backbone, Silent()))
    key_values = SITES[name](random_prefix(card))
    native.write(tmp_path / "prefix", key_values, with_shape(card, layers=len(key_values)))
    with refused("backbone-of-other-shape", backbone="tiny"):
        main.call(decode_words(tmp_path / "prefix", tmp_path / "out.jsonl"))
    (tmp_path / "many").mkdir()
    shutil.move(tmp_path / "prefix", tmp_path / "many" / "Hut 0")
    table = write_table(tmp_path / "one.csv", [("name", "text"), ("Hut 0", "a hut")])
    words = ["--text", "name", "--prefix-column", "name", "--out", str(tmp_path / "o.jsonl")]
    with refused("backbone-of-other-shape", backbone="tiny"):
        main.call(["decode", str(tmp_path / "many"), "--data", str(table), *words])


@pytest.mark.parametrize("name", ["\ud800\udfff", LONG, "../../up", "\x1b[31mred", "a\0b", ""])
def test_names_on_cards_can_be_anything(
    name: str, backbone: Path, project: Path, tmp_path: Path
) -> None:
    folder = own(tmp_path / "prefix", backbone, name=name, notes=name, data_name=name)
    before = set(tmp_path.rglob("*"))
    assert main.call(["import", str(folder), "--project", str(project)]) == 0
    new = set(tmp_path.rglob("*")) - before
    assert all(project / "prefixes" in (path, *path.parents) for path in new)
    (listed,) = list_prefixes(ListPrefixes(str(project)), Silent()).prefixes
    assert Path(listed.path).parent == project / "prefixes"
    assert main.call(decode_words(listed.path, tmp_path / "out.jsonl")) == 0
    peft = ["export", listed.path, "--format", "peft", "--out", str(tmp_path / "peft")]
    assert main.call(peft) == 0


PEFT: dict[str, Change] = {
    "config: empty": written(CONFIG, ""),
    "config: a list": written(CONFIG, "[]"),
    "config: nested": written(CONFIG, NESTED),
    "config: endless": linked(CONFIG, "/dev/zero"),
    "config: a pipe": piped(CONFIG),
    "config: kind a list": edited(CONFIG, peft_type=[]),
    "config: task an object": edited(CONFIG, task_type={}),
    "config: another task": edited(CONFIG, task_type="SEQ_CLS"),
    "config: of two sides": edited(CONFIG, task_type="SEQ_2_SEQ_LM"),
    "config: no backbone": edited(CONFIG, base_model_name_or_path=None),
    "config: tokens a text": edited(CONFIG, num_virtual_tokens="5"),
    "config: 10**30 tokens": edited(CONFIG, num_virtual_tokens=10**30),
    "config: no tokens": edited(CONFIG, num_virtual_tokens=0),
    "tensors: empty": written(ADAPTER, ""),
    "tensors: endless": linked(ADAPTER, "/dev/zero"),
    "tensors: a pipe": piped(ADAPTER),
    "tensors: 30 GB of nothing": sparse(ADAPTER, 30 * 10**9),
    "tensors: a header without end": written(ADAPTER, b"\xff" * 100),
    "card: endless": linked("prefix_card.json", "/dev/zero"),
}
FAR_PEFT: dict[str, Change] = {
    "10**9 layers": edited(CONFIG, num_layers=10**9),
    "layers a list": edited(CONFIG, num_layers=[2]),
    "no heads": edited(CONFIG, num_attention_heads=0),
    "heads that do not divide": edited(CONFIG, num_attention_heads=3),
    "a width of nothing": edited(CONFIG, token_dim=-32),
}


@pytest.mark.parametrize("name", PEFT)
def test_a_wrong_peft_folder_is_one_sentence(
    name: str, backbone: Path, project: Path, tmp_path: Path, refuse: Call
) -> None:
    folder = theirs(tmp_path / "theirs", backbone)
    PEFT[name](folder)
    refuse(["import", str(folder), "--project", str(project)])
    assert not (project / "prefixes").exists()


@pytest.mark.parametrize("name", FAR_PEFT)
def test_wrong_sizes_without_the_backbone_are_one_sentence(
    name: str, backbone: Path, project: Path, tmp_path: Path, refuse: Call
) -> None:
    folder = theirs(tmp_path / "theirs", backbone)
    edited(CONFIG, base_model_name_or_path="/nowhere/model")(folder)
    FAR_PEFT[name](folder)
    refuse(["import", str(folder), "--project", str(project)])


@pytest.mark.parametrize("name", ["~nosuchuser", LONG, "a\0b", "\ud800", "a/" * 3000, ""])
@pytest.mark.parametrize("verb", ["import", "export", "decode", "into"])
def test_names_that_are_no_paths_are_one_sentence(
    name: str, verb: str, backbone: Path, project: Path, tmp_path: Path, refuse: Call
) -> None:
    verbs = {
        "import": ["import", name, "--project", str(project)],
        "export": ["export", name, "--out", str(tmp_path / "exported")],
        "decode": decode_words(name, tmp_path / "out.jsonl"),
        "into": ["import", str(own(tmp_path / "prefix", backbone)), "--project", name],
    }
    refuse(verbs[verb])


def test_the_method_of_a_card_is_held_against_the_backbone(
    backbone: Path, tmp_path: Path, refuse: Call
) -> None:
    folder = own(tmp_path / "prefix", backbone, method=PrefixMethod(prefix_length=5, layers="0-1"))
    edited_inside(CARD, "method", layers="0-9")(folder)
    assert "layer" in refuse(decode_words(folder, tmp_path / "out.jsonl"))
