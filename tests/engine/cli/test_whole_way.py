"""The command line from a CSV to a prefix file and back, whatever comes between."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.runs.events import CheckpointSaved, RunStarted, RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.data import Role
from tests.engine.cli.conftest import COLUMNS, CommandLine, CommandLineHere, Done
from tests.helpers.tiny_runs import (
    Watcher,
    Workshop,
    events,
    kill,
    losses,
    results,
    wait_until,
    write_table,
)

NEW_TABLE = [("hut", "meal", "side"), ("Hut 3", "soup", "south")]
Job = Callable[[], object]


class Stories:
    """What only processes can do, each story in one of them, all begun at once."""

    def __init__(self, cli: CommandLine, words: tuple[str, ...]) -> None:
        self._cli, self._words = cli, words

    def kill_and_resume(self) -> tuple[RunState, str]:
        """State after SIGKILL; what `resume` said."""
        folder = RunFolder(self._cli.place / "killed")
        process = self._cli.start(*self._words, "--out", "killed")
        wait_until(process, folder.events.exists, what="the journal")
        watcher = Watcher(folder)
        wait_until(process, lambda: watcher.told(CheckpointSaved), what="a checkpoint")
        kill(process)
        state = folder.read_status().state
        return state, self._cli("resume", "killed").stdout

    def stop_in_a_terminal(self) -> tuple[str, int, RunState]:
        """What the terminal showed, exit code and state."""
        from tests.helpers.terminal import Terminal

        with Terminal() as terminal:
            process = self._cli.start(
                *(*self._words, "--out", "stopped"),
                stdin=terminal.inside,
                stdout=terminal.inside,
                stderr=terminal.inside,
                prepare=terminal.take_control,
            )
            terminal.read_until("step    10  validation loss", process)
            terminal.press_ctrl_c()
            code = process.wait(60)
            shown = terminal.read_all()
        return shown, code, RunFolder(self._cli.place / "stopped").read_status().state


@pytest.fixture(scope="session")
def stories(
    cli: CommandLine, train_words: tuple[str, ...], trained_later: Done, pool: ThreadPoolExecutor
) -> dict[str, Future[object]]:
    told = Stories(cli, train_words)
    jobs: dict[str, Job] = {"kill": told.kill_and_resume}
    if sys.platform != "win32":
        jobs["stop"] = told.stop_in_a_terminal
    return {name: pool.submit(job) for name, job in jobs.items()}


def test_training_says_what_it_does_in_plain_lines(
    stories: dict[str, Future[object]], trained: RunFolder, trained_later: Done
) -> None:
    done = trained_later.result()
    assert trained.read_status().state is RunState.FINISHED
    assert trained.read_meta().name == "my prefix"
    assert done.stderr == ""
    assert "\r" not in done.stdout
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "huts.csv: 60 rows"
    assert lines[1].startswith("my prefix on ")
    assert lines[1].endswith("name (field), food (field), area (field) → text")
    assert "trainable parameters" in done.stdout
    assert "  step    10  validation loss" in done.stdout
    assert [line.split()[0] for line in lines[-4:]] == ["bleu", "chrf", "rougeL", "finished"]
    assert "sacrebleu:" in lines[-4]


def test_the_run_is_what_the_words_say(trained: RunFolder, workshop: Workshop) -> None:
    spec = trained.read_spec()
    assert spec.backbone == str(workshop.backbone("llama"))
    assert spec.data.mapping.named(Role.FIELD) == ("name", "food", "area")
    assert spec.data.mapping.column_of(Role.TARGET) == "text"
    assert spec.training.max_steps == 40
    assert spec.training.learning_rate == 0.01
    assert spec.data.dataset == "dataset.sqlite"


def test_score_reads_the_outputs_of_a_run(here: CommandLineHere, trained: RunFolder) -> None:
    path = trained.outputs / "test.jsonl"
    before = path.read_bytes()
    plain = here("score", path)
    found = json.loads(here("score", path, "--json", "--metrics", "chrf,bleu").stdout)
    assert list(found) == ["chrf", "bleu"]
    meta = read_meta(path)
    assert meta is not None
    for score in meta.scores:
        assert f"{score.metric:10s} {score.value:6.2f}" in plain.stdout
        assert score.signature in plain.stdout
        if score.metric in found:
            assert found[score.metric]["value"] == score.value
            assert found[score.metric]["signature"] == score.signature
    assert path.read_bytes() == before


def test_decode_of_the_runs_own_test_inputs_gives_its_outputs(
    here: CommandLineHere, trained: RunFolder, workshop: Workshop
) -> None:
    done = here("decode", "trained", "--data", workshop.csv, "--out", "all.jsonl")
    assert "30 inputs decoded in" in done.stdout
    rows = {row.example_id: row for row in read_outputs(here.place / "all.jsonl")}
    assert len(rows) == 30
    tested = read_outputs(trained.outputs / "test.jsonl")
    assert len(tested) == 9
    for row in tested:
        assert rows[row.example_id] == row
    line = json.loads((here.place / "all.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line["input"] == "name : Hut 0 | food : soup | area : north"
    assert line["references"] == ["Hut 0 in the north has soup.", "You get soup at Hut 0."]
    assert isinstance(line["output"], str)
    meta = read_meta(here.place / "all.jsonl")
    assert meta is not None
    assert meta.system == "prefix 4, MLP 16"


def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    cli: CommandLine, trained: RunFolder, stories: dict[str, Future[object]]
) -> None:
    state, said = stories["kill"].result()  # type: ignore[misc]
    folder = RunFolder(cli.place / "killed")
    assert state is RunState.INTERRUPTED
    _, again = events(folder, RunStarted)
    assert isinstance(again, RunStarted)
    assert again.resumed_from_step is not None
    assert f"  resumed from step {again.resumed_from_step}" in said
    assert losses(folder) == losses(trained)
    assert results(folder) == results(trained)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals on Windows")
def test_a_terminal_shows_a_bar_and_ctrl_c_stops_and_saves(
    here: CommandLineHere, trained: RunFolder, stories: dict[str, Future[object]]
) -> None:
    shown, code, state = stories["stop"].result()  # type: ignore[misc]
    assert code == 130
    assert "\r\x1b[K" in shown
    assert "█" in shown
    assert "░" in shown
    assert "stopping after this step, and saving (Ctrl+C again: at once)" in shown
    assert "stopped; python main.py resume stopped continues from there" in shown
    assert "Traceback" not in shown
    assert state is RunState.CANCELLED
    assert "  resumed from step " in here("resume", "stopped").stdout
    folder = RunFolder(here.place / "stopped")
    assert losses(folder) == losses(trained)
    assert results(folder) == results(trained)


@pytest.fixture(scope="module")
def imported(cli: CommandLine, trained: RunFolder) -> Path:
    """The run's prefix, exported for PEFT and imported into a project."""
    here = CommandLineHere(cli.place, cli.environment)
    # The last lines: a busy machine may tell of its progress first.
    native, peft = (
        here("export", "trained", "--format", form, "--out", f"exported/{form}").stdout.splitlines()
        for form in ("native", "peft")
    )
    assert native[-1] == "The prefix 'my prefix' is in exported/native."
    assert peft[-1] == "The prefix 'my prefix' is in exported/peft, for PEFT to load."
    project = ProjectFolder(here.place / "project")
    project.write(Project(name="p"))
    said = here("import", "exported/peft", "--project", "project").stdout.splitlines()[-1]
    assert said.startswith("my prefix: prefix length 4 for tiny-llama, ")
    (place,) = project.prefixes.iterdir()
    return place


