"""What the user can mend is one sentence on standard error and exit code 2."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.contract.lock import FolderLock
from engine.contract.run_folder import RunFolder
from tests.engine.cli.conftest import COLUMNS, CommandLine
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
CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "no verb of ours": (
        ("dance",),
        r"'dance' is neither a file or folder nor a verb\. The verbs are try, train, .*",
    ),
    "a forgotten option": (
        ("train", "--data", "{table}", "--source", "name", "--target", "text"),
        r"The following arguments are required: --out\. python main\.py train --help lists .*",
    ),
    "no input column": (
        (*TABLE, "--target", "text"),
        r"No input column is named: give at least one with --source COL\.",
    ),
    "a wrong column": (
        (*TABLE, "--source", "nome", "--target", "text"),
        r"There is no column 'nome': the columns are 'name', 'food', 'area', 'text'\.",
    ),
    "an input without a target": (
        (*TABLE, "--source", "name"),
        r"No target column is named: give it with --target COL\.",
    ),
    "columns that say nothing": (
        ("train", "--data", "{odd.csv}", "--out", "refused/out"),
        r"Which columns are input and target is not clear \(there are 'id', 'url'\): name them "
        r"with --source COL and --target COL\.",
    ),
    "a wrong split column": (
        (*TABLE, "--split-column", "part"),
        r"There is no column 'part': the columns are 'name', 'food', 'area', 'text'\.",
    ),
    "a data set of the hub without a connection": (
        ("train", "--data", "hub:EdinburghNLP/xsum", "--out", "refused/out"),
        r"The data set 'EdinburghNLP/xsum' cannot be downloaded without .*",
    ),
    "a folder without data": (
        ("train", "--data", "{folder}", "--out", "refused/out"),
        r"The folder .*folder has no files that are read together .*",
    ),
    "a column twice": (
        (*TABLE, "--source", "text", "--target", "text"),
        r"The column 'text' is named twice: give each column one role\.",
    ),
    "no whole number": (
        (*TRAIN, "--prefix-length", "ten"),
        r"--prefix-length is 'ten': it must be a whole number\.",
    ),
    "a number out of range": (
        (*TRAIN, "--prefix-length", "513"),
        r"The prefix length is 513: it must be from 1 to 512 tokens\.",
    ),
    "none where there must be a number": (
        (*TRAIN, "--epochs", "none"),
        r"--epochs is 'none': it must be a number\.",
    ),
    "a negative number": (
        (*TRAIN, "--learning-rate", "-0.001"),
        r"learning_rate is -0\.001: it must be above 0\.",
    ),
    "a word that is none of those": (
        (*TRAIN, "--strategy", "best"),
        r"--strategy is 'best': it must be one of greedy, beam, sampling\.",
    ),
    "an option of the other method": (
        (*TRAIN, "--method", "finetune", "--prefix-length", "5"),
        r"--prefix-length does not belong to --method finetune: leave it out\.",
    ),
    "and the other way round": (
        (*TRAIN, "--no-backbone-dropout"),
        r"--no-backbone-dropout does not belong to --method prefix: leave it out\.",
    ),
    "unseen categories without their column": (
        (*TRAIN, "--unseen", "soup"),
        r"--unseen needs --category-column COL, which names the categories\.",
    ),
    "an unknown backbone": (
        ("train", "--data", "{table}", *COLUMNS, "--backbone", "gpt-9", "--out", "refused/out"),
        r"There is no backbone 'gpt-9', neither as a folder nor in the catalog: .*",
    ),
    "a missing file": (
        ("train", "--data", "{gone}.csv", *COLUMNS, "--out", "refused/out"),
        r".*gone\.csv.*",
    ),
    "an empty file": (
        ("train", "--data", "{empty.csv}", *COLUMNS, "--out", "refused/out"),
        r".*empty\.csv.*empty.*",
    ),
    "a header alone": (
        (
            *("train", "--data", "{header.csv}", "--source", "name", "--target", "text"),
            *("--backbone", "{backbone}", "--out", "refused/out"),
        ),
        r".*no rows.*",
    ),
    "a folder that holds a run": (
        (*TRAIN[:-8], *COLUMNS, "--out", "{run}"),
        r".*run holds a run already: choose another --out, or python main\.py resume .*run\.",
    ),
    "a place that cannot be": (
        (*TRAIN, "--out", "{table}/run"),
        r".*huts\.csv/run cannot be written to \(Not a directory\): choose another folder .*",
    ),
    "no run": (("resume", "{folder}"), r".*folder is not a run folder \(run\.json is missing\).*"),
    "nothing there": (("resume", "{gone}"), r".*gone is not a run folder .*"),
    "a damaged run": (("resume", "{damaged}"), r".*run\.json is damaged: .*"),
    "a finished run": (
        ("resume", "trained"),
        r"The run in trained is finished: there is nothing to resume\.",
    ),
    "no inputs file": (
        ("decode", "trained", "--data", "{gone}.csv", "--out", "refused/out.jsonl"),
        r".*gone\.csv does not exist: give --data a file with the inputs\.",
    ),
    "a limit of nothing": (
        ("decode", "trained", "--data", "{table}", "--out", "refused/o.jsonl", "--limit", "0"),
        r"--limit is 0: it must be 1 or more\.",
    ),
    "empty outputs": (("score", "{empty.jsonl}"), r".*empty\.jsonl holds no outputs: .*"),
    "outputs that are none": (("score", "{bad.jsonl}"), r".*bad\.jsonl, line 1: .*"),
    "outputs without references": (
        ("score", "{bare.jsonl}"),
        r"None of the 1 outputs has a reference: .*",
    ),
    "no outputs file": (("score", "{gone}.jsonl"), r".*gone\.jsonl.*"),
    "an unknown metric": (("score", "{good.jsonl}", "--metrics", "bleu,charm"), r".*'charm'.*"),
    "no metric": (("score", "{good.jsonl}", "--metrics", ""), r"No metric was named: .*"),
    "an unknown format": (
        ("export", "trained", "--format", "onnx", "--out", "x"),
        r"Argument --format: invalid choice: 'onnx' .*",
    ),
    "a run without a prefix": (
        ("export", "{run}", "--out", "refused/prefix"),
        r"The run in .*run has no prefix yet: let it finish, or resume it with .*",
    ),
    "no project": (
        ("import", "trained/prefix", "--project", "{folder}"),
        r".*folder is not a project \(project\.json is missing\): .*",
    ),
    "a backbone that nobody knows": (("backbones", "fetch", "gpt-9"), r".*gpt-9.*"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_users_mistake_is_one_sentence(
    cli: CommandLine, trained: RunFolder, places: dict[str, str], case: str
) -> None:
    words, sentence = CASES[case]
    said = cli.refused(*(_filled(word, places) for word in words))
    assert re.fullmatch(sentence, said), said
    assert not (cli.place / "refused" / "out" / "run.json").exists()


def _filled(word: str, places: dict[str, str]) -> str:
    """The word with {names} replaced."""
    return re.sub(r"\{([^}]*)\}", lambda found: places[found[1]], word)


def test_a_run_in_use_is_refused(cli: CommandLine, workshop: Workshop) -> None:
    folder = workshop.run(cli.place / "in-use", workshop.spec("mlp"))
    with FolderLock(folder.path) as lock:
        assert lock.acquire()
        assert cli.refused("resume", "in-use") == (
            "Another process works on the run in in-use: wait for it, or stop it."
        )


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
    assert remedies[0] == "  would need less: Batch size 2, accumulation 4 (same result)"
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
    assert said.startswith("There is no column '?': the columns are '?????', '???????'.")


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
