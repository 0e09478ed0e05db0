"""Export, import, list and verify, as the window asks for them."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.backbones.catalog import describe_folder
from engine.backbones.fingerprint import fingerprint_of
from engine.contract.errors import Cancelled, UserError
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.protocol.prefixes import ExportPrefix, ImportPrefix, ListPrefixes, VerifyPrefix
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.specs.data import Column, DataSpec, Mapping, Role
from engine.contract.specs.run import RunSpec
from engine.exchange import native
from engine.exchange import peft as peft_folders
from engine.exchange.handlers import export_prefix, import_prefix, list_prefixes
from engine.prefixes.verifying import verify_prefix
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.prefixes import CARD, card_for, random_prefix, without_file

ROOT = Path(__file__).parents[3]


def make_run(path: Path, method: MethodSpec) -> RunFolder:
    mapping = Mapping((Column("mr", Role.MEANING), Column("ref", Role.TARGET)))
    spec = RunSpec(path.name, "tiny", method, DataSpec("data.sqlite", "ab", mapping))
    return RunFolder.create(path, spec, RunMeta("a run"))


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    folder = ProjectFolder(tmp_path / "project")
    folder.write(Project("mine"))
    return folder


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    native.write(tmp_path / "prefix", random_prefix(CARD), CARD)
    return tmp_path / "prefix"


@pytest.mark.parametrize("source", ["run", "prefix"])
def test_a_run_or_a_prefix_folder_is_exported(source: str, prefix: Path, tmp_path: Path) -> None:
    if source == "run":
        run = make_run(tmp_path / "run", PrefixMethod())
        prefix.rename(run.prefix)
    out = tmp_path / "out"
    done = export_prefix(ExportPrefix(str(tmp_path / source), "native", str(out)), Silent())
    assert str(out) in done.message
    key_values, card = native.read(out)
    assert without_file(card) == CARD
    assert all(
        torch.equal(key_values[site], entries) for site, entries in random_prefix(CARD).items()
    )


def test_there_and_back_through_peft(prefix: Path, project: ProjectFolder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_prefix(ExportPrefix(str(prefix), "peft", str(out)), Silent())
    info = import_prefix(ImportPrefix(str(out), str(project.path)), Silent())
    assert Path(info.path).parent == project.prefixes
    first, second = (path / "prefix.safetensors" for path in (prefix, Path(info.path)))
    assert first.read_bytes() == second.read_bytes()
    assert (info.name, info.prefix_length, info.backbone) == (CARD.name, 5, "tiny")
    assert info.scores == CARD.scores
    assert info.stored_bytes == first.stat().st_size
    assert info.trained_on == "e2e.csv, 200 rows"


def test_a_folder_in_use_is_not_exported_into(prefix: Path, tmp_path: Path) -> None:
    for target in (prefix, prefix / "prefix.json"):
        with pytest.raises(UserError, match=target.name):
            export_prefix(ExportPrefix(str(prefix), "native", str(target)), Silent())


def test_an_unknown_format_is_named(prefix: Path, tmp_path: Path) -> None:
    command = ExportPrefix(str(prefix), "onnx", str(tmp_path / "out"))
    with refused("unknown-export-format", format="onnx"):
        export_prefix(command, Silent())


def test_runs_without_a_prefix_say_why(tmp_path: Path) -> None:
    waiting = make_run(tmp_path / "waiting", PrefixMethod())
    with refused("no-prefix-yet", run=waiting.path):
        export_prefix(ExportPrefix(str(waiting.path), "native", str(tmp_path / "out")), Silent())
    tuned = make_run(tmp_path / "tuned", FinetuneMethod())
    tuned.model.mkdir()
    with refused("prefix-of-finetuning-run", run=tuned.path, weights=tuned.model):
        export_prefix(ExportPrefix(str(tuned.path), "native", str(tmp_path / "out")), Silent())
    with refused("no-prefix-here", folder=tmp_path, file="prefix.json"):
        export_prefix(ExportPrefix(str(tmp_path), "native", str(tmp_path / "out")), Silent())


def test_a_file_of_the_folder_will_do_and_names_stay_apart(
    prefix: Path, project: ProjectFolder
) -> None:
    paths = (prefix, prefix / "prefix.json", prefix / "prefix.safetensors")
    infos = [import_prefix(ImportPrefix(str(path), str(project.path)), Silent()) for path in paths]
    names = [Path(info.path).name for info in infos]
    plain = "restaurants-five-tokens"
    assert names == [plain, f"{plain}-2", f"{plain}-3"]


@pytest.mark.parametrize("name", ["../../etc", "...", "", "a/b\\c:d*e", "日本 prefix", "x" * 300])
def test_odd_names_stay_inside_the_project(
    name: str, project: ProjectFolder, tmp_path: Path
) -> None:
    card = replace(CARD, name=name)
    native.write(tmp_path / "odd", random_prefix(card), card)
    info = import_prefix(ImportPrefix(str(tmp_path / "odd"), str(project.path)), Silent())
    assert Path(info.path).resolve().parent == project.prefixes.resolve()
    assert info.name == name


def test_a_foreign_peft_folder_takes_the_backbone_it_names(
    tiny_llama: Path, project: ProjectFolder, tmp_path: Path
) -> None:
    from engine.backbones.catalog import describe_folder

    card = card_for(describe_folder(tiny_llama).shape, backbone=str(tiny_llama))
    peft_folders.write(tmp_path / "theirs", random_prefix(card), card)
    (tmp_path / "theirs" / "prefix_card.json").unlink()
    info = import_prefix(ImportPrefix(str(tmp_path / "theirs"), str(project.path)), Silent())
    assert info.backbone == str(tiny_llama)
    assert info.backbone_fingerprint == fingerprint_of(tiny_llama, Silent())
    assert "the same" in verify_prefix(VerifyPrefix(info.path), Silent()).message


def test_a_peft_folder_without_a_backbone_is_refused(
    prefix: Path, project: ProjectFolder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    card = replace(CARD, backbone="")
    peft_folders.write(out, random_prefix(card), card)
    (out / "prefix_card.json").unlink()
    with refused("peft-backbone-unnamed", path=out / "adapter_config.json"):
        import_prefix(ImportPrefix(str(out), str(project.path)), Silent())


def test_imports_from_nowhere_or_into_nowhere_are_refused(
    prefix: Path, project: ProjectFolder, tmp_path: Path
) -> None:
    with refused("prefix-missing", path=tmp_path / "absent"):
        import_prefix(ImportPrefix(str(tmp_path / "absent"), str(project.path)), Silent())
    with pytest.raises(UserError, match=re.escape(str(tmp_path))):
        import_prefix(ImportPrefix(str(prefix), str(tmp_path)), Silent())


def test_giving_up_an_import_leaves_nothing(prefix: Path, project: ProjectFolder) -> None:
    class GivesUp:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        import_prefix(ImportPrefix(str(prefix), str(project.path)), GivesUp())
    assert not project.prefixes.exists()


def test_the_list_holds_imports_and_runs_newest_first_and_tells_damage(
    prefix: Path, project: ProjectFolder, tmp_path: Path
) -> None:
    assert list_prefixes(ListPrefixes(str(project.path)), Silent()).prefixes == ()
    info = import_prefix(ImportPrefix(str(prefix), str(project.path)), Silent())
    run = make_run(project.runs / "20250101-000000-abcd", PrefixMethod())
    newer = replace(CARD, name="newer", created_s=CARD.created_s + 1)
    native.write(run.prefix, random_prefix(newer), newer)
    make_run(project.runs / "20250102-000000-abcd", PrefixMethod())  # not finished
    bad = project.prefixes / "bad"
    bad.mkdir()
    (bad / "prefix.json").write_text("{")
    (project.prefixes / ".half.part").mkdir()
    reply = list_prefixes(ListPrefixes(str(project.path)), Silent())
    assert [item.name for item in reply.prefixes] == ["newer", CARD.name]
    assert reply.prefixes[1] == info
    assert [path for path, _ in reply.damaged] == [str(bad)]
    assert str(bad / "prefix.json") in reply.damaged[0][1]


def test_verifying_tells_what_is_known(prefix: Path, tiny_gpt2: Path) -> None:
    with refused("prefix-backbone-absent", backbone="tiny"):
        verify_prefix(VerifyPrefix(str(prefix)), Silent())
    native.write(prefix, random_prefix(CARD), replace(CARD, backbone=str(tiny_gpt2)))
    with refused("backbone-changed", expected=CARD.backbone_fingerprint):
        verify_prefix(VerifyPrefix(str(prefix)), Silent())
    unknown = replace(CARD, backbone=str(tiny_gpt2), backbone_fingerprint="")
    native.write(prefix, random_prefix(unknown), unknown)
    with refused("prefix-does-not-fit", backbone=str(tiny_gpt2)):
        verify_prefix(VerifyPrefix(str(prefix)), Silent())
    shape = describe_folder(tiny_gpt2).shape
    unknown = card_for(shape, backbone=str(tiny_gpt2), backbone_fingerprint="")
    native.write(prefix, random_prefix(unknown), unknown)
    message = verify_prefix(VerifyPrefix(str(prefix)), Silent()).message
    assert "is whole: 2 tensors, 640 numbers, all finite" in message
    assert "does not say on which weights" in message


def test_verifying_finds_damage(prefix: Path) -> None:
    with open(prefix / "prefix.safetensors", "r+b") as stream:
        stream.truncate(100)
    with refused("tensors-changed", path=prefix / "prefix.safetensors"):
        verify_prefix(VerifyPrefix(str(prefix)), Silent())


def test_listing_does_not_load_torch(prefix: Path, project: ProjectFolder) -> None:
    import_prefix(ImportPrefix(str(prefix), str(project.path)), Silent())
    code = (
        "import sys\n"
        "from engine.contract.protocol.commands import ListPrefixes\n"
        "from engine.exchange.handlers import list_prefixes\n"
        "from engine.reporter import Silent\n"
        f"reply = list_prefixes(ListPrefixes({str(project.path)!r}), Silent())\n"
        "assert len(reply.prefixes) == 1 and not reply.damaged, reply\n"
        "heavy = {'torch', 'transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
