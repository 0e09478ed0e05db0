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
from tests.engine.cli.conftest import COLUMNS, CommandLine, Done
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
    """What is done with the command line, each story a row of processes, all begun at once."""

    def __init__(self, cli: CommandLine, words: tuple[str, ...], workshop: Workshop) -> None:
        self._cli, self._words, self._csv = cli, words, workshop.csv

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

    def stop_in_a_terminal_and_resume(self) -> tuple[str, int, RunState, str]:
        """What the terminal showed, exit code and state; what `resume` said."""
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
        state = RunFolder(self._cli.place / "stopped").read_status().state
        return shown, code, state, self._cli("resume", "stopped").stdout

    def fine_tune_and_decode(self) -> str:
        words = [*self._words]
        for flag in ("--prefix-length", "--mid-dim", "--prefix-dropout", "--init-text"):
            at = words.index(flag)
            del words[at : at + 2]
        done = self._cli(*words, "--method", "finetune", "--out", "twin")
        decoded = self._cli("decode", "twin", "--data", self._csv, "--out", "twin.jsonl")
        assert (done.stderr, decoded.stderr) == ("", "")
        return done.stdout

    def export_and_import(self, trained: Done) -> list[str]:
        """The line each said."""
        trained.result()
        said = [
            self._cli("export", "trained", "--format", form, "--out", f"exported/{form}")
            for form in ("native", "peft")
        ]
        ProjectFolder(self._cli.place / "project").write(Project(name="p"))
        said.append(self._cli("import", "exported/peft", "--project", "project"))
        assert [done.stderr for done in said] == [""] * 3
        return [done.stdout.rstrip("\n") for done in said]

    def decode(self, trained: Done) -> str:
        trained.result()
        return self._cli("decode", "trained", "--data", self._csv, "--out", "all.jsonl").stdout


@pytest.fixture(scope="session")
def stories(
    cli: CommandLine,
    train_words: tuple[str, ...],
    workshop: Workshop,
    trained_later: Done,
    pool: ThreadPoolExecutor,
) -> dict[str, Future[object]]:
    told = Stories(cli, train_words, workshop)
    jobs: dict[str, Job] = {
        "decode": lambda: told.decode(trained_later),
        "kill": told.kill_and_resume,
        "export": lambda: told.export_and_import(trained_later),
        "finetune": told.fine_tune_and_decode,
    }
    if sys.platform != "win32":
        jobs["stop"] = told.stop_in_a_terminal_and_resume
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


def test_score_reads_the_outputs_of_a_run(cli: CommandLine, trained: RunFolder) -> None:
    path = trained.outputs / "test.jsonl"
    before = path.read_bytes()
    plain = cli("score", path)
    found = json.loads(cli("score", path, "--json", "--metrics", "chrf,bleu").stdout)
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
    cli: CommandLine, trained: RunFolder, stories: dict[str, Future[object]]
) -> None:
    assert "30 inputs decoded in" in str(stories["decode"].result())
    rows = {row.example_id: row for row in read_outputs(cli.place / "all.jsonl")}
    assert len(rows) == 30
    tested = read_outputs(trained.outputs / "test.jsonl")
    assert len(tested) == 9
    for row in tested:
        assert rows[row.example_id] == row
    line = json.loads((cli.place / "all.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line["input"] == "name : Hut 0 | food : soup | area : north"
    assert line["references"] == ["Hut 0 in the north has soup.", "You get soup at Hut 0."]
    assert isinstance(line["output"], str)
    meta = read_meta(cli.place / "all.jsonl")
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
    cli: CommandLine, trained: RunFolder, stories: dict[str, Future[object]]
) -> None:
    shown, code, state, said = stories["stop"].result()  # type: ignore[misc]
    assert code == 130
    assert "\r\x1b[K" in shown
    assert "█" in shown
    assert "░" in shown
    assert "stopping after this step, and saving (Ctrl+C again: at once)" in shown
    assert "stopped; python main.py resume stopped continues from there" in shown
    assert "Traceback" not in shown
    assert state is RunState.CANCELLED
    assert "  resumed from step " in said
    folder = RunFolder(cli.place / "stopped")
    assert losses(folder) == losses(trained)
    assert results(folder) == results(trained)


def test_export_and_import(
    cli: CommandLine, trained: RunFolder, stories: dict[str, Future[object]]
) -> None:
    said = stories["export"].result()
    # The last lines: a busy machine may tell of its progress first.
    native, peft, imported = (text.splitlines()[-1] for text in said)  # type: ignore[attr-defined]
    assert native == "The prefix 'my prefix' is in exported/native."
    assert peft == "The prefix 'my prefix' is in exported/peft, for PEFT to load."
    assert imported.startswith("my prefix: prefix length 4 for tiny-llama, ")
    assert {file.name for file in (cli.place / "exported/native").iterdir()} == {
        *("prefix.safetensors", "prefix.json", "README.md")
    }
    (place,) = ProjectFolder(cli.place / "project").prefixes.iterdir()
    tensors = (place / "prefix.safetensors").read_bytes()
    assert tensors == (trained.prefix / "prefix.safetensors").read_bytes()


def test_an_imported_prefix_knows_its_fields(
    cli: CommandLine, stories: dict[str, Future[object]], workshop: Workshop
) -> None:
    stories["export"].result()
    (place,) = ProjectFolder(cli.place / "project").prefixes.iterdir()
    inputs = write_table(cli.place / "new.csv", NEW_TABLE)
    words: tuple[str | Path, ...] = ("decode", place, "--data", inputs, "--out", "new.jsonl")
    assert "name, food, area" in cli.refused(*words)
    done = cli(*words, "--match", "name=hut", "--match", "food=meal", "--match", "area=side")
    assert done.stderr == ""
    row = json.loads((cli.place / "new.jsonl").read_text(encoding="utf-8"))
    text = row.pop("text")
    assert row == {"hut": "Hut 3", "meal": "soup", "side": "south"}
    same = write_table(cli.place / "same.csv", [("Name", "FOOD", "area"), *NEW_TABLE[1:]])
    cli("decode", place, "--data", same, "--out", "same.jsonl")
    assert json.loads((cli.place / "same.jsonl").read_text(encoding="utf-8"))["text"] == text


def test_an_imported_prefix_writes_what_the_run_wrote(
    cli: CommandLine, trained: RunFolder, stories: dict[str, Future[object]], workshop: Workshop
) -> None:
    stories["export"].result()
    (place,) = ProjectFolder(cli.place / "project").prefixes.iterdir()
    cli(
        *("decode", place, "--data", workshop.csv, "--out", "imported.jsonl", *COLUMNS),
        *("--limit", "12"),
    )
    rows = {row.example_id: row for row in read_outputs(cli.place / "imported.jsonl")}
    assert len(rows) == 12
    shared = [row for row in read_outputs(trained.outputs / "test.jsonl") if row.example_id in rows]
    assert shared
    assert [rows[row.example_id] for row in shared] == shared


def test_fine_tuning_and_decoding_with_the_kept_model(
    cli: CommandLine, stories: dict[str, Future[object]]
) -> None:
    assert "full fine-tuning on" in str(stories["finetune"].result())
    folder = RunFolder(cli.place / "twin")
    assert str(Path("twin", "model")) in cli.refused("export", "twin", "--out", "nothing")
    own = read_outputs(folder.outputs / "test.jsonl")
    rows = {row.example_id: row.output for row in read_outputs(cli.place / "twin.jsonl")}
    assert [rows[row.example_id] for row in own] == [row.output for row in own]
