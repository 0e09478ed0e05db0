"""What the user's guide says of defaults is so, and its Python lines work."""

import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.paths import CACHE_VARIABLE
from engine.contract.methods.all import METHODS
from engine.contract.specs.run import default_training
from engine.contract.specs.training import DecodingSpec, Device
from engine.contract.tasks.all import task_info
from engine.contract.tasks.generation import GenerationTask
from engine.contract.tasks.labels import LabelTask
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import native, peft
from engine.reporter import Silent
from tests.helpers.prefixes import CARD, random_prefix
from tests.helpers.tiny_backbones import save_tiny

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "settings"))


def test_the_tables_of_options_are_those_of_the_settings() -> None:
    assert len(SCRIPT["ROW"].findall(GUIDE)) > 10
    assert SCRIPT["with_settings"](GUIDE) == GUIDE, "run scripts/settings and read what changed"


def test_the_guide_names_every_method_with_its_rate() -> None:
    row = r"^\| `([a-z][a-z0-9-]*)` \| `([\d.e-]+)` \| `([\d.e-]+)` \|"
    rates = {name: (writing, reading) for name, writing, reading in re.findall(row, GUIDE, re.M)}
    usual = {
        info.name: tuple(
            str(default_training(info.default(task_info(task).answer), task).learning_rate)
            for task in (GenerationTask(), LabelTask())
        )
        for info in METHODS
    }
    assert rates == usual


# peft 0.21.2 asks transformers 5.23 for a property of a former name; it can go with a newer peft.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")
def test_the_python_lines_write_what_this_program_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    backbone = save_tiny(tmp_path / "backbone", "llama")
    card = replace(CARD, backbone=str(backbone), backbone_fingerprint="")
    native.write(tmp_path / "native", random_prefix(card), card)
    peft.write(tmp_path / "peft", random_prefix(card), card)
    section = GUIDE.partition("\n## Using a prefix from Python\n")[2].partition("\n## ")[0]
    (lines,) = re.findall(r"^```python\n(.*?)^```", section, re.M | re.S)
    lines = re.sub(r'^BACKBONE = ".*"$', f"BACKBONE = {str(backbone)!r}", lines, flags=re.M)
    lines = re.sub(r'^PREFIX = ".*"$', f"PREFIX = {str(tmp_path / 'peft')!r}", lines, flags=re.M)
    (source,) = re.findall(r'^source = "(.*)"$', lines, re.M)
    capsys.readouterr()
    exec(lines, {})  # the guide's own lines
    written = capsys.readouterr().out

    loaded = Systems(device=Device.CPU).load(tmp_path / "native", Silent())
    decoded = decode(loaded.system, loaded.prompts([source]), DecodingSpec(), Silent())
    assert written == decoded.texts[0] + "\n"
