"""The example project that the program ships is whole, fits the sample, and names no machine."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from engine.contract.commands import ImportFile
from engine.contract.dataset_store import DatasetStore
from engine.contract.events import RunFinished, RunState
from engine.contract.journal import JournalReader
from engine.contract.method_spec import FinetuneMethod, PrefixMethod
from engine.contract.outputs import read_meta, read_outputs
from engine.contract.project import ProjectFolder
from engine.contract.reading import ReadOptions
from engine.contract.run_folder import RunFolder
from engine.data.importing import import_file
from engine.reporter import Silent

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


def test_both_runs_are_finished_and_scored() -> None:
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


def test_no_weights_and_no_path_of_a_machine_are_in_it() -> None:
    files = [path for path in EXAMPLE.path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".jsonl", ".sqlite"}
    for path in files:
        assert path.stat().st_size < 300_000
        if path.suffix != ".sqlite":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\"(/|[A-Z]:\\\\)", text), path
