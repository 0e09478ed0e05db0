"""`python main.py study`: real tiny runs, a study that was stopped, and what it refuses."""

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.main import call, run
from engine.contract.errors import UserError
from engine.contract.metrics import default_metrics
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.lock import FolderLock
from engine.contract.runs.outputs import read_meta, read_outputs, write_outputs
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.study import StudyFolder, StudySpec, study_ids
from engine.reporter import Silent
from engine.studies.results import collect
from tests.helpers.errors import refused
from tests.helpers.reading_runs import LABEL, write_rows
from tests.helpers.tiny_runs import ROOT, Workshop, engine_environment, kill, wait_until

FILES = {
    *("figure.png", "figure.svg", "runs.csv", "runs.xlsx"),
    *("table.csv", "table.xlsx", "table.md", "table.tex"),
}


def opened(project: Path, study_id: str = "methods") -> tuple[StudyFolder, StudySpec]:
    folder = StudyFolder(ProjectFolder(project), study_id)
    return folder, folder.read()


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """The project with its finished study, to be changed."""
    return shutil.copytree(project, tmp_path / "copy")


def test_a_study_ends_in_its_files(project: Path) -> None:
    folder, study = opened(project)
    assert study_ids(ProjectFolder(project)) == ["methods"]
    assert {path.name for path in folder.path.iterdir()} == FILES | {"study.json"}
    assert len(study.runs) == 4
    for one in study.runs:
        assert RunFolder(folder.run_path(one)).read_status().state is RunState.FINISHED
    assert (folder.path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder.path / "figure.svg").read_text(encoding="utf-8")


def test_the_table_is_the_mean_of_the_runs_own_scores(project: Path) -> None:
    folder, study = opened(project)
    table = {(row["point"], row["metric"]): row for row in rows(folder.path / "table.csv")}
    assert len(table) == 2 * 3
    labels = StudyLabels(study)
    for factors, point in labels.points.items():
        values = []
        for one in study.runs:
            if study.key(one).point == factors:
                meta = RunFolder(folder.run_path(one)).outputs / "test.meta.json"
                scores = json.loads(meta.read_text(encoding="utf-8"))["scores"]
                values += [score["value"] for score in scores if score["metric"] == "chrf"]
        row = table[point, "chrf"]
        assert row["runs"] == "2" == str(len(values))
        assert float(row["mean"]) == pytest.approx(sum(values) / 2)
    markdown = (folder.path / "table.md").read_text(encoding="utf-8")
    assert "prefix 3, MLP 16 minus full fine-tuning" in markdown
    assert "chrf|case:mixed" in markdown


def test_all_runs_are_judged_by_the_same_inputs(project: Path) -> None:
    folder, study = opened(project)
    metas = [read_meta(folder.run_path(one) / "outputs" / "test.jsonl") for one in study.runs]
    assert len({meta.split_fingerprint for meta in metas if meta is not None}) == 1
    assert None not in metas


