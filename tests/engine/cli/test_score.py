"""`score`: one file, its parts, two files; what is absent, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import call, run
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputRow, OutputsMeta
from engine.metrics import meteor
from tests.helpers.errors import refused
from tests.helpers.metrics import LOCAL

CATEGORIES = ("hut", "lake", "moor")


def rows(*, wrong: str = "") -> list[OutputRow]:
    """Twelve rows of three categories; `wrong` is said instead of the name."""
    found = []
    for number in range(12):
        category = CATEGORIES[number % 3]
        name = f"{category} {number}"
        output = f"{wrong or name} lies in the north and is open."
        found.append(
            OutputRow(
                str(number), f"name : {name} | area : north", output,
                (f"{name} lies in the north.", f"In the north is {name}."), category=category,
            )
        )  # fmt: skip
    return found


@pytest.fixture
def outputs(tmp_path: Path) -> tuple[str, str]:
    """Two systems' files, of which the second is worse."""
    paths = []
    for name, wrong in (("good", ""), ("bad", "it")):
        path = tmp_path / f"{name}.jsonl"
        meta = OutputsMeta(name, "", "test", "", f"greedy|{name}")
        write_outputs(path, rows(wrong=wrong), meta)
        paths.append(str(path))
    return paths[0], paths[1]


def test_json_names_every_metric_once(
    outputs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    names = (*LOCAL, "slot_error")
    assert run(["score", outputs[0], "--metrics", ",".join(names), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(names)
    for name, one in found.items():
        assert list(one) == ["value", "low", "high", "signature"]
        assert one["low"] <= one["value"] <= one["high"]
        assert one["signature"].startswith(f"{name}|")
    assert found["slot_error"]["value"] == 0


def test_an_absent_metric_is_told_beside_the_others(
    outputs: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meteor, "find_spec", lambda _name: None)
    for paths in (outputs[:1], outputs):
        assert run(["score", *paths, "--metrics", "bleu,meteor", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["bleu"]["value"] is not None
        assert found["meteor"]["value"] is None
        reason = found["meteor"]["reason"]
        assert "pycocoevalcap" in reason
        assert run(["score", *paths, "--metrics", "bleu,meteor"]) == 0
        said = capsys.readouterr().out
        assert f"  meteor     absent: {reason}" in said
        assert "  bleu       " in said


def test_nothing_but_absent_metrics_ends_with_the_reason(
    outputs: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meteor, "find_spec", lambda _name: None)
    with refused("nothing-scored") as caught:
        call(["score", outputs[0], "--metrics", "meteor", "--json"])
    absent = json.loads(capsys.readouterr().out)["meteor"]
    assert absent == {"value": None, "reason": caught.value.message}


def test_parts_are_scored_by_themselves(
    outputs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["score", outputs[0], "--metrics", "bleu", "--unseen", "moor", "--by", "category"]
    assert run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    parts = [f"category {name}" for name in CATEGORIES]
    assert list(found) == ["all", "seen", "unseen", *parts]
    assert found["unseen"]["bleu"] == found["category moor"]["bleu"]
    sizes = [one["bleu"]["signature"].split("|n:")[1].split("|")[0] for one in found.values()]
    assert sizes == ["12", "8", "4", "4", "4", "4"]
    assert run(words) == 0
    assert "unseen (4 rows)" in capsys.readouterr().out


def test_two_files_are_tested_against_each_other(
    outputs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", *outputs, "--metrics", "bleu,slot_error", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    bleu, errors = found["bleu"], found["slot_error"]
    assert bleu["value"] == bleu["second"] - bleu["first"] < 0
    assert bleu["low"] <= bleu["value"] <= bleu["high"] < 0
    assert bleu["p"] < 0.01
    assert "|decoding:greedy,good / greedy,bad|" in bleu["signature"]
    assert (errors["first"], errors["second"]) == (0, 50)
    assert run(["score", *outputs]) == 0
    said = capsys.readouterr().out
    assert f"12 common rows; A {outputs[0]}, B {outputs[1]}; B minus A:" in said
    assert "  p 0.001  bleu|" in said


@pytest.mark.parametrize(
    ("words", "code", "values"),
    [
        (["{0}", "{0}", "{0}"], "too-many-outputs-files", {"count": 3}),
        (["{0}", "{1}", "--by", "category"], "parts-of-two-files", {}),
        (["{0}", "--unseen", "sea"], "no-such-category",
         {"category": "sea", "categories": "'hut', 'lake', 'moor'"}),
        (["{0}", "--unseen", "hut", "--unseen", "lake", "--unseen", "moor"],
         "everything-unseen", {}),
        (["{bare}", "--by", "category"], "no-categories", {"count": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_so_is_refused(
    words: list[str], code: str, values: dict[str, object], outputs: tuple[str, str], tmp_path: Path
) -> None:
    bare = tmp_path / "bare.jsonl"
    write_outputs(bare, [OutputRow("1", "", "a lake", ("a lake",))])
    with refused(code, **values):
        call(["score", *(word.format(*outputs, bare=bare) for word in words)])
