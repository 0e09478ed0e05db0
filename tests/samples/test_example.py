"""The example project that the program ships is whole, fits the sample, and names no machine."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path

from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.events import RunFinished, RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.studies.study import StudyFolder, study_ids
from engine.data.importing import import_file
from engine.exchange import native
from engine.reporter import Silent
from engine.studies.handlers import collect_study

ROOT = Path(__file__).parents[2]
EXAMPLE = ProjectFolder(ROOT / "projects" / "examples" / "trails")
SAMPLE = ROOT / "resources" / "samples" / "trails.csv"


def runs() -> list[RunFolder]:
    return [RunFolder(path) for path in EXAMPLE.run_paths()]


def test_the_example_holds_the_sample_as_it_is_now(tmp_path: Path) -> None:
    entry = EXAMPLE.read().datasets[0]
    command = ImportFile(str(SAMPLE), ReadOptions(), str(tmp_path / "now.sqlite"))
    with closing(DatasetStore(EXAMPLE.dataset_store(entry.dataset_id))) as shipped:
        assert shipped.meta.fingerprint == import_file(command, Silent()).fingerprint
    assert (ROOT / entry.source_path).samefile(SAMPLE)


def test_all_runs_are_finished_and_scored() -> None:
    methods = {type(folder.read_spec().method) for folder in runs()}
    assert methods == {PrefixMethod, FinetuneMethod}
    for folder in runs():
        spec = folder.read_spec()
        assert folder.read_status().state is RunState.FINISHED
        entries = JournalReader(folder.events, spec.run_id).read_new(10**6)
        assert isinstance(entries[-1].event, RunFinished)
        meta = read_meta(folder.outputs / "test.jsonl")
        assert meta is not None
        assert [score.metric for score in meta.scores] == ["bleu", "chrf", "rougeL"]
        assert len(read_outputs(folder.outputs / "test.jsonl")) >= 20


def test_its_prefixes_are_whole() -> None:
    trained = [f for f in runs() if isinstance(f.read_spec().method, PrefixMethod)]
    assert trained
    for folder in trained:
        key_values, card = native.read(folder.prefix)
        assert len(key_values) == card.as_prefix()[1].layers
        assert card.run_id == folder.read_spec().run_id


def test_its_study_is_finished_and_can_be_drawn(tmp_path: Path) -> None:
    copy = ProjectFolder(tmp_path / "trails")
    shutil.copytree(EXAMPLE.path, copy.path)
    (name,) = study_ids(copy)
    study = StudyFolder(copy, name).read()
    assert {run.spec.run_id for run in study.runs} <= {path.name for path in EXAMPLE.run_paths()}
    results = collect_study(CollectStudy(str(copy.path), name), Silent())
    lengths = {factor.value for item in results.summaries for factor in item.key.point}
    assert lengths == {1, 4, 8}
    assert results.absent() == ()


def test_no_weights_of_a_backbone_and_no_path_of_a_machine_are_in_it() -> None:
    files = [path for path in EXAMPLE.path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".jsonl", ".sqlite", ".safetensors", ".md"}
    assert sum(path.stat().st_size for path in files) < 1_500_000
    assert not any("model" in path.parts for path in files)
    for path in files:
        assert path.stat().st_size < 400_000
        if path.suffix not in (".sqlite", ".safetensors"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\"(/|[A-Z]:\\\\)", text), path
