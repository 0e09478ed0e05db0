"""A prefix in llama.cpp, MLX and transformers: the same numbers there as here."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from engine.backbones.catalog import describe_folder
from engine.backbones.fingerprint import fingerprint_of
from engine.backbones.full_tokenizer import load_full_tokenizer
from engine.cli import main
from engine.exchange import native
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.prefixes import card_for, logits_with, random_prefix
from tests.helpers.tiny_backbones import save_tiny

HELPER = Path(__file__).parents[2] / "helpers" / "other_runtimes.py"
TEXTS = [f"name : Hut {number}, food : {food}" for number in range(5) for food in ("soup", "fish")]
NEW = 8


def needs(module: str, extra: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        importlib.util.find_spec(module) is None,
        reason=f"{module} is not installed: pip install -e '.[{extra}]'",
    )


def other(runtime: str, **job: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HELPER), runtime],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class Case:
    """A tiny backbone, a random prefix, and what transformers says behind it as a plain cache."""

    def __init__(self, place: Path, kind: str) -> None:
        self.backbone = save_tiny(place / "backbone", kind)
        shape = describe_folder(self.backbone).shape
        fingerprint = fingerprint_of(self.backbone, Silent())
        card = card_for(shape, backbone=str(self.backbone), backbone_fingerprint=fingerprint)
        self.key_values = random_prefix(card)
        self.prefix = place / "prefix"
        native.write(self.prefix, self.key_values, card)
        self.tokenizer = load_full_tokenizer(self.backbone)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(self.backbone)

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def expected(self, ids: list[int]) -> tuple[torch.Tensor, list[int]]:
        made: list[int] = []
        first = None
        for _ in range(NEW):
            logits = logits_with(self.model, self.key_values, torch.tensor([ids + made]))[0, -1]
            first = logits if first is None else first
            made.append(int(logits.argmax()))
        assert first is not None
        return first, made

    def export(self, out: Path, *words: str) -> Path:
        assert main.call(["export", str(self.prefix), "--out", str(out), *words]) == 0
        return out


@pytest.fixture(params=["llama", "gpt2", "qwen2", "qwen3"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return Case(tmp_path, request.param)


@pytest.fixture
def llama_case(tmp_path: Path) -> Case:
    return Case(tmp_path, "llama")


def largest_difference(answer: dict[str, Any], expected: list[tuple[torch.Tensor, Any]]) -> float:
    pairs = zip(answer["logits"], expected, strict=True)
    return max(float((torch.tensor(own) - logits).abs().max()) for own, (logits, _) in pairs)


@needs("llama_cpp", "llamacpp")
def test_llama_cpp_continues_as_here(case: Case, tmp_path: Path) -> None:
    words = ("--format", "llamacpp", "--write-gguf", "f32", "--cache-type", "f32")
    exact = case.export(tmp_path / "exact", *words, "--no-flash-attention")
    flash = case.export(tmp_path / "flash", *words)
    (gguf,) = exact.glob("*.gguf")
    prompts = [case.ids(text) for text in TEXTS]
    expected = [case.expected(prompt) for prompt in prompts]
    job = {"model": str(gguf), "prompts": prompts, "new": NEW, "type": 0}
    for kind in ("slot", "session"):
        file = str(exact / f"prefix.{kind}")
        answer = other("llama", **job, cache=file, kind=kind, flash=False)
        assert largest_difference(answer, expected) < 1e-3
        assert answer["made"] == [made for _, made in expected]
        stamp = json.loads((exact / "request.json").read_text())["prompt"][:5]
        assert answer["tokens"] == (stamp if kind == "slot" else [])
    # llama.cpp's flash attention computes in half precision, whatever the cache's type.
    answer = other("llama", **job, cache=str(flash / "prefix.slot"), kind="slot", flash=True)
    assert largest_difference(answer, expected) < 1e-2
    encoded = other("llama_ids", model=str(gguf), texts=TEXTS)["ids"]
    assert encoded == prompts


@needs("llama_cpp", "llamacpp")
def test_llama_cpp_in_half_precision_and_with_files_of_another_form(
    llama_case: Case, tmp_path: Path
) -> None:
    case, prompt = llama_case, llama_case.ids(TEXTS[0])
    words = ("--format", "llamacpp", "--write-gguf", "f32")
    turned = case.export(tmp_path / "turned", *words, "--cache-type", "f32", "--no-flash-attention")
    halves = case.export(tmp_path / "halves", *words)
    (gguf,) = turned.glob("*.gguf")
    job = {"model": str(gguf), "kind": "slot", "prompts": [prompt], "new": NEW}
    answer = other("llama", **job, cache=str(halves / "prefix.slot"), flash=True, type=1)
    assert largest_difference(answer, [case.expected(prompt)]) < 0.1
    # A file of another form is refused, not read as numbers.
    for folder in (turned, halves):
        answer = other("llama", **job, cache=str(folder / "prefix.slot"), flash=True, type=0)
        assert answer["tokens"] is None


@needs("mlx_lm", "mlx")
def test_mlx_continues_as_here(llama_case: Case, tmp_path: Path) -> None:
    # Of other kinds mlx-lm 0.32 reads the settings of positions where transformers 4 wrote them.
    case = llama_case
    out = case.export(tmp_path / "out", "--format", "mlx", "--cache-type", "f32")
    prompts = [case.ids(text) for text in TEXTS]
    expected = [case.expected(prompt) for prompt in prompts]
    cache = str(out / "prompt_cache.safetensors")
    answer = other("mlx", model=str(case.backbone), cache=cache, prompts=prompts, new=NEW)
    assert largest_difference(answer, expected) < 1e-3
    assert answer["made"] == [made for _, made in expected]


def test_the_lines_for_transformers_run_as_they_are_written(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = case.export(tmp_path / "out", "--format", "transformers")
    text = (out / "README.md").read_text()
    lines = text.partition("## Use")[2].partition("## Notes")[0].splitlines()
    code = "\n".join(line[4:] for line in lines if line.startswith("    ") or not line.strip())
    monkeypatch.chdir(out)
    capsys.readouterr()
    exec(
        compile(code.replace("INPUT", TEXTS[0]).replace("=100", f"={NEW}"), "README.md", "exec"), {}
    )
    printed = capsys.readouterr().out
    form = prompt_of(case, TEXTS[0])
    _, made = case.expected(form)
    stop = made.index(case.tokenizer.eos_token_id) if case.tokenizer.eos_token_id in made else NEW
    assert printed == case.tokenizer.decode(made[:stop], skip_special_tokens=True) + "\n"


def prompt_of(case: Case, text: str) -> list[int]:
    """The prompt as the engine encodes it."""
    from engine.backbones.loading import load_tokenizer
    from engine.data.prompt import prompt_named

    return prompt_named().encode_source(load_tokenizer(str(case.backbone)), text, 512)


def test_a_gguf_file_of_another_backbone_is_refused(llama_case: Case, tmp_path: Path) -> None:
    words = ("--format", "llamacpp")
    out = llama_case.export(tmp_path / "out", *words, "--write-gguf", "f16")
    (gguf,) = out.glob("*.gguf")
    (tmp_path / "b").mkdir()
    for seed, kind in ((7, "llama"), (0, "qwen2")):
        backbone = save_tiny(tmp_path / f"other-{kind}", kind, seed=seed)
        card = card_for(describe_folder(backbone).shape, backbone=str(backbone))
        native.write(tmp_path / f"p-{kind}", random_prefix(card), card)
        with refused("gguf-of-another-backbone", path=gguf):
            main.call(["export", str(tmp_path / f"p-{kind}"), *words, "--gguf", str(gguf),
                       "--out", str(tmp_path / f"x-{kind}")])  # fmt: skip
        assert not (tmp_path / f"x-{kind}").exists()
    again = llama_case.export(tmp_path / "again", *words, "--gguf", str(gguf))
    for name in ("prefix.slot", "prefix-v2.slot", "prefix.session"):
        assert (again / name).read_bytes() == (out / name).read_bytes()
    versions = [(out / name).read_bytes()[4] for name in ("prefix.slot", "prefix-v2.slot")]
    assert versions == [3, 2]
