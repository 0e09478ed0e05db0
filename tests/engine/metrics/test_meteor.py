"""METEOR against its own program, and what is said where it cannot run."""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import Cancelled
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.metrics import meteor
from engine.metrics.meteor import Meteor, without_whole_chunks
from engine.metrics.metric import Unavailable
from engine.metrics.scoring import score_whole
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.metrics import corpus_value

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "meteor.json").read_text("utf-8"))
OUTPUTS = [row["output"] for row in GOLDEN["rows"]]
REFERENCES = [row["references"] for row in GOLDEN["rows"]]

with_program = pytest.mark.skipif(
    shutil.which("java") is None or find_spec("pycocoevalcap") is None,
    reason="METEOR's program needs Java and pycocoevalcap: pip install -e '.[meteor]'",
)


def test_score_is_the_programs_from_its_statistics() -> None:
    counted = without_whole_chunks(np.array(GOLDEN["statistics"]))
    rows = 100 * np.array(GOLDEN["row_scores"])
    assert Meteor().rows(counted) == pytest.approx(rows, abs=1e-9)
    corpus = Meteor().from_sums(counted.sum(axis=0))
    assert corpus == pytest.approx(100 * GOLDEN["corpus_score"], abs=1e-9)


@with_program
def test_statistics_are_the_programs() -> None:
    counted = Meteor().statistics(OUTPUTS, REFERENCES, reporter=Silent())
    assert np.array_equal(counted, without_whole_chunks(np.array(GOLDEN["statistics"])))
    assert "|meteor:1.5|coco:1." in Meteor().signature()


@with_program
def test_meteor_equals_the_official_e2e_script(shared_data: Path) -> None:
    # What the official e2e-metrics script printed for this example: shared/data/README.md.
    folder = shared_data / "e2e_metrics_example"
    hypotheses = (folder / "baseline-output.txt").read_text("utf-8").splitlines()
    groups = (folder / "devel-conc.txt").read_text("utf-8").strip().split("\n\n")
    value = corpus_value(Meteor(), hypotheses, [group.split("\n") for group in groups])
    assert round(value / 100, 4) == 0.4801


@pytest.fixture
def empty_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package with an empty jar, and a folder that alone is searched for programs."""
    jar = tmp_path / "site" / "pycocoevalcap" / "meteor" / "meteor-1.5.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    monkeypatch.syspath_prepend(tmp_path / "site")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def write_java(folder: Path, script: str) -> None:
    (folder / "java").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    os.chmod(folder / "java", 0o755)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meteor, "find_spec", lambda _name: None)
    with refused("meteor-without-package", Unavailable):
        corpus_value(Meteor(), ["a"], [["a"]])


@pytest.mark.usefixtures("empty_program")
def test_without_java_it_says_what_to_install() -> None:
    with refused("meteor-without-java", Unavailable):
        corpus_value(Meteor(), ["a"], [["a"]])


@pytest.mark.skipif(os.name == "nt", reason="stands in for Java with a shell script")
def test_a_program_that_ends_early_is_told_with_its_words(empty_program: Path) -> None:
    write_java(empty_program, "echo 'no room for 2 GB' >&2; exit 1")
    with refused("meteor-ended-early", Unavailable, said="no room for 2 GB"):
        corpus_value(Meteor(), ["a"], [["a"]])


@pytest.mark.skipif(os.name == "nt", reason="stands in for Java with a shell script")
def test_a_program_that_ends_before_it_is_asked_is_told_too(
    empty_program: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    os.mkfifo(gone)
    write_java(empty_program, f"exec 0<&-; echo 'no room for 2 GB' >&2; echo >'{gone}'")

    class UntilItsInputIsClosed:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            gone.read_text(encoding="utf-8")

    with refused("meteor-ended-early", Unavailable, said="no room for 2 GB"):
        Meteor().statistics(["a"], [["a"]], reporter=UntilItsInputIsClosed())


@pytest.mark.skipif(os.name == "nt", reason="stands in for Java with a shell script")
def test_cancelling_ends_the_program(empty_program: Path) -> None:
    # It would wait for ever, and with it the test, were it not killed.
    write_java(empty_program, "while :; do read -r line; done")

    class Stop:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        Meteor().statistics(["a"], [["a"]], reporter=Stop())


def test_other_scores_come_out_beside_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meteor, "find_spec", lambda _name: None)
    rows = [OutputRow("1", "", "a lake", ("a lake",)), OutputRow("2", "", "hill", ("a hill",))]
    found = score_whole(rows, ["meteor", "bleu"], decoding="")[0]
    assert isinstance(found[0], Absent)
    assert "pycocoevalcap" in found[0].reason
    assert isinstance(found[1], Score)