def test_the_same_command_again_trains_nothing(
    copy: Path, study_words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, before = opened(copy)
    journals = [(folder.run_path(one) / "events.jsonl").read_bytes() for one in before.runs]
    assert run(["study", "methods", "--project", str(copy), *study_words]) == 0
    assert capsys.readouterr().out.count("finished before") == 4
    _, after = opened(copy)
    assert after == before
    assert journals == [(folder.run_path(one) / "events.jsonl").read_bytes() for one in after.runs]
    assert len(ProjectFolder(copy).read().datasets) == 1


def test_a_study_goes_on_without_its_data(copy: Path) -> None:
    folder, study = opened(copy)
    shutil.rmtree(folder.run_path(study.runs[-1]))
    assert run(["study", "methods", "--project", str(copy), "--no-training"]) == 0
    lost = [row for row in rows(folder.path / "runs.csv") if row["state"] == "deleted"]
    assert [row["run_id"] for row in lost] == [study.runs[-1].spec.run_id]
    assert run(["study", "methods", "--project", str(copy)]) == 0
    finished = {
        row["run_id"] for row in rows(folder.path / "runs.csv") if row["state"] == "finished"
    }
    assert finished == {one.spec.run_id for one in study.runs}


def test_another_study_takes_the_runs_it_shares(
    copy: Path, study_words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", "length", "--project", str(copy), "--lengths", "1", "3", *study_words]
    assert run(words) == 0
    assert capsys.readouterr().out.count("finished before") == 2
    _, methods = opened(copy)
    _, lengths = opened(copy, "length")
    shared = {one.spec.run_id for one in methods.runs} & {one.spec.run_id for one in lengths.runs}
    assert len(shared) == 2


@pytest.mark.parametrize(
    ("kind", "words", "places"),
    [
        ("low-data", ("--sizes", "4", "8"), 4),
        ("length", ("--lengths", "1", "2"), 2),
        ("initialisation", ("--words", "A hut:"), 2),
        ("parametrisation", (), 6),
        ("placement", ("--lengths", "3"), 3),
    ],
)
def test_every_recipe_ends_in_its_table(
    kind: str,
    words: tuple[str, ...],
    places: int,
    copy: Path,
    study_words: tuple[str, ...],
) -> None:
    assert run(["study", kind, "--project", str(copy), *study_words, *words, "--seeds", "0"]) == 0
    folder, _ = opened(copy, kind)
    table = rows(folder.path / "table.csv")
    assert len({(row["series"], row["point"]) for row in table}) == places
    assert all(0 <= float(row["mean"]) <= 100 and row["runs"] == "1" for row in table)
    assert {path.name for path in folder.path.iterdir()} == FILES | {"study.json"}


def test_points_are_compared_within_their_series(copy: Path, study_words: tuple[str, ...]) -> None:
    assert run(["study", "parametrisation", "--project", str(copy), *study_words]) == 0
    folder, study = opened(copy, "parametrisation")
    for number, one in enumerate(study.runs):  # outputs of models this small are empty
        outputs = folder.run_path(one) / "outputs" / "test.jsonl"
        said = "A hut with soup in the north, high above the lake"[: 7 + 3 * number]
        rewritten = [replace(row, output=said) for row in read_outputs(outputs)]
        write_outputs(outputs, rewritten, replace(read_meta(outputs), scores=()))
    results = collect(folder, study, Silent())
    keys = list(dict.fromkeys(study.key(one) for one in study.runs))
    first = keys[0].point
    chrf = [one for one in results.differences if one.metric == "chrf"]
    assert {one.second for one in chrf} == {key for key in keys if key.point != first}
    assert [one.first for one in chrf] == [replace(one.second, point=first) for one in chrf]
    scores = {key: [] for key in keys}
    for one in results.runs:
        (score,) = (part.score for part in one.scores if part.score.metric == "chrf")
        scores[one.key].append(score.value)
    for one in results.differences:
        if one.metric == "chrf":
            both = zip(scores[one.first], scores[one.second], strict=True)
            assert one.mean.value == pytest.approx(sum(a - b for a, b in both) / 2)
            assert abs(one.mean.value) > 1


def test_unseen_categories_are_scored_beside_seen_ones(
    tmp_path: Path, study_words: tuple[str, ...]
) -> None:
    words = [*study_words, "--unseen", "north", "--metrics", "bleu,chrf"]
    words[words.index("area") - 1] = "--category-column"
    project = tmp_path / "project"
    assert run(["study", "extrapolation", "--project", str(project), *words]) == 0
    folder, study = opened(project, "extrapolation")
    assert study.unseen == ("north",)
    table = rows(folder.path / "table.csv")
    assert {row["part"] for row in table} == {"all", "seen", "unseen"}
    assert {row["metric"] for row in table} == {"bleu", "chrf"}
    for one in study.runs:
        outputs = read_outputs(folder.run_path(one) / "outputs" / "test.jsonl")
        assert {"north"} < {row.category for row in outputs}
    assert "BLEU S" in (folder.path / "table.md").read_text(encoding="utf-8")


def test_other_metrics_are_taken_of_finished_runs(copy: Path) -> None:
    words = ["study", "methods", "--project", str(copy), "--no-training", "--metrics", "nist,ter"]
    assert run(words) == 0
    folder, study = opened(copy)
    assert study.metrics == ("nist", "ter")
    assert {row["metric"] for row in rows(folder.path / "table.csv")} == {"nist", "ter"}


def test_a_run_that_fails_is_named_and_the_others_go_on(copy: Path) -> None:
    folder, study = opened(copy)
    lost = folder.run_path(study.runs[0])
    shutil.rmtree(lost)
    (copy / "datasets" / "huts.sqlite").rename(copy / "huts.sqlite")
    with refused("runs-failed", failed=1, total=4) as caught:
        call(["study", "methods", "--project", str(copy)])
    assert "prefix 3, MLP 16, seed 0: " in caught.value.message
    (copy / "huts.sqlite").rename(copy / "datasets" / "huts.sqlite")
    assert run(["study", "methods", "--project", str(copy)]) == 0


def test_a_run_at_work_elsewhere_is_left_alone(copy: Path) -> None:
    folder, study = opened(copy)
    place = folder.run_path(study.runs[1])
    status = place / "status.json"
    text = status.read_text(encoding="utf-8")
    status.write_text(text.replace('"finished"', '"running"'), encoding="utf-8")
    before = (place / "events.jsonl").read_bytes()
    words = [sys.executable, "main.py", "study", "methods", "--project", str(copy)]
    with FolderLock(place) as lock:  # a process holds it against others only
        assert lock.acquire()
        done = subprocess.run(
            words, cwd=ROOT, env=engine_environment(), capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert str(place) in done.stderr
    assert (place / "events.jsonl").read_bytes() == before


def test_a_study_whose_process_is_killed_goes_on(
    tmp_path: Path, study_words: tuple[str, ...]
) -> None:
    place = tmp_path / "killed"
    words = ["study", "methods", "--project", str(place), *study_words]
    process = subprocess.Popen(
        [sys.executable, "main.py", *words],
        cwd=ROOT,
        env=engine_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    runs = place / "runs"
    second = "a second run is there"
    wait_until(process, lambda: runs.is_dir() and len(list(runs.iterdir())) > 1, what=second)
    kill(process)
    folder, study = opened(place)
    first = RunFolder(folder.run_path(study.runs[0]))
    assert first.read_status().state is RunState.FINISHED
    before = first.events.read_bytes()
    assert run(words) == 0
    assert opened(place)[1] == study
    assert first.events.read_bytes() == before
    states = {row["state"] for row in rows(folder.path / "runs.csv")}
    assert states == {"finished"}


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("length",), "no-such-study", "length"),
        (("methods", "{data}", "--batch-size", "2"), "study-differs", "methods"),
        (("extrapolation", "{data}"), "nothing-unseen", ""),
        (("methods", "{data}", "--methods", "prefix"), "", ""),
        (("methods", "{data}", "--methods", "prefix", "bert"), "", "bert"),
        (("length", "{data}", "--lengths", "0"), "", "lengths"),
        (("methods", "{data}", "--seed", "1"), "option-of-one-run", "--seed"),
        (("methods", "--metrics", "blue"), "", "blue"),
        (("length", "{data}", "--test-fraction", "0"), "no-test-inputs", ""),
        (("methods", "--metrics", ","), "metrics-empty", ""),
    ],
)
def test_what_makes_no_study(
    project: Path, study_words: tuple[str, ...], words: tuple[str, ...], code: str, named: str
) -> None:
    kind, *rest = words
    given = [part for word in rest for part in (study_words if word == "{data}" else (word,))]
    with pytest.raises(UserError) as caught:
        call(["study", kind, "--project", str(project), *given])
    assert code in ("", caught.value.code)
    assert named in caught.value.message


def test_a_damaged_study_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = opened(copy)
    (folder.path / "study.json").write_text("{", encoding="utf-8")
    assert run(["study", "methods", "--project", str(copy)]) == 2
    assert "is damaged" in capsys.readouterr().err


def test_a_study_of_labels_has_the_scores_of_labels(workshop: Workshop, tmp_path: Path) -> None:
    data, project = write_rows(tmp_path / "labels.csv", LABEL), tmp_path / "project"
    words = ["study", "methods", "--project", str(project), "--data", str(data), "--task", "label"]
    words += ["--text", "text", "--target", "label", "--backbone", str(workshop.backbone("bert"))]
    words += [
        "--methods",
        "frozen",
        "lora",
        "--max-steps",
        "2",
        "--batch-size",
        "4",
        "--seeds",
        "0",
    ]
    words += [
        "--evaluate-every-steps",
        "2",
        "--test-fraction",
        "0.3",
        "--device",
        "cpu",
        "--seeds",
        "0",
    ]
    assert run(words) == 0
    folder, study = opened(project)
    assert study.metrics == default_metrics(LABEL)
    table = rows(folder.path / "table.csv")
    assert {row["metric"] for row in table} == set(study.metrics)
    assert all(0 <= float(row["mean"]) <= 100 for row in table)
