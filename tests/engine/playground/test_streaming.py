"""One input to several systems: as each alone, token by token, and between tokens to an end."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from engine.contract.errors import Cancelled
from engine.contract.methods.lora import LoraMethod
from engine.contract.protocol.playground import (
    AskedSystem,
    FieldValue,
    InputWritten,
    OutputEnded,
    Part,
    StreamedToken,
    StreamedTokens,
    StreamOutputs,
)
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding import handlers as decoding_handlers
from engine.decoding.decoder import decode
from engine.decoding.detokenising import Detokeniser
from engine.decoding.systems import Systems
from engine.playground.handlers import stream_outputs
from engine.reporter import Silent
from engine.run import run_folder
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import METHODS, Workshop, cache_in

GREEDY = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=12)
SAMPLING = DecodingSpec(strategy=Strategy.SAMPLING, temperature=1.3, max_new_tokens=12, seed=5)
BEAMS = DecodingSpec(strategy=Strategy.BEAM, num_beams=3, max_new_tokens=12)
VALUES = tuple(
    FieldValue(column, "", value)
    for column, value in (("name", "Hut 3"), ("food", "soup"), ("area", "north"))
)
SOURCE = "name : Hut 3 | food : soup | area : north"
PATHS = ("mlp", "direct", "finetune", "lora", "bare")


@pytest.fixture(scope="module")
def runs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    """A finished run of each method, and one of LoRA."""
    made = {}
    with cache_in(tmp_path_factory.mktemp("cache")):
        for name, method in {**METHODS, "lora": LoraMethod(rank=2)}.items():
            spec = workshop.spec(method, kind="llama" if name != "finetune" else "")
            made[name] = workshop.run(tmp_path_factory.mktemp("finished") / name, spec)
            assert run_folder(made[name].path) == 0
    return made


@dataclass
class Received:
    """Takes parts, as a window does."""

    parts: list[Part] = field(default_factory=list)
    give_up_after: int | None = None

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        if self.give_up_after is not None and len(self.tokens) >= self.give_up_after:
            raise Cancelled("enough")

    def send_part(self, part: Part) -> None:
        self.parts.append(part)

    @property
    def tokens(self) -> list[StreamedToken]:
        parts = [part for part in self.parts if isinstance(part, StreamedTokens)]
        return [token for part in parts for token in part.tokens]

    @property
    def ended(self) -> dict[tuple[int, int], OutputEnded]:
        ends = [part for part in self.parts if isinstance(part, OutputEnded)]
        assert len(ends) == len({(end.system, end.sample) for end in ends})
        return {(end.system, end.sample): end for end in ends}

    @property
    def streamed(self) -> dict[tuple[int, int], str]:
        texts: dict[tuple[int, int], str] = defaultdict(str)
        for token in self.tokens:
            texts[token.system, token.sample] += token.text
        return {key: text.strip() for key, text in texts.items()}


def asked(runs: dict[str, RunFolder], workshop: Workshop) -> tuple[AskedSystem, ...]:
    return tuple(
        AskedSystem(str(runs[name].path))
        if name != "bare"
        else AskedSystem("", str(workshop.backbone("llama")))
        for name in PATHS
    )


def alone(system: AskedSystem, decoding: DecodingSpec, text: str = SOURCE) -> str:
    """What `decode` gives for a system that is loaded for it."""
    systems = Systems()
    if system.path:
        loaded = systems.load(Path(system.path), Silent())
    else:
        loaded = systems.bare(system.backbone, Silent())
    return decode(loaded.system, loaded.prompts([text]), decoding, Silent()).texts[0]


@pytest.mark.parametrize("decoding", [GREEDY, SAMPLING, BEAMS], ids=["greedy", "sampling", "beam"])
def test_every_system_writes_what_it_writes_alone(
    runs: dict[str, RunFolder], workshop: Workshop, decoding: DecodingSpec
) -> None:
    systems = asked(runs, workshop)
    received = Received()
    command = StreamOutputs(systems, VALUES, workshop.mapping, decoding=decoding)
    stream_outputs(command, received)
    texts = {number: alone(system, decoding) for number, system in enumerate(systems)}
    assert {key: end.text for key, end in received.ended.items()} == {
        (number, 0): text for number, text in texts.items()
    }
    assert len(set(texts.values())) > 1
    assert all(not end.problem for end in received.ended.values())
    if decoding is BEAMS:
        assert received.tokens == []
    else:
        for key, end in received.ended.items():
            if "\ufffd" not in end.text:  # bytes that are no character
                assert received.streamed[key] == end.text
            own = [token for token in received.tokens if (token.system, token.sample) == key]
            assert [token.position for token in own] == list(range(len(end.token_ids)))
            assert 0 < end.first_token_s <= end.seconds
    written = [part for part in received.parts if isinstance(part, InputWritten)]
    assert {part.system: part.text for part in written} == dict.fromkeys(range(5), SOURCE)
    assert written[0].fields == (("name", "Hut 3"), ("food", "soup"), ("area", "north"))


def test_samples_differ_and_each_has_its_seed(
    runs: dict[str, RunFolder], workshop: Workshop
) -> None:
    systems = asked(runs, workshop)[:2]
    received = Received()
    stream_outputs(
        StreamOutputs(systems, VALUES, workshop.mapping, decoding=SAMPLING, samples=3), received
    )
    assert len(received.ended) == 6
    for (number, sample), end in received.ended.items():
        seeded = replace(SAMPLING, seed=SAMPLING.seed + sample)
        assert end.text == alone(systems[number], seeded)
    assert len({received.ended[0, n].text for n in range(3)}) == 3


def test_probabilities_are_those_of_the_logits(
    runs: dict[str, RunFolder], workshop: Workshop
) -> None:
    systems = asked(runs, workshop)
    received = Received()
    stream_outputs(
        StreamOutputs(systems, VALUES, workshop.mapping, decoding=SAMPLING, alternatives=4),
        received,
    )
    for number in (1, 3, 4):  # a prefix, LoRA, the bare backbone
        loading = Systems()
        system = systems[number]
        loaded = (
            loading.load(Path(system.path), Silent())
            if system.path
            else loading.bare(system.backbone, Silent())
        )
        (prompt,) = loaded.prompts([SOURCE])
        ids = received.ended[number, 0].token_ids
        read = torch.tensor([[*prompt, *ids[:-1]]])
        mask = torch.ones_like(read)
        backbone, own = loaded.system.backbone, loaded.system
        with torch.no_grad(), own.active(), own.batch([0], mask, mask.bool()) as positions:
            logits = backbone.model(
                input_ids=read, attention_mask=mask, position_ids=positions
            ).logits[0, len(prompt) - 1 :]
        wanted = logits.log_softmax(-1)
        tokens = [token for token in received.tokens if token.system == number]
        assert len(tokens) == len(ids) > 3
        for place, (token, token_id) in enumerate(zip(tokens, ids, strict=True)):
            assert token.log_probability == pytest.approx(float(wanted[place, token_id]), abs=1e-4)
            best, best_ids = wanted[place].topk(4)
            assert [each.probability for each in token.alternatives] == pytest.approx(
                best.exp().tolist(), abs=1e-4
            )
            assert [each.text for each in token.alternatives] == [
                backbone.tokenizer.decode([int(best_id)]) for best_id in best_ids
            ]


def test_free_text_is_read_as_it_stands(runs: dict[str, RunFolder], workshop: Workshop) -> None:
    systems = asked(runs, workshop)[:2]
    received = Received()
    stream_outputs(
        StreamOutputs(systems, VALUES, workshop.mapping, text="anything [at] all", decoding=GREEDY),
        received,
    )
    for number, system in enumerate(systems):
        assert received.ended[number, 0].text == alone(system, GREEDY, "anything [at] all")


def test_a_system_that_cannot_answer_fails_alone(
    runs: dict[str, RunFolder], workshop: Workshop, tmp_path: Path
) -> None:
    damaged = shutil.copytree(runs["direct"].path, tmp_path / "damaged")
    (tensors,) = (damaged / "prefix").glob("*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:-40])
    paths = (tmp_path / "missing", damaged, runs["mlp"].path)
    systems = (AskedSystem("", "no-such-backbone"), *(AskedSystem(str(path)) for path in paths))
    received = Received()
    stream_outputs(StreamOutputs(systems, VALUES, workshop.mapping, decoding=GREEDY), received)
    assert [bool(received.ended[n, 0].problem) for n in range(4)] == [True, True, True, False]
    assert received.ended[3, 0].text == alone(systems[3], GREEDY)
    assert all(part.system == 3 for part in received.parts if isinstance(part, InputWritten))


def test_it_ends_between_tokens(runs: dict[str, RunFolder], workshop: Workshop) -> None:
    systems = asked(runs, workshop)
    received = Received(give_up_after=3)
    command = StreamOutputs(systems, VALUES, workshop.mapping, decoding=GREEDY)
    with pytest.raises(Cancelled):
        stream_outputs(command, received)
    assert len(received.tokens) < 12 * len(systems)
    again = Received()  # and leaves nothing on the backbone
    stream_outputs(command, again)
    assert again.ended[4, 0].text == alone(systems[4], GREEDY)


def test_models_that_are_held_are_bounded_and_used_again(
    runs: dict[str, RunFolder], workshop: Workshop, tmp_path: Path
) -> None:
    copies = [shutil.copytree(runs["finetune"].path, tmp_path / f"copy{n}") for n in range(4)]
    systems = (*asked(runs, workshop)[:2], *(AskedSystem(str(copy)) for copy in copies))
    received = Received()
    command = StreamOutputs(systems, VALUES, workshop.mapping, decoding=GREEDY)
    stream_outputs(command, received)
    shared = decoding_handlers.shared_systems()
    held = [shared.is_loaded(str(copy / "model")) for copy in copies]
    assert held.count(True) <= decoding_handlers.MAX_BACKBONES
    assert held[-1]
    last = shared.load(copies[-1], Silent()).system.backbone
    stream_outputs(command, Received())
    assert shared.holds(last) or not held[-1]
    assert len({end.text for (n, _), end in received.ended.items() if n > 1}) == 1


@pytest.mark.parametrize(
    "changes", [{"samples": 0}, {"samples": 33}, {"alternatives": 21}, {"text": "x" * 1_000_001}]
)
def test_limits_are_named(changes: dict[str, object], workshop: Workshop) -> None:
    systems = (AskedSystem("", "tiny"),)
    with refused("playground-limit"):
        stream_outputs(
            StreamOutputs(systems, VALUES, workshop.mapping, **changes),  # type: ignore[arg-type]
            Received(),
        )


def test_no_system_and_too_many_are_refused(workshop: Workshop) -> None:
    for systems in ((), (AskedSystem("", "tiny"),) * 65):
        with refused("playground-limit"):
            stream_outputs(StreamOutputs(systems, VALUES, workshop.mapping), Received())


def test_pieces_of_a_character_wait_for_the_whole(workshop: Workshop) -> None:
    tokenizer = Systems().bare(str(workshop.backbone("gpt2")), Silent()).system.backbone.tokenizer
    text = "Crème brûlée · 日本 costs 5 € 😀."
    ids = tokenizer(text)["input_ids"]
    detokeniser = Detokeniser(tokenizer)
    added = [detokeniser.add(token) for token in ids]
    assert "".join(added) == tokenizer.decode(ids)
    assert not any("\ufffd" in piece for piece in added)
