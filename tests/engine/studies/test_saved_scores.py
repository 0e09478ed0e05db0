"""Scores of a study that are kept, and those by an encoder that are not anyone else's."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.main import run
from engine.contract.errors import Cancelled
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.outputs import ScoreOutputs
from engine.contract.runs.scores import Encoder
from engine.contract.studies.study import StudyFolder, StudySpec
from engine.metrics.handlers import score_outputs
from engine.reporter import Silent
from engine.studies.handlers import write_files
from engine.studies.results import collect
from tests.helpers.errors import refused


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """The project with its finished study, to be changed."""
    return shutil.copytree(project, tmp_path / "copy")


def score(project: Path, *words: str) -> list[dict[str, str]]:
    """The lines of runs.csv after the study was scored so."""
    assert run(["study", "methods", "--project", str(project), "--no-training", *words]) == 0
    with open(project / "studies" / "methods" / "runs.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(lines: list[dict[str, str]], metric: str) -> list[float]:
    return [float(line["value"]) for line in lines if line["metric"] == metric]


def mark_kept(project: Path, metric: str, value: float) -> None:
    """Write a value into the kept scores by which they can be known."""
    path = project / "studies" / "methods" / "scores.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    for one in kept["runs"]:
        for scored in one["scores"]:
            if scored["score"]["metric"] == metric:
                scored["score"]["value"] = value
    path.write_text(json.dumps(kept), encoding="utf-8")


def say(project: Path, text: str) -> None:
    """Let all outputs of the study be this text: those of a model as small as this are empty."""
    folder, study = opened(project)
    for one in study.runs:
        path = folder.run_path(one) / "outputs" / "test.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        said = [json.dumps({**line, "output": text}) for line in lines]
        path.write_text("\n".join(said), encoding="utf-8")


def opened(project: Path) -> tuple[StudyFolder, StudySpec]:
    folder = StudyFolder(ProjectFolder(project), "methods")
    return folder, folder.read()


def test_what_was_scored_is_not_scored_again(copy: Path) -> None:
    first = values(score(copy, "--metrics", "nist"), "nist")
    mark_kept(copy, "nist", 77.5)
    assert values(score(copy, "--metrics", "nist,ter"), "nist") == [77.5] * len(first)


def test_other_outputs_are_scored_anew(copy: Path) -> None:
    score(copy, "--metrics", "nist")
    mark_kept(copy, "nist", 77.5)
    folder, study = opened(copy)
    outputs = folder.run_path(study.runs[0]) / "outputs" / "test.jsonl"
    first, _, others = outputs.read_text(encoding="utf-8").partition("\n")
    other = json.dumps({**json.loads(first), "output": "another"})
    outputs.write_text(f"{other}\n{others}", encoding="utf-8")
    found = values(score(copy), "nist")
    assert found[0] != 77.5
    assert found[1:] == [77.5] * (len(found) - 1)


@pytest.mark.parametrize("text", ["{", '{"version": 99}', ""])
def test_a_damaged_file_of_scores_costs_nothing_but_time(copy: Path, text: str) -> None:
    first = values(score(copy, "--metrics", "nist"), "nist")
    mark_kept(copy, "nist", 77.5)
    (copy / "studies" / "methods" / "scores.json").write_text(text, encoding="utf-8")
    assert values(score(copy), "nist") == first


def test_a_score_of_another_version_of_its_metric_is_taken_again(copy: Path) -> None:
    first = values(score(copy, "--metrics", "ter"), "ter")
    mark_kept(copy, "ter", 77.5)
    path = copy / "studies" / "methods" / "scores.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sacrebleu-", "sacrebleu-0."), encoding="utf-8")
    assert values(score(copy), "ter") == first
    path.write_text(text.replace('"ter"', '"comet"'), encoding="utf-8")
    assert values(score(copy), "ter") == first


class GivesUp:
    """Cancels when the third run is begun."""

    def update(self, done: int, _total: int, _unit: str, _text: str = "") -> None:
        if done == 2:
            raise Cancelled


def test_what_was_scored_before_giving_up_is_kept(copy: Path) -> None:
    score(copy, "--metrics", "nist")
    folder, study = opened(copy)
    (folder.path / "scores.json").unlink()
    with pytest.raises(Cancelled):
        collect(folder, study, GivesUp())
    mark_kept(copy, "nist", 77.5)
    found = [one.scores[0].score for one in collect(folder, study, Silent()).runs]
    assert [getattr(one, "value", None) == 77.5 for one in found] == [True, True, False, False]


def test_bertscore_by_the_encoder_that_is_named(copy: Path, encoder: Path) -> None:
    say(copy, "the long stony hill")
    words = ("--metrics", "bertscore,chrf", "--encoder", str(encoder))
    last = values(score(copy, *words), "bertscore")
    assert len(last) == 4
    assert values(score(copy), "bertscore") == last
    deeper = values(score(copy, "--encoder-layer", "1"), "bertscore")
    assert deeper != last
    table = (copy / "studies" / "methods" / "table.md").read_text(encoding="utf-8")
    assert "`bertscore|encoder:tiny|layer:1|idf:no|" in table
    namesake = shutil.copytree(encoder, copy / "other" / "tiny")
    mark_kept(copy, "bertscore", 77.5)
    assert values(score(copy), "bertscore") == [77.5] * 4
    assert values(score(copy, "--encoder", str(namesake)), "bertscore") == deeper
    namesake.rename(copy / "away")
    assert values(score(copy, "--metrics", "bertscore,nist"), "bertscore") == deeper
    assert values(score(copy), "bertscore") == deeper


def test_the_options_of_an_encoder_stand_until_others_are_given(copy: Path, encoder: Path) -> None:
    score(copy, "--metrics", "chrf", "--encoder", str(encoder), "--encoder-layer", "1", "--idf")
    assert opened(copy)[1].encoder == Encoder(str(encoder), 1, idf=True)
    score(copy, "--no-idf")
    assert opened(copy)[1].encoder == Encoder(str(encoder), 1)
    score(copy, "--encoder-layer", "last", "--encoder", "some/hub-id")
    assert opened(copy)[1].encoder == Encoder("some/hub-id")


def test_compares_own_bertscore_does_not_enter(copy: Path, encoder: Path) -> None:
    """Its signature names the folder only, and there may be another of this name."""
    say(copy, "the long stony hill")
    words = ("--metrics", "bertscore", "--encoder", str(encoder), "--encoder-layer", "0")
    first = values(score(copy, *words), "bertscore")
    folder, study = opened(copy)
    namesake = shutil.copytree(encoder, copy / "other" / "tiny")
    outputs = folder.run_path(study.runs[0]) / "outputs" / "test.jsonl"
    score_outputs(ScoreOutputs(str(outputs), ("bertscore",), Encoder(str(namesake), 0)), Silent())
    meta = outputs.with_name("test.meta.json")
    marked = json.loads(meta.read_text(encoding="utf-8"))
    marked["scores"][0]["value"] = 77.5
    meta.write_text(json.dumps(marked), encoding="utf-8")
    (folder.path / "scores.json").unlink()
    assert values(score(copy), "bertscore") == first


def test_a_bad_encoder_is_told_before_training_and_leaves_the_others(
    copy: Path, encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--metrics", "bertscore,chrf", "--encoder", str(encoder), "--encoder-layer", "7")
    folder, study = opened(copy)
    shutil.rmtree(folder.run_path(study.runs[0]))
    assert run(["study", "methods", "--project", str(copy), *words]) == 2
    said = capsys.readouterr().err
    assert "layer 7" in said
    assert str(encoder) in said
    assert not folder.run_path(study.runs[0]).exists()
    lines = score(copy, *words)
    assert (len(values(lines, "chrf")), values(lines, "bertscore")) == (3, [])
    assert run(["study", "methods", "--project", str(copy), "--encoder-layer", "x"]) == 2
    assert "--encoder-layer" in capsys.readouterr().err


def test_a_run_without_outputs_leaves_the_others(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, study = opened(copy)
    shutil.rmtree(folder.run_path(study.runs[0]) / "outputs")
    lines = score(copy, "--metrics", "nist")
    assert len(values(lines, "nist")) == 3
    said = capsys.readouterr().out
    run_id = study.runs[0].spec.run_id
    assert f"No NIST: the run {run_id} has no test outputs: its split has no inputs" in said
    # What differences are called does not hang on which runs there are.
    assert "prefix 3, MLP 16 minus full fine-tuning" in said


def test_nothing_comes_back_of_a_study_that_was_deleted_meanwhile(copy: Path) -> None:
    folder, study = opened(copy)
    shutil.rmtree(folder.path)
    results = collect(folder, replace(study, metrics=("nist",)), Silent())
    with refused("study-deleted", name="Methods"):
        write_files(folder, study, results)
    assert not folder.path.exists()


def test_files_of_other_scores_do_not_stay(copy: Path) -> None:
    folder, _ = opened(copy)
    assert (folder.path / "table.md").exists()
    score(copy, "--metrics", "bertscore")
    names = {path.name for path in folder.path.iterdir()}
    assert names == {"study.json", "runs.csv", "runs.xlsx"}


def test_without_an_encoder_the_table_says_so(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert values(score(copy, "--metrics", "bertscore,chrf"), "bertscore") == []
    assert "- No BERTScore: bertscore needs an encoder" in capsys.readouterr().out
    score(copy, "--metrics", "bertscore")
    assert "bertscore  absent: bertscore needs an encoder" in capsys.readouterr().out
