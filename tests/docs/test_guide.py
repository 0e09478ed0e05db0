"""What the user's guide says of defaults is so, and its Python lines work."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.paths import CACHE_VARIABLE
from engine.contract.options import METHODS, OPTIONS, field_kind
from engine.contract.specs.data import DataSpec, Mapping
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.specs.training import DecodingSpec, Device
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import native, peft
from engine.reporter import Silent
from tests.helpers.prefixes import CARD, random_prefix
from tests.helpers.tiny_backbones import save_tiny

GUIDE = (Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")


def settings() -> list[tuple[str, str]]:
    """(flag, default) of each line of the table of settings."""
    return re.findall(r"^\| `(--[\w-]+)` \| `([^`]+)` \|", GUIDE, re.M)


def test_the_table_of_settings_is_found() -> None:
    assert len(settings()) > 10


@pytest.mark.parametrize(("flag", "text"), settings())
def test_defaults_are_as_the_guide_says(flag: str, text: str) -> None:
    (field,) = (option.field for option in OPTIONS if option.flag == flag)
    data = DataSpec("", "", Mapping(()))
    for kind in METHODS.values():
        spec = RunSpec("", "", kind(), data, default_training(kind()))
        try:
            _, value = field_kind(spec, field)
        except KeyError:
            continue
        break
    assert ("none" if value is None else str(getattr(value, "value", value))) == text


def test_the_guide_names_every_method_with_its_rate() -> None:
    rates = dict(re.findall(r"^\| `([a-z][a-z-]*)` \| `([\d.e-]+)` \|", GUIDE, re.M))
    usual = {name: str(default_training(kind()).learning_rate) for name, kind in METHODS.items()}
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
    (lines,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.M | re.S)
    lines = re.sub(r'^BACKBONE = ".*"$', f"BACKBONE = {str(backbone)!r}", lines, flags=re.M)
    lines = re.sub(r'^PREFIX = ".*"$', f"PREFIX = {str(tmp_path / 'peft')!r}", lines, flags=re.M)
    (source,) = re.findall(r'^source = "(.*)"$', lines, re.M)
    capsys.readouterr()
    exec(lines, {})  # the guide's own lines
    written = capsys.readouterr().out

    loaded = Systems(device=Device.CPU).load(tmp_path / "native", Silent())
    decoded = decode(loaded.system, loaded.prompts([source]), DecodingSpec(), Silent())
    assert written == decoded.texts[0] + "\n"
