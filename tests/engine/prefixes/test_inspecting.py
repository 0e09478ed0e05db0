"""Verifying, comparing and mixing prefixes, and measuring their positions."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.backbones.catalog import describe_folder
from engine.backbones.fingerprint import fingerprint_of
from engine.cli import main
from engine.contract.methods.prefix import Depth, Init, Placement, PrefixMethod
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.protocol.prefixes import (
    ComparePrefixes,
    ImportPrefix,
    ListPrefixes,
    MeasurePositions,
    MixPrefixes,
    VerifyPrefix,
)
from engine.contract.runs.cards import Card
from engine.contract.runs.folder import RunFolder
from engine.exchange import native
from engine.exchange.handlers import import_prefix, list_prefixes
from engine.prefixes.comparing import compare_prefixes
from engine.prefixes.mixing import mix_prefixes
from engine.prefixes.positions import measure_positions
from engine.prefixes.verifying import verify_prefix
from engine.reporter import Silent
from engine.run import run_folder
from tests.helpers.errors import refused
from tests.helpers.prefixes import card_for, random_prefix
from tests.helpers.tiny_runs import Workshop


def saved(folder: Path, backbone: Path, *, seed: int = 0, length: int = 5, name: str = "a") -> Card:
    shape = describe_folder(backbone).shape
    fingerprint = fingerprint_of(backbone, Silent())
    card = card_for(
        shape, length, backbone=str(backbone), backbone_fingerprint=fingerprint, name=name
    )
    return native.write(folder, random_prefix(card, seed=seed), card)


def test_verifying_a_run_decodes_its_data_on_every_way(finished_runs: dict[str, RunFolder]) -> None:
    reply = verify_prefix(VerifyPrefix(str(finished_runs["mlp"].path)), Silent())
    assert len(reply.inputs) == 3
    assert all("Hut" in text for text in reply.inputs)
    ways = [check.way.split()[2] for check in reply.checks]
    assert ways == ["native", "PEFT", "transformers"]
    assert all(check.equal_outputs == 3 for check in reply.checks)
    assert all(check.largest_difference < 1e-3 for check in reply.checks)
    assert reply.checks[0].largest_difference == 0


def test_verifying_compares_with_the_unfolded_prefix_where_it_is(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.checkpoint.discard", lambda folder: None)
    run = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    assert run_folder(run.path) == 0
    first = verify_prefix(VerifyPrefix(str(run.prefix)), Silent()).checks[0]
    assert "checkpoint" in first.way
    assert first.equal_outputs == 3
    assert first.largest_difference < 1e-4
    # A folded prefix that is not the trained one is seen.
    key_values, card = native.read(run.prefix)
    native.write(run.prefix, {site: entries + 1 for site, entries in key_values.items()}, card)
    with refused("prefix-outputs-differ", name=card.name):
        verify_prefix(VerifyPrefix(str(run.path)), Silent())


def test_two_prefixes_are_compared_by_layer(tiny_llama: Path, tmp_path: Path) -> None:
    saved(tmp_path / "a", tiny_llama)
    card = saved(tmp_path / "b", tiny_llama, seed=1, length=3, name="b")
    same = compare_prefixes(ComparePrefixes(*[str(tmp_path / "a")] * 2), Silent())
    assert [layer.site for layer in same.layers] == [f"decoder_self.{layer}" for layer in range(3)]
    for layer in same.layers:
        assert math.isclose(layer.key_cosine, 1, abs_tol=1e-9)
        assert layer.value_norms[0] == layer.value_norms[1]
    key_values, _ = native.read(tmp_path / "a")
    keys = key_values[min(key_values)][0].transpose(0, 1).flatten(1)
    assert math.isclose(same.layers[0].key_norms[0], float(keys.norm(dim=1).mean()), rel_tol=1e-5)
    other = compare_prefixes(ComparePrefixes(str(tmp_path / "a"), str(tmp_path / "b")), Silent())
    assert other.names == ("a", card.name)
    counts = [sum(point.prefix == prefix for point in other.points) for prefix in (0, 1)]
    assert counts == [5, 3]
    assert all(0 < share <= 1 for share in other.explained)
    assert abs(other.layers[0].key_cosine) < 0.9
    assert not any(point.word for point in other.points)


def test_words_of_an_embedding_only_prefix(workshop: Workshop, tmp_path: Path) -> None:
    method = PrefixMethod(
        prefix_length=3, depth=Depth.EMBEDDING_ONLY, init=Init.WORDS, init_text="soup stew north"
    )
    spec = workshop.spec(method)
    spec = replace(spec, training=replace(spec.training, max_steps=1, learning_rate=1e-9))
    run = workshop.run(tmp_path / "run", spec)
    assert run_folder(run.path) == 0
    reply = compare_prefixes(ComparePrefixes(*[str(run.path)] * 2), Silent())
    words = [point.word for point in reply.points if point.prefix == 0]
    assert all(words)
    assert "s" in words[0]


def test_a_mixture_stands_between_two(tiny_llama: Path, tmp_path: Path) -> None:
    first = saved(tmp_path / "a", tiny_llama)
    second = saved(tmp_path / "b", tiny_llama, seed=1, name="b")
    a, b, out = (str(tmp_path / name) for name in ("a", "b", "mixed"))
    for share in (0.0, 0.25, 1.0):  # the folder is replaced
        info = mix_prefixes(MixPrefixes(a, b, share, out), Silent())
        mixed, card = native.read(Path(info.path))
        for site, entries in mixed.items():
            own, other = native.read(Path(a))[0][site], native.read(Path(b))[0][site]
            assert torch.allclose(entries, own + share * (other - own), atol=1e-6)
        assert card.scores == ()
        assert first.tensors_sha256 in card.notes
        assert second.tensors_sha256 in card.notes
    assert info.name == "0 % a + 100 % b"
    assert (tmp_path / "mixed" / "prefix.safetensors").read_bytes() == (
        tmp_path / "b" / "prefix.safetensors"
    ).read_bytes()
    with refused("mix-share", share=1.5):
        mix_prefixes(MixPrefixes(a, b, 1.5, out), Silent())


def test_prefixes_of_two_kinds_are_not_mixed(
    tiny_llama: Path, tiny_gpt2: Path, tmp_path: Path
) -> None:
    saved(tmp_path / "a", tiny_llama)
    saved(tmp_path / "b", tiny_gpt2, name="b")
    saved(tmp_path / "c", tiny_llama, length=4, name="c")
    for other in ("b", "c"):
        with refused("prefixes-not-mixable", first="a", second=other):
            command = MixPrefixes(
                str(tmp_path / "a"), str(tmp_path / other), 0.5, str(tmp_path / "x")
            )
            mix_prefixes(command, Silent())
    with refused("prefixes-of-other-shapes"):
        compare_prefixes(ComparePrefixes(str(tmp_path / "a"), str(tmp_path / "b")), Silent())


def test_a_position_that_is_not_seen_is_as_if_it_were_not_there(
    finished_runs: dict[str, RunFolder],
) -> None:
    run = finished_runs["direct"]
    reply = measure_positions(MeasurePositions(str(run.path), rows=6, outputs=2), Silent())
    assert [effect.position for effect in reply.effects] == [0, 1, 2, 3]
    assert reply.rows == 6
    assert len(reply.outputs) == len(reply.inputs) == 2
    assert all(effect.loss != reply.loss for effect in reply.effects)
    # Reference: a key that no query likes is not seen either.
    from engine.decoding.systems import Systems
    from engine.methods.prefix import SavedPrefix
    from engine.prefixes.positions import PrefixWithoutPosition
    from engine.tasks.generation.batches import collate_for, token_row
    from engine.tasks.generation.loss import loss_sum

    backbone = Systems().load(run.path, Silent()).system.backbone
    key_values, _ = native.read(run.prefix)
    batch = collate_for(backbone, [token_row([5, 6, 7], [8, 9, 1]), token_row([5], [9, 1])])

    def loss(system: SavedPrefix) -> float:
        with torch.no_grad(), system.active():
            return float(loss_sum(system, batch))

    # The first position of a prefix is not seen: the same as a prefix without it, at its place.
    class Shorter(SavedPrefix):
        def fast(self, rows: object) -> None:
            return None

    cut = {site: entries[:, :, 1:] for site, entries in key_values.items()}
    shorter = Shorter(backbone, cut)
    shorter.position_offset = 4
    assert math.isclose(
        loss(PrefixWithoutPosition(backbone, key_values, hidden=0)), loss(shorter), rel_tol=1e-5
    )


def test_positions_need_a_prefix_with_rows(
    finished_runs: dict[str, RunFolder], workshop: Workshop, tmp_path: Path
) -> None:
    with refused("prefix-of-finetuning-run"):
        measure_positions(MeasurePositions(str(finished_runs["finetune"].path)), Silent())
    with refused("positions-too-few", value=0):
        measure_positions(MeasurePositions(str(finished_runs["mlp"].path), rows=0), Silent())
    spec = workshop.spec(PrefixMethod(prefix_length=2, position=Placement.INFIX, mid_dim=8))
    spec = replace(spec, training=replace(spec.training, max_steps=1))
    run = workshop.run(tmp_path / "infix", spec)
    assert run_folder(run.path) == 0
    with refused("positions-of-an-infix"):
        measure_positions(MeasurePositions(str(run.path)), Silent())
    for form in ("llamacpp", "mlx", "transformers"):
        words = ["--write-gguf", "f32"] if form == "llamacpp" else []
        with refused("cache-cannot-hold-prefix"):
            main.call(["export", str(run.path), "--format", form, *words,
                       "--out", str(tmp_path / form)])  # fmt: skip
    assert len(verify_prefix(VerifyPrefix(str(run.path)), Silent()).checks) == 1  # native alone


def test_the_verbs_print_what_they_see(
    finished_runs: dict[str, RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mlp, direct = str(finished_runs["mlp"].path), str(finished_runs["direct"].path)
    for words in (
        ["verify", mlp],
        ["compare", mlp, direct],
        ["mix", mlp, direct, "--share", "0.25", "--out", str(tmp_path / "mixed")],
        ["positions", mlp, "--rows", "4", "--outputs", "1"],
    ):
        assert main.call(["prefix", *words]) == 0
    printed = capsys.readouterr().out
    for part in ("3 of 3 outputs equal", "decoder_self.2", "75 % tiny", "without position   3"):
        assert part in printed


def test_the_prefixes_of_other_projects_have_their_names(tiny_llama: Path, tmp_path: Path) -> None:
    saved(tmp_path / "prefix", tiny_llama)
    projects = []
    for name in ("one", "two"):
        projects.append(ProjectFolder(tmp_path / name))
        projects[-1].write(Project(name))
        import_prefix(ImportPrefix(str(tmp_path / "prefix"), str(projects[-1].path)), Silent())
    others = (str(tmp_path / "two"), str(tmp_path / "gone"), str(tmp_path / "prefix"))
    reply = list_prefixes(ListPrefixes(str(tmp_path / "one"), others), Silent())
    assert sorted(info.project for info in reply.prefixes) == ["", "two"]
    assert not reply.damaged
