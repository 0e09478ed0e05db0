"""What the user can mend is one sentence on standard error and exit code 2."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.paths import CACHE_VARIABLE
from engine.cli.main import call
from engine.contract.errors import UserError
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.lock import FolderLock
from tests.engine.cli.conftest import COLUMNS, CommandLine
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import PATIENCE_S, ROOT, Workshop, write_table

LIGHT = ("torch", "transformers", "PySide6")


@pytest.fixture(scope="session")
def places(cli: CommandLine, workshop: Workshop) -> dict[str, str]:
    """Files and folders to be refused, by the names that the cases below use."""
    place = cli.place / "refused"
    place.mkdir()
    (place / "empty.csv").touch()
    (place / "empty.jsonl").touch()
    (place / "bad.jsonl").write_text('{"input": "a", "output": ["a"], "references": []}\n')
    (place / "bare.jsonl").write_text('{"input": "a", "output": "b", "references": []}\n')
    (place / "good.jsonl").write_text('{"input": "a", "output": "b", "references": ["b c"]}\n')
    write_table(place / "header.csv", [("name", "text")])
    write_table(place / "odd.csv", [("id", "url"), ("x7", "http://a"), ("x8", "http://b")])
    (place / "folder").mkdir()
    workshop.run(place / "run", workshop.spec("mlp"))
    (place / "damaged").mkdir()
    (place / "damaged" / "run.json").write_text("{")
    names = (
        "empty.csv",
        "empty.jsonl",
        "bad.jsonl",
        "bare.jsonl",
        "good.jsonl",
        "header.csv",
        "odd.csv",
    )
    found = {name: str(place / name) for name in (*names, "folder", "run", "damaged")}
    backbone = str(workshop.backbone("llama"))
    return {**found, "table": str(workshop.csv), "backbone": backbone, "gone": str(place / "gone")}


TABLE = ("train", "--data", "{table}", "--backbone", "{backbone}", "--out", "refused/out")
TRAIN = (*TABLE, *COLUMNS)
Case = tuple[tuple[str, ...], str | None, dict[str, str]]
CASES: dict[str, Case] = {
    "no verb of ours": (("dance",), "unknown-verb", {"word": "dance"}),
    "a forgotten option": (
        ("train", "--data", "{table}", "--source", "name", "--target", "text"),
        *("bad-arguments", {"command": "python main.py train"}),
    ),
    "no input column": ((*TABLE, "--target", "text"), "input-not-named", {}),
    "a wrong column": (
        (*TABLE, "--source", "nome", "--target", "text"),
        *("no-such-column", {"name": "nome", "known": "'name', 'food', 'area', 'text'"}),
    ),
    "an input without a target": ((*TABLE, "--source", "name"), "target-not-named", {}),
    "columns that say nothing": (
        ("train", "--data", "{odd.csv}", "--out", "refused/out"),
        *("columns-unclear", {"columns": "'id', 'url'"}),
    ),
    "a wrong split column": (
        (*TABLE, "--split-column", "part"),
        *("no-such-column", {"name": "part", "known": "'name', 'food', 'area', 'text'"}),
    ),
    "a dataset of the hub without a connection": (
        ("train", "--data", "hub:EdinburghNLP/xsum", "--out", "refused/out"),
        *("hub-unreachable", {"name": "EdinburghNLP/xsum"}),
    ),
    "a folder without data": (
        ("train", "--data", "{folder}", "--out", "refused/out"),
        *("folder-without-data", {"path": "{folder}"}),
    ),
    "a column twice": (
        (*TABLE, "--source", "text", "--target", "text"),
        *("column-named-twice", {"column": "text"}),
    ),
    "no whole number": (
        (*TRAIN, "--prefix-length", "ten"),
        *(None, {"option": "--prefix-length", "value": "ten"}),
    ),
    "a number out of range": (
        (*TRAIN, "--prefix-length", "513"),
        *(None, {"value": "513", "limit": "512"}),
    ),
    "none where there must be a number": (
        (*TRAIN, "--epochs", "none"),
        *(None, {"option": "--epochs", "value": "none"}),
    ),
    "a negative number": ((*TRAIN, "--learning-rate", "-0.001"), None, {"value": "-0.001"}),
    "a word that is none of those": (
        (*TRAIN, "--strategy", "best"),
        *(None, {"option": "--strategy", "value": "best", "last": "sampling"}),
    ),
    "an option of the other method": (
        (*TRAIN, "--method", "finetune", "--prefix-length", "5"),
        *("option-of-another-method", {"option": "--prefix-length", "method": "finetune"}),
    ),
    "and the other way round": (
        (*TRAIN, "--no-backbone-dropout"),
        *("option-of-another-method", {"option": "--no-backbone-dropout", "method": "prefix"}),
    ),
    "unseen categories without their column": (
        (*TRAIN, "--unseen", "soup"),
        *("unseen-without-category-column", {}),
    ),
    "an unknown backbone": (
        ("train", "--data", "{table}", *COLUMNS, "--backbone", "gpt-9", "--out", "refused/out"),
        *("no-such-backbone", {"name": "gpt-9"}),
    ),
    "a missing file": (
        ("train", "--data", "{gone}.csv", *COLUMNS, "--out", "refused/out"),
        *(None, {"file": "gone.csv"}),
    ),
    "an empty file": (
        ("train", "--data", "{empty.csv}", *COLUMNS, "--out", "refused/out"),
        *(None, {"file": "empty.csv"}),
    ),
    "a header alone": (
        (
            *("train", "--data", "{header.csv}", "--source", "name", "--target", "text"),
            *("--backbone", "{backbone}", "--out", "refused/out"),
        ),
        *("names-but-no-rows", {"file": "header.csv"}),
    ),
    "a folder that holds a run": (
        (*TRAIN[:-8], *COLUMNS, "--out", "{run}"),
        *("run-exists", {"folder": "{run}"}),
    ),
    "a place that cannot be": (
        (*TRAIN, "--out", "{table}/run"),
        *(None, {"path": "{table}/run", "reason": "Not a directory"}),
    ),
    "a try into a file": (("try", "--out", "{table}"), None, {"path": "{table}"}),
    "no run": (("resume", "{folder}"), None, {"folder": "{folder}", "file": "run.json"}),
    "nothing there": (("resume", "{gone}"), None, {"folder": "{gone}"}),
    "a damaged run": (("resume", "{damaged}"), None, {"path": "{damaged}/run.json"}),
    "a finished run": (("resume", "trained"), "run-finished", {"folder": "trained"}),
    "no inputs file": (
        ("decode", "trained", "--data", "{gone}.csv", "--out", "refused/out.jsonl"),
        *("inputs-missing", {"path": "{gone}.csv"}),
    ),
    "a limit of nothing": (
        ("decode", "trained", "--data", "{table}", "--out", "refused/o.jsonl", "--limit", "0"),
        *("limit-too-small", {"limit": "0"}),
    ),
    "empty outputs": (("score", "{empty.jsonl}"), None, {"path": "{empty.jsonl}"}),
    "outputs that are none": (("score", "{bad.jsonl}"), None, {"path": "{bad.jsonl}", "line": "1"}),
    "outputs without references": (("score", "{bare.jsonl}"), None, {"rows": "1"}),
    "no outputs file": (("score", "{gone}.jsonl"), None, {"path": "{gone}.jsonl"}),
    "an unknown metric": (
        ("score", "{good.jsonl}", "--metrics", "bleu,charm"),
        None,
        {"name": "charm"},
    ),
    "no metric": (("score", "{good.jsonl}", "--metrics", ""), None, {"example": "bleu"}),
    "an unknown format": (
        ("export", "trained", "--format", "onnx", "--out", "x"),
        *("bad-arguments", {"command": "python main.py export"}),
    ),
    "a run without a prefix": (
        ("export", "{run}", "--out", "refused/prefix"),
        *("no-prefix-yet", {"run": "{run}"}),
    ),
    "no project": (
        ("import", "trained/prefix", "--project", "trained"),
        *("no-project", {"path": "trained", "file": "project.json"}),
    ),
    "a backbone that nobody knows": (("backbones", "fetch", "gpt-9"), None, {"name": "gpt-9"}),
}
"""Words, the error's code, and its values; without a code, only that the values are named."""


