"""The Playground's promises: the second question's first token, and six prefixes against one.

    python benchmarks/playground.py
    python benchmarks/playground.py --prefix-length 10 --rounds 5 --tokens 40

Questions go to a real engine process by its protocol, as the window sends them; times are those of
the asking side. Prefixes start at real words, others for each, and are not trained: a token
takes as long whatever it says.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.contract import codec
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.protocol.commands import Progress
from engine.contract.protocol.lines import Request, RequestLine, Response
from engine.contract.protocol.playground import (
    AskedSystem,
    FieldValue,
    OutputEnded,
    OutputsStreamed,
    StreamedTokens,
    StreamOutputs,
)
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.training import DecodingSpec, Strategy

BACKBONE = "smollm2-135m-instruct"
PREFIXES = 6
MAPPING = Mapping(tuple(Column(name, Role.FIELD) for name in ("name", "food", "area", "near")))


@dataclass
class Answered:
    """Seconds from the question to its first token and its end, and tokens in all."""

    first_s: float = 0.0
    all_s: float = 0.0
    tokens: int = 0
    texts: dict[int, str] = field(default_factory=dict)


class Engine:
    """A process that answers questions."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "engine", "serve"]
        root = Path(__file__).resolve().parents[1]
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._numbers = count(1)

    def ask(self, systems: list[AskedSystem], number: int, tokens: int) -> Answered:
        """Ask one input, another for each number."""
        values = tuple(
            FieldValue(column.name, "", f"{column.name} {number}") for column in MAPPING.columns
        )
        decoding = DecodingSpec(
            strategy=Strategy.GREEDY, max_new_tokens=tokens, min_new_tokens=tokens
        )
        command = StreamOutputs(tuple(systems), values, MAPPING, decoding=decoding)
        line = codec.to_line(RequestLine(Request(next(self._numbers), command)))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        answered, start_s = Answered(), time.perf_counter()
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        while True:
            body = codec.from_text(Response, self._process.stdout.readline().decode()).body
            match body:
                case Progress():
                    continue
                case StreamedTokens():
                    answered.first_s = answered.first_s or time.perf_counter() - start_s
                    answered.tokens += len(body.tokens)
                case OutputEnded(problem=""):
                    answered.texts[body.system] = body.text
                case OutputsStreamed():
                    answered.all_s = time.perf_counter() - start_s
                    return answered
                case OutputEnded():
                    raise SystemExit(body.problem)
                case _:
                    pass

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def make_prefixes(folder: Path, length: int) -> list[Path]:
    """Prefix folders for the default backbone, of different words."""
    import torch

    from engine.backbones.loading import load_backbone
    from engine.contract.methods.prefix import Init
    from engine.contract.runs.cards import Card
    from engine.contract.specs.data import Linearisation
    from engine.contract.tasks.generation import GenerationTask
    from engine.exchange import folders
    from engine.methods.prefix import PrefixTuning
    from engine.reporter import Silent

    device = torch.device("cpu")
    backbone = load_backbone(BACKBONE, device=device, dtype=torch.float32, reporter=Silent())
    words = ("a restaurant", "a river", "a match", "a film", "a train", "a song")
    paths = []
    for number in range(PREFIXES):
        method = PrefixMethod(
            prefix_length=length, mid_dim=64, init=Init.WORDS, init_text=words[number] * length
        )
        artifact = PrefixTuning(backbone, method, seed=number).artifact()
        card = Card(
            name=f"prefix {number}", method=method, backbone=BACKBONE,
            backbone_fingerprint=backbone.fingerprint, shape=artifact.shape,
            linearisation=Linearisation(), prompt="newline", task=GenerationTask(),
            data_name="", data_fingerprint="", train_rows=0, created_s=time.time(),
            run_id="", scores=(), notes="",
        )  # fmt: skip
        paths.append(folder / f"prefix-{number}")
        folders.write(paths[-1], artifact.tensors, card)
    return paths


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prefix-length", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = make_prefixes(Path(folder), given.prefix_length)
        systems = [AskedSystem(str(path)) for path in paths]
        engine = Engine()
        try:
            cold = engine.ask(systems[:1], 0, given.tokens)
            engine.ask(systems, 0, given.tokens)
            ones, sixes = [], []
            for number in range(1, given.rounds + 1):  # turn by turn: the machine's speed drifts
                ones.append(engine.ask(systems[:1], number, given.tokens))
                sixes.append(engine.ask(systems, number, given.tokens))
        finally:
            engine.close()
    assert all(six.texts[0] == one.texts[0] for one, six in zip(ones, sixes, strict=True))
    report("first question, one prefix (the backbone is loaded)", [cold])
    report("second question and later, one prefix", ones)
    report("the same question, six prefixes in one batch", sixes)
    ratios = [six.all_s / one.all_s for one, six in zip(ones, sixes, strict=True)]
    print(f"six / one: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0


def report(title: str, answered: list[Answered]) -> None:
    """Print medians."""
    first = statistics.median(each.first_s for each in answered)
    whole = statistics.median(each.all_s for each in answered)
    speed = statistics.median(each.tokens / each.all_s for each in answered)
    print(f"{title}: first token {first * 1000:.0f} ms, all {whole:.2f} s, {speed:.0f} tokens/s")


if __name__ == "__main__":
    raise SystemExit(main())
