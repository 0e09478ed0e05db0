"""`decode --prefix-column`: each row behind the prefix that it names, as if decoded alone."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.loading import Backbone
from engine.cli.main import call, run
from engine.contract.errors import UserError
from engine.contract.methods.prefix import Init, Parametrisation, Placement, PrefixMethod
from engine.contract.runs.cards import Card, PositionScheme, PrefixShape
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.data import Linearisation, Preset, PromptForm
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import prompt_name
from engine.exchange import native
from engine.methods.prefix import PrefixTuning
from tests.engine.tiny import tiny
from tests.helpers.errors import check
from tests.helpers.prefixes import CARD
from tests.helpers.tiny_runs import Workshop, write_table

LENGTHS = (1, 2, 3, 5, 8, 13, 21, 30)
NAMES = tuple(f"user {length}" for length in LENGTHS)
FIELDS = ("--field", "name", "--field", "food")
DECODING = DecodingSpec(strategy=Strategy.BEAM, num_beams=3, max_new_tokens=12, no_repeat_ngram=2)
GREEDY = GenerationTask(DecodingSpec(strategy=Strategy.GREEDY))


def save_prefix(
    folder: Path, backbone: Backbone, length: int, *, seed: int = 0, **changes: object
) -> Card:
    """An untrained prefix with numbers of its own, and a card that says how it reads a row."""
    method = PrefixMethod(
        prefix_length=length, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM
    )
    presets, forms = list(Preset), list(PromptForm)
    card = replace(
        CARD,
        name=folder.name,
        method=method,
        backbone=backbone.name,
        backbone_fingerprint=backbone.fingerprint,
        shape=PrefixShape(
            layers=len(PrefixTuning(backbone, method, seed=0).folded()),
            kv_heads=backbone.shape.kv_heads,
            head_width=backbone.shape.head_width,
            positions=(
                PositionScheme.UNSHIFTED
                if backbone.is_encoder_decoder
                else PositionScheme.AFTER_PREFIX
            ),
        ),
        linearisation=Linearisation(presets[seed % len(presets)]),
        prompt=prompt_name(forms[seed % 2], encoder_decoder=backbone.is_encoder_decoder),
        task=GenerationTask(replace(DECODING, batch_size=seed + 1)),
    )
    card = replace(card, **changes)  # type: ignore[arg-type]
    return native.write(folder, PrefixTuning(backbone, method, seed=seed).folded(), card)


@pytest.mark.parametrize("family", ["llama", "t5"])
def test_eight_prefixes_in_one_call_write_what_eight_calls_write(
    family: str, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    for seed, (name, length) in enumerate(zip(NAMES, LENGTHS, strict=True)):
        save_prefix(tmp_path / "all" / name, backbone, length, seed=seed)
    # Twenty rows in no order of length, two of each input or none; one input under all of them.
    rows = [
        (NAMES[(5 * n) % 8], f"Hut {n % 9} " * (n % 4 + 1), "soup", f"Text {n}.") for n in range(20)
    ]
    rows += [(name, "Hut", "stew", f"For {name}.") for name in NAMES]
    rows += [(NAMES[2], "Hut", "stew", "A second text.")]
    data = write_table(tmp_path / "rows.csv", [("user", "name", "food", "text"), *rows])
    out = tmp_path / "together.jsonl"
    words = ["decode", str(tmp_path / "all"), "--data", str(data), "--out", str(out)]
    assert run([*words, *FIELDS, "--target", "text", "--prefix-column", "user"]) == 0
    together = read_outputs(out)

    alone: dict[tuple[str, str], str] = {}
    for name in NAMES:
        own = [row for row in rows if row[0] == name]
        part = write_table(tmp_path / "part.csv", [("user", "name", "food", "text"), *own])
        single = tmp_path / "single.jsonl"
        words = ["decode", str(tmp_path / "all" / name), "--data", str(part), "--out", str(single)]
        assert run([*words, *FIELDS, "--target", "text"]) == 0
        alone |= {(name, row.input): row.output for row in read_outputs(single)}
    assert {(row.prefix, row.input): row.output for row in together} == alone
    assert len(together) == len(alone), "an input and its prefix stand twice"
    assert len(set(alone.values())) > len(alone) / 2, "the prefixes hardly made a difference"

    distinct = list(dict.fromkeys((user, name, food) for user, name, food, _ in rows))
    found = [(row.prefix, row.fields[0][1].strip(), row.fields[1][1]) for row in together]
    assert found == [(user, name.strip(), food) for user, name, food in distinct]
    ids = [row.example_id for row in together]
    assert len(set(ids)) == len(ids)
    shared = [row for row in together if row.fields[1][1] == "stew"]
    assert [row.prefix for row in shared] == list(NAMES)
    assert all(row.example_id.endswith(f".{row.prefix}") for row in shared)
    assert shared[2].references == ("For user 3.", "A second text.")
    meta = read_meta(out)
    assert meta is not None
    assert meta.system == "8 prefixes by user"
    assert meta.decoding == "beam3|lp1|nr2|max12"
    assert {score.metric for score in meta.scores} == {"bleu", "chrf", "rougeL"}


def test_runs_and_prefix_folders_of_one_backbone_side_by_side(
    finished_runs: dict[str, RunFolder], workshop: Workshop, tmp_path: Path
) -> None:
    backbone = tiny(workshop.folder / "again", "llama")
    for name in ("mlp", "direct"):
        shutil.copytree(finished_runs[name].path, tmp_path / "all" / name)
    own = finished_runs["mlp"].read_spec().task
    save_prefix(tmp_path / "all" / "third", backbone, 7, task=own)
    with open(workshop.csv, encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    for columns, users in (((), ("mlp", "direct")), (COLUMNS, ("mlp", "direct", "third"))):
        mixed = [[*row, users[n // 2 % len(users)]] for n, row in enumerate(rows)]
        data = write_table(tmp_path / "mixed.csv", [[*header, "user"], *mixed])
        out = tmp_path / "mixed.jsonl"
        words = ["decode", str(tmp_path / "all"), "--data", str(data), "--out", str(out)]
        assert run([*words, *columns, "--prefix-column", "user"]) == 0
        found = read_outputs(out)
        assert len(found) == 30
        tested = {
            name: {row.example_id: row for row in read_outputs(one.outputs / "test.jsonl")}
            for name, one in finished_runs.items()
        }
        compared = 0
        for row in found:
            own_row = tested.get(row.prefix, {}).get(row.example_id)
            if own_row is not None:
                assert row.output == own_row.output
                compared += 1
        assert compared > 3, "the test inputs of the runs are not among the rows"


COLUMNS = ("--field", "name", "--field", "food", "--field", "area", "--target", "text")


Refuse = Callable[..., None]


@pytest.fixture
def refuse(
    finished_runs: dict[str, RunFolder],
    workshop: Workshop,
    tmp_path: Path,
) -> Refuse:
    """Decode a table whose rows name these prefixes; the error must have this code and values."""
    backbone, other = tiny(tmp_path, "llama"), tiny(tmp_path, "gpt2")
    place = tmp_path / "all"
    save_prefix(place / "anna", backbone, 3)
    save_prefix(place / "other", other, 3)
    save_prefix(place / "greedy", backbone, 3, task=GREEDY)
    infix = PrefixMethod(
        prefix_length=3,
        position=Placement.INFIX,
        parametrisation=Parametrisation.DIRECT,
        init=Init.RANDOM,
    )
    save_prefix(place / "infix", backbone, 3, method=infix)
    shutil.copytree(finished_runs["finetune"].path, place / "twin")
    workshop.run(place / "waiting", workshop.spec("mlp"))
    (place / "empty").mkdir()
    (place / ".hidden").mkdir()

    def refused(
        names: tuple[str, ...],
        code: str | None,
        /,
        *,
        system: Path = place,
        words: tuple[str, ...] = (*FIELDS, "--prefix-column", "user"),
        **values: object,
    ) -> None:
        table = [("name", "food", "user"), *((f"Hut {n}", "soup", u) for n, u in enumerate(names))]
        data = write_table(tmp_path / "rows.csv", table)
        out = tmp_path / "o.jsonl"
        with pytest.raises(UserError) as caught:
            call(["decode", str(system), "--data", str(data), "--out", str(out), *words])
        assert not out.exists()
        if code is None:
            assert all(repr(value) in caught.value.message for value in values.values())
        else:
            check(caught.value, code, **values)

    return refused


def test_what_cannot_stand_in_one_batch_says_why(refuse: Refuse, tmp_path: Path) -> None:
    place = tmp_path / "all"
    known = "'anna', 'empty', 'greedy', 'infix', 'other', 'twin', 'waiting'"
    for name in ("anne", "../all/anna", ".hidden", ".", str(place / "anna")):
        values = {"line": 3, "name": name, "folder": place, "names": known}
        refuse(("anna", name), "no-such-prefix", **values)
    crowd = tmp_path / "crowd"
    for number in range(13):
        (crowd / f"user {number:02}").mkdir(parents=True)
    names = ", ".join(f"'user {number:02}'" for number in range(10))
    refuse(("x",), "no-such-prefix", system=crowd, names=f"{names} and 3 more")
    (tmp_path / "nobody").mkdir()
    refuse(("x",), "no-such-prefix", system=tmp_path / "nobody", names="none")
    refuse(("anna", " "), "row-without-prefix", line=3, column="user")
    words = (*FIELDS, "--prefix-column", "usr")
    refuse(("anna",), "no-such-column", words=words, name="usr")
    refuse(("anna",), "no-folder-of-prefixes", system=tmp_path / "gone", folder=tmp_path / "gone")
    refuse(("anna", "other"), "prefixes-of-different-backbones", first="anna", second="other")
    decoded = {"settings": "beam3|lp1|nr2|max12", "others": "greedy|max100"}
    refuse(("anna", "greedy"), "decoded-differently", first="anna", second="greedy", **decoded)
    refuse(("anna", "infix"), "infix-in-a-mixed-batch", name="infix")
    words = ("--prefix-column", "user")
    refuse(("anna",), "columns-not-in-folder", words=words, what="prefix", name="anna")
    refuse(("anna", "twin"), "prefix-of-finetuning-run", run=place / "twin")
    refuse(("waiting",), "no-prefix-yet", run=place / "waiting")
    refuse(("empty",), "no-prefix-here", folder=place / "empty", file="prefix.json")


def test_a_prefix_that_does_not_know_its_backbone_is_held_against_its_shape(
    refuse: Refuse, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, "gpt2")
    save_prefix(tmp_path / "all" / "outside", backbone, 3, backbone_fingerprint="")
    refuse(("anna", "outside"), "prefixes-of-different-backbones", first="anna", second="outside")
