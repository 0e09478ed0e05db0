"""A study of which some files are damaged, or a stranger's: it goes on, and names them."""

from __future__ import annotations

import json
import math
import os
import shutil
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.main import run
from engine.contract import codec
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import (
    MAX_LINE_CHARACTERS,
    RowsDigest,
    changed_note,
    read_meta,
    read_outputs,
    write_meta,
    write_outputs,
)
from engine.contract.runs.scores import OutputRow, OutputsMeta
from engine.contract.studies.recipes import StudyKind
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudyFolder, StudyRun, StudySpec
from engine.reporter import Silent
from engine.studies.figures import draw
from engine.studies.results import collect
from engine.studies.tables import latex, markdown
from tests.helpers.errors import refused
from tests.helpers.projects import make_project
from tests.helpers.studies import make_study

Damage = Callable[[RunFolder], object]


def journal(change: Callable[[bytes], bytes]) -> Damage:
    return lambda run: run.events.write_bytes(change(run.events.read_bytes()))


def in_its_place(name: str, make: Callable[[Path], object]) -> Damage:
    """Put something else where a file was."""

    def damage(run: RunFolder) -> None:
        path = run.path / name
        path.unlink()
        make(path)

    return damage


def outputs(text: bytes) -> Damage:
    return lambda run: (run.outputs / "test.jsonl").write_bytes(text)


def meta(text: str) -> Damage:
    return lambda run: (run.outputs / "test.meta.json").write_text(text, encoding="utf-8")