@pytest.mark.parametrize("case", CASES)
def test_a_users_mistake_says_what_it_was(
    cli: CommandLine,
    trained: RunFolder,
    places: dict[str, str],
    case: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(cli.place)
    monkeypatch.setenv(CACHE_VARIABLE, cli.environment[CACHE_VARIABLE])
    words, code, values = CASES[case]
    with pytest.raises(UserError) as caught:
        call([_filled(word, places) for word in words])
    error = caught.value
    expected = {name: _filled(value, places) for name, value in values.items()}
    if code is None:
        assert all(value in error.message for value in expected.values()), error.message
    else:
        assert error.code == code
        assert {name: str(error.values[name]) for name in expected} == expected
    assert not (cli.place / "refused" / "out" / "run.json").exists()


@pytest.mark.parametrize("case", ["no verb of ours", "an unknown metric", "no run"])
def test_a_users_mistake_is_one_line(cli: CommandLine, places: dict[str, str], case: str) -> None:
    words, _, values = CASES[case]
    said = cli.refused(*(_filled(word, places) for word in words))
    assert all(_filled(value, places) in said for value in values.values())


def _filled(word: str, places: dict[str, str]) -> str:
    """The word with {names} replaced."""
    return re.sub(r"\{([^}]*)\}", lambda found: places[found[1]], word)


def test_a_run_in_use_is_refused(cli: CommandLine, workshop: Workshop) -> None:
    folder = workshop.run(cli.place / "in-use", workshop.spec("mlp"))
    with FolderLock(folder.path) as lock:
        assert lock.acquire()
        with refused("run-in-use", path=folder.path):
            call(["resume", str(folder.path)])


def test_out_of_memory_names_the_settings_that_need_less(
    cli: CommandLine, workshop: Workshop
) -> None:
    """One sentence; below it a line a remedy."""
    import resource

    spec = workshop.spec("mlp")
    wide = replace(spec, method=replace(spec.method, mid_dim=200_000_000))
    workshop.run(cli.place / "wide", wide)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))

    process = cli.start("resume", "wide", prepare=limit)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    sentence, *remedies = err.splitlines()
    assert sentence.startswith("error: Out of memory with batch size 4")
    assert remedies[0] == "  would need less: Fewer rows at once, as memory requires (same result)"
    assert remedies[1] == "  would need less: Batch size 2, accumulation 4 (same result)"
    assert all(line.startswith("  would need less: ") for line in remedies)