def test_export_and_import(cli: CommandLine, trained: RunFolder, imported: Path) -> None:
    assert {file.name for file in (cli.place / "exported/native").iterdir()} == {
        *("prefix.safetensors", "prefix.json", "README.md")
    }
    tensors = (imported / "prefix.safetensors").read_bytes()
    assert tensors == (trained.prefix / "prefix.safetensors").read_bytes()


def test_an_imported_prefix_knows_its_fields(here: CommandLineHere, imported: Path) -> None:
    inputs = write_table(here.place / "new.csv", NEW_TABLE)
    words: tuple[str | Path, ...] = ("decode", imported, "--data", inputs, "--out", "new.jsonl")
    assert "name, food, area" in here(*words, code=2).stderr
    here(*words, "--match", "name=hut", "--match", "food=meal", "--match", "area=side")
    row = json.loads((here.place / "new.jsonl").read_text(encoding="utf-8"))
    text = row.pop("text")
    assert row == {"hut": "Hut 3", "meal": "soup", "side": "south"}
    same = write_table(here.place / "same.csv", [("Name", "FOOD", "area"), *NEW_TABLE[1:]])
    here("decode", imported, "--data", same, "--out", "same.jsonl")
    assert json.loads((here.place / "same.jsonl").read_text(encoding="utf-8"))["text"] == text


def test_an_imported_prefix_writes_what_the_run_wrote(
    here: CommandLineHere, trained: RunFolder, imported: Path, workshop: Workshop
) -> None:
    here(
        *("decode", imported, "--data", workshop.csv, "--out", "imported.jsonl", *COLUMNS),
        *("--limit", "12"),
    )
    rows = {row.example_id: row for row in read_outputs(here.place / "imported.jsonl")}
    assert len(rows) == 12
    shared = [row for row in read_outputs(trained.outputs / "test.jsonl") if row.example_id in rows]
    assert shared
    assert [rows[row.example_id] for row in shared] == shared


def test_fine_tuning_and_decoding_with_the_saved_model(
    here: CommandLineHere, train_words: tuple[str, ...], workshop: Workshop
) -> None:
    words = [*train_words]
    for flag in ("--prefix-length", "--mid-dim", "--prefix-dropout", "--init-text"):
        at = words.index(flag)
        del words[at : at + 2]
    assert "full fine-tuning on" in here(*words, "--method", "finetune", "--out", "twin").stdout
    here("decode", "twin", "--data", workshop.csv, "--out", "twin.jsonl")
    refused = here("export", "twin", "--out", "nothing", code=2).stderr
    assert str(Path("twin", "model")) in refused
    own = read_outputs(RunFolder(here.place / "twin").outputs / "test.jsonl")
    rows = {row.example_id: row.output for row in read_outputs(here.place / "twin.jsonl")}
    assert [rows[row.example_id] for row in own] == [row.output for row in own]