def only(*kinds: str) -> Damage:
    """Leave only these events in the journal."""

    def keep(text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        return b"".join(one for one in lines if json.loads(one)["event"]["type"] in kinds)

    return journal(keep)


LEFT_OUT: dict[str, Damage] = {
    "an empty journal": journal(lambda _: b""),
    "a cut journal": journal(lambda text: text[: len(text) // 2]),
    "a journal without its last line": journal(lambda text: text[: text.rindex(b"\n", 0, -1)]),
    "a journal without a beginning": only("RunFinished"),
    "a journal of another run": journal(lambda text: text.replace(b'"run_id":"', b'"run_id":"x')),
    "a journal of noise": journal(lambda _: os.urandom(5000)),
    "no journal": lambda run: run.events.unlink(),
    "a folder for a journal": in_its_place("events.jsonl", Path.mkdir),
    "no JSON in the outputs": outputs(b"{\n"),
    "empty outputs": outputs(b""),
    "outputs that are no UTF-8": outputs(b"\xff\xfe\n"),
    "outputs of another form": outputs(b'{"output": 5}\n'),
    "a line without end in the outputs": outputs(b'{"output": "' + b"x" * 2 * MAX_LINE_CHARACTERS),
    "a folder for outputs": in_its_place("outputs/test.jsonl", Path.mkdir),
    "a pipe for outputs": in_its_place("outputs/test.jsonl", os.mkfifo),
    "an endless device for outputs": in_its_place(
        "outputs/test.jsonl", lambda path: path.symlink_to("/dev/zero")
    ),
    "a description that is no JSON": meta("{"),
    "a description of another kind": meta('{"system": 5}'),
    "a description from the future": meta('{"version": 99}'),
    "a folder for a description": in_its_place("outputs/test.meta.json", Path.mkdir),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a study of four finished runs."""
    project = make_project(tmp_path_factory.mktemp("studies") / "project")
    make_study(project)
    return project


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "project")


def opened(project: Path) -> tuple[StudyFolder, StudySpec]:
    folder = StudyFolder(ProjectFolder(project), "methods")
    return folder, folder.read()


def collected(project: Path) -> StudyResults:
    folder, study = opened(project)
    return collect(folder, study, Silent())


@pytest.mark.parametrize("damage", LEFT_OUT.values(), ids=LEFT_OUT)
def test_the_study_goes_on_without_a_damaged_run(copy: Path, damage: Damage) -> None:
    folder, study = opened(copy)
    whole = collected(copy)
    damaged = study.runs[1].spec.run_id
    damage(RunFolder(folder.run_path(study.runs[1])))
    results = collected(copy)
    assert [run_id for run_id, _ in results.damaged()] == [damaged]
    assert [run.scores for run in results.runs if run.run_id != damaged] == [
        run.scores for run in whole.runs if run.run_id != damaged
    ]
    assert sum(one.mean.count for one in results.summaries) < sum(
        one.mean.count for one in whole.summaries
    )
    table = markdown(study, results)
    assert f"- Run {damaged}: left out. " in table
    assert "not finished" not in table


def test_the_command_names_it_and_draws_the_others(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, study = opened(copy)
    for number, name in ((0, "an empty journal"), (1, "empty outputs")):
        LEFT_OUT[name](RunFolder(folder.run_path(study.runs[number])))
    (copy / "runs" / "another").mkdir()
    (copy / "runs" / "another" / "run.json").write_text("{")
    assert run(["study", "methods", "--project", str(copy), "--no-training"]) == 0
    out, err = capsys.readouterr()
    for number in (0, 1):
        assert f"note: run {study.runs[number].spec.run_id}: left out. " in err
    assert "Traceback" not in out + err
    assert (folder.path / "figure.png").exists()


def test_a_study_with_nothing_left_says_so(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, study = opened(copy)
    for one in study.runs:
        (folder.run_path(one) / "events.jsonl").unlink()
    assert run(["study", "methods", "--project", str(copy), "--no-training"]) == 0
    assert capsys.readouterr().err.count("left out") == len(study.runs)


def test_changed_outputs_are_scored_anew_and_said(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, study = opened(copy)
    path = folder.run_path(study.runs[1]) / "outputs" / "test.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("hut", "hat"), encoding="utf-8")
    before, after = collected_scores(folder, study, 1), None
    results = collect(folder, study, Silent())
    ((run_id, note),) = results.damaged()
    assert run_id == study.runs[1].spec.run_id
    assert note == changed_note(path)
    after = {one.score.metric: one.score.value for one in results.runs[1].scores}
    assert after != before, "the scores beside the outputs are of other outputs"
    assert run(["score", str(path)]) == 0
    assert f"note: {changed_note(path)}" in capsys.readouterr().err
    assert run(["score", str(path), str(path), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)
    assert shown.err.count(changed_note(path)) == 2


def collected_scores(folder: StudyFolder, study: StudySpec, number: int) -> dict[str, float]:
    meta = read_meta(folder.run_path(study.runs[number]) / "outputs" / "test.jsonl")
    assert meta is not None
    return {score.metric: score.value for score in meta.scores}


def test_outputs_of_the_version_before_are_as_they_were(copy: Path) -> None:
    folder, study = opened(copy)
    whole = collected(copy)
    for one in study.runs:
        path = folder.run_path(one) / "outputs" / "test.meta.json"
        plain = json.loads(path.read_text(encoding="utf-8"))
        del plain["rows_sha256"]
        path.write_text(json.dumps({**plain, "version": 1}), encoding="utf-8")
    assert collected(copy) == whole


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300, -1e300])
def test_a_score_that_no_metric_gives_is_taken_again(copy: Path, value: float) -> None:
    folder, study = opened(copy)
    path = folder.run_path(study.runs[0]) / "outputs" / "test.jsonl"
    meta = read_meta(path)
    assert meta is not None
    write_meta(path, replace(meta, scores=tuple(replace(s, value=value) for s in meta.scores)))
    results = collected(copy)
    assert all(0 <= one.mean.value <= 100 for one in results.summaries)
    assert draw(study, results)["figure.svg"]


NAMES = (
    "$\\frac{$", "\\input{/etc/passwd}", "a\nb", "\x00\x1b[31m", "\ud800", "_hidden", "x" * 10_000,
    "<b>", "|", "山", "",
)  # fmt: skip


@pytest.mark.parametrize("kind", StudyKind)
def test_any_names_and_values_can_be_drawn_and_written(copy: Path, kind: StudyKind) -> None:
    """A study's file may say another kind than its runs were made for, and any words."""
    folder, study = opened(copy)
    results = collected(copy)
    sizes = (50, None, 2**62, 1)
    runs = []
    for number, name in enumerate(filter(None, NAMES)):
        spec = study.runs[number % 4].spec
        split = replace(spec.data.split, max_train_rows=sizes[number % 4])
        method = spec.method
        if isinstance(method, PrefixMethod):
            method = replace(method, init_text=name.strip() or "x")
        spec = replace(spec, method=method, data=replace(spec.data, split=split))
        runs.append(StudyRun(number, spec))
    renamed = replace(study, kind=kind, name="# a\n## b", runs=tuple(runs))
    odd = replace(
        collect(folder, renamed, Silent()), signatures=(("bleu", "bleu|\n\\input{/etc/passwd}"),)
    )
    assert set(draw(renamed, odd)) == {"figure.png", "figure.svg"}
    codec.dump(markdown(renamed, odd))
    assert "\n\\input" not in latex(renamed, odd)
    # Results that are older than the study's file: what it has no longer is left out.
    draw(renamed, results)
    markdown(renamed, results)


def test_a_huge_journal_is_read_in_little_memory(copy: Path) -> None:
    folder, study = opened(copy)
    run_folder = RunFolder(folder.run_path(study.runs[0]))
    lines = run_folder.events.read_bytes().splitlines(keepends=True)
    noise = b"x" * 999 + b"\n"
    with open(run_folder.events, "wb") as stream:
        stream.write(lines[0])
        for _ in range(20):
            stream.write(b"".join(lines[1:-1]) + noise * 100)
        stream.write(lines[-1])
    tracemalloc.start()
    try:
        results = collected(copy)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()
    assert results.damaged() == ()


def test_a_line_of_outputs_without_end_is_a_sentence_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with open(path, "w") as stream:
        stream.write('{"output": "')
        for _ in range(150):
            stream.write("x" * 2**20)
    tracemalloc.start()
    try:
        with refused("wrong-line-of-outputs", line=1) as caught:
            read_outputs(path)
        assert f"{MAX_LINE_CHARACTERS:,}" in caught.value.message
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_names_that_stand_twice_in_a_line_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"output": "a", "references": [], "output": "b"}\n')
    with refused("wrong-line-of-outputs", line=1) as caught:
        read_outputs(path)
    assert "'output'" in str(caught.value.values["reason"])


def test_row_scores_do_not_change_what_the_outputs_are(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    rows = (OutputRow("1", "a", "b", ("c",)),)
    meta = write_outputs(path, rows, OutputsMeta("s", "", "test", "", "greedy"))
    assert not RowsDigest([replace(rows[0], row_scores=(("bleu", 1.0),))]).is_another(meta)
    for other in (
        replace(rows[0], output="b "),
        replace(rows[0], references=("c", "")),
        replace(rows[0], category="x"),
        replace(rows[0], example_id="2"),
        replace(rows[0], prefix="p"),
    ):
        assert RowsDigest([other]).is_another(meta)
    assert not RowsDigest(rows).is_another(OutputsMeta("s", "", "test", "", "greedy"))
