"""`import` and `decode` of prefixes that PEFT made on another machine."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import safetensors.torch
import torch

from engine.backbones.paths import CACHE_VARIABLE
from engine.cli.main import call, run
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.data import Preset
from engine.exchange.card import read_card
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import write_table

ELSEWHERE = "/content/drive/MyDrive/models/hotels"
WIDTH, LAYERS, LENGTH = 32, 2, 4


def peft_folder(folder: Path, *, backbone: str = ELSEWHERE) -> Path:
    """A prefix for the tiny GPT-2, as PEFT's save_pretrained writes it."""
    folder.mkdir(parents=True)
    config = {
        "peft_type": "PREFIX_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": LENGTH,
        "base_model_name_or_path": backbone, "num_layers": LAYERS, "num_attention_heads": 4,
        "token_dim": WIDTH, "encoder_hidden_size": WIDTH, "prefix_projection": False,
        "num_transformer_submodules": 1,
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config))
    numbers = 0.05 * torch.randn(
        LENGTH, LAYERS * 2 * WIDTH, generator=torch.Generator().manual_seed(0)
    )
    safetensors.torch.save_file(
        {"prompt_embeddings": numbers}, folder / "adapter_model.safetensors"
    )
    return folder


@dataclass(frozen=True)
class Workplace:
    """A project, a table and a foreign prefix, in one folder."""

    path: Path
    backbone: Path

    def decode(self, system: Path, name: str, *words: str) -> list[str]:
        out = self.path / f"{name}.jsonl"
        table = ["--data", str(self.path / "t.csv"), "--text", "name", "--target", "text"]
        quick = [
            "--limit",
            "3",
            "--max-new-tokens",
            "12",
            "--strategy",
            "greedy",
            "--device",
            "cpu",
        ]
        assert run(["decode", str(system), *table, *quick, "--out", str(out), *words]) == 0
        return [row.output for row in read_outputs(out)]


@pytest.fixture
def place(tmp_path: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    ProjectFolder(tmp_path / "project").write(Project("mine"))
    write_table(tmp_path / "t.csv")
    peft_folder(tmp_path / "theirs")
    return Workplace(tmp_path, tiny_gpt2)


def test_decoding_says_which_option_helps(
    place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(["import", str(place.path / "theirs"), "--project", str(place.path / "project")]) == 0
    )
    said = capsys.readouterr().out
    assert f"Its backbone {ELSEWHERE} is not on this machine: name it with --backbone" in said
    imported = place.path / "project" / "prefixes" / "theirs"
    words = ["--data", str(place.path / "t.csv"), "--text", "name", "--out", "o.jsonl"]
    with pytest.raises(UserError, match="--backbone"):
        call(["decode", str(imported), *words])
    assert len(place.decode(imported, "out", "--backbone", str(place.backbone))) == 3


def test_import_makes_a_project_where_there_is_none(place: Workplace) -> None:
    project = ProjectFolder(place.path / "new" / "huts")
    words = ["import", str(place.path / "theirs"), "--project", str(project.path)]
    assert run(words) == 0
    assert run(words) == 0
    assert project.read().name == "huts"
    assert sorted(path.name for path in project.prefixes.iterdir()) == ["theirs", "theirs-2"]


def test_a_refused_import_makes_no_project(place: Workplace) -> None:
    project = place.path / "new"
    with pytest.raises(UserError):
        call(["import", str(place.path / "gone"), "--project", str(project)])
    assert not project.exists()
    file = place.path / "t.csv"
    with refused("no-project", path=file):
        call(["import", str(place.path / "theirs"), "--project", str(file)])


def test_import_takes_backbone_and_form(place: Workplace) -> None:
    options = ["--backbone", str(place.backbone), "--prompt-form", "bos"]
    tables = ["--linearisation", "brackets", "--lower-keys"]
    words = ["import", str(place.path / "theirs"), "--project", str(place.path / "project")]
    assert run([*words, *options, *tables]) == 0
    imported = place.path / "project" / "prefixes" / "theirs"
    card = read_card(imported, ArtifactKind.PREFIX)
    assert (card.backbone, card.prompt) == (place.backbone.name, "bos")
    assert card.linearisation.preset is Preset.BRACKETS
    assert card.linearisation.lower_keys
    assert len(card.backbone_fingerprint) == 64
    bos = place.decode(imported, "bos")  # the backbone is found by its fingerprint
    newline = place.decode(imported, "newline", "--prompt-form", "newline")
    assert bos != newline


def test_decoding_takes_the_form_too_and_the_peft_folder_itself(place: Workplace) -> None:
    backbone = ("--backbone", str(place.backbone))
    theirs = place.path / "theirs"
    usual = place.decode(theirs, "usual", *backbone)
    assert usual == place.decode(theirs, "newline", *backbone, "--prompt-form", "newline")
    assert usual != place.decode(theirs, "bos", *backbone, "--prompt-form", "bos")


@pytest.mark.parametrize("inside", ["checkpoint-10", "tables"])
def test_the_one_folder_inside_is_taken(inside: str, place: Workplace) -> None:
    outer = place.path / "outer"
    outer.mkdir()
    shutil.move(place.path / "theirs", outer / inside)
    project = place.path / "project"
    assert run(["import", str(outer), "--project", str(project)]) == 0
    assert (project / "prefixes" / inside / "prefix.json").is_file()
    assert place.decode(outer, "out", "--backbone", str(place.backbone))


def test_several_folders_inside_are_listed(place: Workplace) -> None:
    for step in (10, 20):
        peft_folder(place.path / "outer" / f"checkpoint-{step}")
    project = str(place.path / "project")
    with refused("several-prefixes", count=2, names="checkpoint-10, checkpoint-20"):
        call(["import", str(place.path / "outer"), "--project", project])


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_a_pointer_of_git_lfs_is_named(name: str, place: Workplace) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 8296\n"
    (place.path / "theirs" / name).write_text(pointer)
    words = ["import", str(place.path / "theirs"), "--project", str(place.path / "project")]
    with pytest.raises(UserError, match=f"{re.escape(name)} .*git lfs pull"):
        call(words)


@pytest.mark.parametrize(
    "options",
    [["--backbone", "nosuch"], ["--prompt-form", "nosuch"], ["--linearisation", "nosuch"]],
)
def test_options_that_are_none_are_told(options: list[str], place: Workplace) -> None:
    words = ["import", str(place.path / "theirs"), "--project", str(place.path / "project")]
    with pytest.raises(UserError, match="'nosuch'"):
        call([*words, *options])
