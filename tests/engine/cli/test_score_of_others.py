"""`score` of outputs that other programs wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import call, run
from engine.contract.errors import UserError

HUT = "A hut in the north is open."
LAKE = "The lake is deep and cold."


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def scored(
    capsys: pytest.CaptureFixture[str], *words: str | Path, metric: str = "bleu"
) -> dict[str, Any]:
    assert run(["score", *map(str, words), "--metrics", metric, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)[metric]
    return found


@pytest.mark.parametrize(
    "row",
    [
        {"example_id": 1, "input": "a", "output": HUT, "references": [HUT]},
        {"id": 1.5, "output": HUT, "references": HUT},
        {"prompt": "a", "predict": HUT, "label": HUT},
        {"instruction": "a", "input": "", "output": HUT, "predict": HUT},
        {"prediction": HUT, "target": [HUT, LAKE]},
        {"source": "a", "hypothesis": HUT, "ref0": LAKE, "ref1": HUT},
        {"idx": 0, "generated_text": HUT, "ground_truth": HUT, "category": None, "fields": None},
        {"output": HUT, "reference": HUT, "category": 3, "fields": {"name": "hut", "stars": 5}},
        {"response": HUT, "labels": [HUT], "example_id": None},
        {"output": HUT, "references": [HUT], "score": 0.5, "more": {"a": [1]}},
    ],
    ids=lambda row: "-".join(row),
)
def test_the_names_and_types_of_others(
    row: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(tmp_path / "out.jsonl", row)
    assert scored(capsys, path)["value"] == pytest.approx(100)
    path.write_text(json.dumps([row, row], indent=2), encoding="utf-8")
    assert "|n:2|" in scored(capsys, path)["signature"]


def test_a_number_can_be_an_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "out.jsonl", {"predict": 12, "label": 12})
    assert scored(capsys, path, metric="chrf")["value"] == pytest.approx(100)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("references", "numbers"),
    [
        ([f"{HUT}\n{LAKE}\n"], "nrefs:1"),
        ([f"{HUT}\nOpen.\n\n{LAKE}\n"], "nrefs:1-2"),
        ([f"{HUT}\nOpen.\n\n\n\n{LAKE}\nDeep.\n\n"], "nrefs:2"),
        ([f"{HUT}\n{LAKE}", "Open.\n\n"], "nrefs:1-2"),
        ([f"\ufeff{HUT}\n{LAKE}\n\n\n"], "nrefs:1"),
    ],
    ids=["lines", "blocks", "blocks apart", "two files", "blank lines at the end"],
)
def test_text_files_with_their_references(
    references: list[str], numbers: str, ends: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    outputs = tmp_path / "out.txt"
    outputs.write_bytes(f"{HUT}\n{LAKE}\n".replace("\n", ends).encode())
    words: list[str | Path] = []
    for number, text in enumerate(references):
        (tmp_path / f"ref{number}").write_bytes(text.replace("\n", ends).encode())
        words += ["--references", tmp_path / f"ref{number}"]
    found = scored(capsys, outputs, *words)
    assert found["value"] == pytest.approx(100)
    assert f"|{numbers}|n:2|" in found["signature"]


def test_an_empty_line_is_an_empty_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.txt").write_text(f"{HUT}\n\n")
    (tmp_path / "ref.txt").write_text(f"{HUT}\n{LAKE}\n")
    found = scored(capsys, tmp_path / "out.txt", "--references", tmp_path / "ref.txt")
    assert found["value"] < 90
    assert "|n:2|" in found["signature"]


def test_references_beside_json_lines_replace_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(tmp_path / "out.jsonl", {"output": HUT}, {"output": LAKE, "references": ["x"]})
    (tmp_path / "ref.txt").write_text(f"{HUT}\n{LAKE}\n")
    found = scored(capsys, path, "--references", tmp_path / "ref.txt")
    assert found["value"] == pytest.approx(100)


def test_two_text_files_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(f"{HUT}\n{LAKE}\n")
    (tmp_path / "b.txt").write_text(f"{HUT}\n{HUT}\n")
    words = [tmp_path / "a.txt", tmp_path / "b.txt", "--references", tmp_path / "a.txt"]
    found = scored(capsys, *words)
    assert found["first"] == pytest.approx(100)
    assert found["second"] < 90


@pytest.mark.parametrize(
    ("content", "references", "named"),
    [
        (f"{HUT}\n{LAKE}\n", None, "--references"),
        (f"{HUT}\n{LAKE}\n", "one\n", " 1 .* 1 "),
        (f"{HUT}\n{LAKE}\n", "a\nb\n\nc\n\nd\n", " 6 .* 3 "),
        ("[1, 2]", None, "item 1"),
        ('[{"output": "x"', None, "JSON"),
        ('{"output": null, "references": []}', None, "output.*None"),
        ('{"output": "x", "references": [["y"]]}', None, r"references\[0\]"),
        ('{"output": "x", "references": []}', "missing", "ref"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    content: str, references: str | None, named: str, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text(content)
    words = []
    if references is not None:
        if references != "missing":
            (tmp_path / "ref").write_text(references)
        words = ["--references", str(tmp_path / "ref")]
    with pytest.raises(UserError, match=named):
        call(["score", str(tmp_path / "out"), *words])
