"""A server as its own process, over a tiny backbone with prefixes of random numbers.

    with server_of(folder, backbone, "--batch-size", "2") as server: server.get("/health")

`python -m tests.helpers.serving PREFIX… HEADER_S BODY_S BODY_BYTES`: one without patience.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.runs.cards import PositionScheme, PrefixShape
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import PromptForm, prompt_name, prompt_named
from engine.decoding.decoder import decode
from engine.exchange import native
from engine.methods.attention import KeyValues
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from tests.helpers.prefixes import CARD
from tests.helpers.tiny_runs import PATIENCE_S, ROOT, engine_environment

DECODING = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=12)


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        url: without a slash at its end.
    """

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer; a body of bytes is sent as it is."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json", **named}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def metrics(self) -> dict[str, float]:
        """The numbers of /metrics by their labelled names."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name.removeprefix("prefix_workbench_"): float(value) for name, _, value in pairs}

    def wait_for(self, condition: Callable[[dict[str, Any]], bool]) -> None:
        """Ask for its health again and again until it is as wanted."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not condition(health := self.ask("/health")[1]):
            assert time.monotonic() < give_up_s, health


def process_of(command: Sequence[str | Path], *, stdin: int) -> subprocess.Popen[str]:
    """A Python process of this checkout, whose output can be read."""
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env=engine_environment(),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def started(command: Sequence[str | Path]) -> Iterator[Server]:
    """A server that says where it is, until the end of the block; must not have complained."""
    with process_of(command, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        address = ""
        for line in process.stdout:
            if line.startswith("serving at "):
                address = line.split()[2]
                break
        try:
            if not address:
                _, err = process.communicate(timeout=PATIENCE_S)
                raise AssertionError(f"no server: {err}")
            yield Server(process, address.removesuffix("/v1"))
        finally:
            process.terminate()
            _, err = process.communicate(timeout=PATIENCE_S)
    assert err == "", err


def server_of(prefixes: Sequence[Path], *options: str | Path) -> Any:
    """`main.py serve` on a free port."""
    return started(["main.py", "serve", *prefixes, "--port", "0", "--device", "cpu", *options])


def save_prefixes(folder: Path, backbone: Backbone, lengths: Sequence[int]) -> list[Path]:
    """Prefixes with numbers of their own, in folders p0, p1, …"""
    folders = []
    for seed, length in enumerate(lengths):
        method = PrefixMethod(
            prefix_length=length, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM
        )
        key_values = PrefixTuning(backbone, method, seed=seed).folded()
        folders.append(save_folded(folder / f"p{seed}", backbone, key_values))
    return folders


def save_folded(folder: Path, backbone: Backbone, key_values: KeyValues) -> Path:
    """A prefix of these numbers."""
    decoder_only = not backbone.is_encoder_decoder
    length = next(iter(key_values.values())).shape[2]
    card = replace(
        CARD,
        name=folder.name,
        method=PrefixMethod(prefix_length=length, parametrisation=Parametrisation.DIRECT),
        backbone=backbone.name,
        backbone_fingerprint=backbone.fingerprint,
        shape=PrefixShape(
            layers=len(key_values),
            kv_heads=backbone.shape.kv_heads,
            head_width=backbone.shape.head_width,
            positions=PositionScheme.AFTER_PREFIX if decoder_only else PositionScheme.UNSHIFTED,
        ),
        linearisation=Linearisation(),
        prompt=prompt_name(PromptForm.NEWLINE, encoder_decoder=backbone.is_encoder_decoder),
        task=GenerationTask(DECODING),
    )
    native.write(folder, key_values, card)
    return folder


def alone(
    backbone: Backbone, key_values: KeyValues, source: str, decoding: DecodingSpec = DECODING
) -> str:
    """What `decode` makes of one input behind one prefix."""
    name = prompt_name(PromptForm.NEWLINE, encoder_decoder=backbone.is_encoder_decoder)
    prompt = prompt_named(name).encode_source(backbone.tokenizer, source, 512)
    return decode(SavedPrefix(backbone, key_values), [prompt], decoding, Silent()).texts[0]


def _serve_impatiently(words: Sequence[str]) -> None:
    from engine.contract.specs.training import Device
    from engine.serving.address import listening
    from engine.serving.gate import Limits
    from engine.serving.prefixes import load_served
    from engine.serving.server import serve

    *folders, header_s, body_s, body_bytes, backbone = words
    served = load_served(
        {Path(folder).name: Path(folder) for folder in folders},
        Silent(),
        backbone=backbone,
        device=Device.CPU,
    )
    limits = Limits(header_s=float(header_s), body_s=float(body_s), body_bytes=int(body_bytes))
    bound = listening("127.0.0.1", 0)

    def announce() -> None:
        sys.stdout.write(f"serving at http://127.0.0.1:{bound.getsockname()[1]}/v1 \n")
        sys.stdout.flush()

    serve(served, bound, limits=limits, most_waiting=4, batch_size=2, on_start=announce)


if __name__ == "__main__":
    _serve_impatiently(sys.argv[1:])