@pytest.mark.parametrize("verb", [(), ("train",), ("decode",), ("backbones", "fetch")])
def test_help_is_no_error(cli: CommandLine, verb: tuple[str, ...]) -> None:
    done = cli(*verb, "--help")
    assert done.stdout.startswith("usage: python main.py")
    assert done.stderr == ""


def test_a_reader_that_goes_away_is_no_traceback(cli: CommandLine) -> None:
    process = cli.start("backbones", "list")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process:
        assert process.stderr.read() == ""


def test_letters_that_the_terminal_lacks_end_nothing(
    cli: CommandLine, places: dict[str, str]
) -> None:
    path = cli.place / "refused" / "greek.csv"
    write_table(path, [("όνομα", "κείμενο"), ("a", "b")])
    said = cli.refused(
        *("train", "--data", path, "--source", "λ", "--target", "κείμενο"),
        *("--backbone", places["backbone"], "--out", "refused/out"),
        PYTHONIOENCODING="ascii",
    )
    assert "'?'" in said
    assert "'?????', '???????'" in said


def run_main(words: list[str]) -> Callable[[str], bool]:
    """Call `main.py` in a fresh process; tells whether a package was imported by then."""
    code = (
        "import runpy, sys\n"
        f"sys.argv = {['main.py', *words]!r}\n"
        "try:\n"
        f"    runpy.run_path({str(ROOT / 'main.py')!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "sys.stdout = sys.stderr\n"
        "print('IMPORTED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    imported = done.stderr.split("IMPORTED ", 1)[1].split()
    return lambda package: package in imported


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["backbones", "list"]])
def test_light_verbs_load_nothing_heavy(words: list[str]) -> None:
    imported = run_main(words)
    assert imported("argparse")
    assert not any(imported(package) for package in LIGHT)


def test_scoring_loads_nothing_heavy(places: dict[str, str]) -> None:
    imported = run_main(["score", places["good.jsonl"]])
    assert imported("sacrebleu")
    assert not any(imported(package) for package in LIGHT)


@pytest.mark.parametrize("verb", ["train", "study length"])
@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("bert", ("--target", "text", "--task", "text"), "backbone-does-not-write"),
        (
            "bert-bare",
            ("--target", "food", "--task", "label", "--readout", "words"),
            "template-without-head-for-blanks",
        ),
        (
            "llama",
            ("--target", "food", "--task", "label", "--readout", "words", "--template", "[blank]!"),
            "template-blank-not-last",
        ),
    ],
)
def test_a_backbone_that_cannot_do_the_task_is_refused_before_the_import(
    verb: str,
    kind: str,
    words: tuple[str, ...],
    code: str,
    workshop: Workshop,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = ["--out" if verb == "train" else "--project", str(tmp_path / "out")]
    place = ["--data", str(workshop.csv), "--backbone", str(workshop.backbone(kind)), *out]
    with refused(code):
        call([*verb.split(), *place, "--source", "name", *words])
    assert "60 rows" not in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.sqlite"))
