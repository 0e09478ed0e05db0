"""Many requests for many prefixes: the server against one at a time, and against PEFT.

    python benchmarks/serving.py --data e2e/trainset.csv
    python benchmarks/serving.py --data e2e/trainset.csv --minutes 60

The data is a table whose last column is the text. 200 inputs go to 8 prefixes in turn, each output
32 tokens long so that all sides write as much. Sides: the server with 32 clients at once; the same
server asked one request after another; a bare loop over PEFT with one adapter a prefix, switched
between requests. PEFT has our prefixes. The sides take turns, 100 requests each, and all outputs
are compared before a time is printed. With `--minutes`, clients ask for outputs of any length
instead, stream, sample, send nonsense and go away, and what is printed is the memory of the server
and how many requests were not answered.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
import torch

from benchmarks.speed_against_peft import backbone, peft_model
from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.data import Linearisation
from engine.data.linearising import linearise
from engine.data.prompt import prompt_named
from engine.methods.attention import KeyValues
from engine.methods.prefix import PrefixTuning
from tests.helpers.serving import Server, save_folded, server_of

PREFIXES, REQUESTS, TURN, TOKENS, CLIENTS = 8, 200, 100, 32, 32
Asked = tuple[int, str]
"""The number of a prefix, and a source text."""


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="smollm2-135m-instruct")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--minutes", type=float, default=0)
    arguments = parser.parse_args()
    loaded = backbone(arguments.backbone)
    tuned = [PrefixTuning(loaded, PrefixMethod(prefix_length=10), seed=s) for s in range(PREFIXES)]
    folded = [method.folded() for method in tuned]
    asked = requests(arguments.data, arguments.requests)
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            save_folded(Path(folder) / f"p{number}", loaded, key_values)
            for number, key_values in enumerate(folded)
        ]
        options = ("--backbone", arguments.backbone, "--queue", "256", "--batch-size", "32")
        with server_of(paths, *options) as server:
            if arguments.minutes:
                soak(server, asked, 60 * arguments.minutes)
            else:
                compare(server, loaded, folded, asked)


def requests(data: Path, count: int) -> list[Asked]:
    """Distinct sources of a table, to the prefixes in turn."""
    with open(data, encoding="utf-8", newline="") as stream:
        rows = (list(record.items())[:-1] for record in csv.DictReader(stream))
        texts = list(dict.fromkeys(linearise(row, (), Linearisation()) for row in rows))
    return [(number % PREFIXES, texts[number % len(texts)]) for number in range(count)]


def body_of(asked: Asked, **changes: Any) -> dict[str, Any]:
    """A greedy completion of a fixed length."""
    prefix, text = asked
    fixed = {"temperature": 0, "max_tokens": TOKENS, "min_tokens": TOKENS}
    return {"model": f"p{prefix}", "prompt": text, **fixed, **changes}


def compare(server: Server, loaded: Backbone, folded: list[KeyValues], asked: list[Asked]) -> None:
    """The table."""

    def answer(request: Asked) -> str:
        status, answer = server.ask("/v1/completions", body_of(request))
        assert status == 200, answer
        text: str = answer["choices"][0]["text"]
        return text

    def from_server(turn: list[Asked], clients: int) -> list[str]:
        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(answer, turn))

    with_peft = peft_answers(loaded, folded)
    sides: dict[str, Callable[[list[Asked]], list[str]]] = {
        f"server, {CLIENTS} clients at once": lambda turn: from_server(turn, CLIENTS),
        "server, one after another": lambda turn: from_server(turn, 1),
        "loop over PEFT, adapters switched": with_peft,
    }
    times = dict.fromkeys(sides, 0.0)
    outputs: dict[str, list[str]] = {name: [] for name in sides}
    for side in sides.values():
        side(asked[:1])
    for at in range(0, len(asked), TURN):
        for name, side in sides.items():
            start = time.perf_counter()
            outputs[name] += side(asked[at : at + TURN])
            times[name] += time.perf_counter() - start
    first, *others = outputs
    for other in others:
        equal = sum(a == b for a, b in zip(outputs[first], outputs[other], strict=True))
        print(f"{equal} of {len(asked)} outputs equal: {first}; {other}")
    print("\n| | seconds | requests a second | tokens a second | its time / the first |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, seconds in times.items():
        rate = len(asked) / seconds
        ratio = seconds / times[first]
        print(f"| {name} | {seconds:.1f} | {rate:.2f} | {rate * TOKENS:.0f} | {ratio:.2f} |")


def peft_answers(loaded: Backbone, folded: list[KeyValues]) -> Callable[[list[Asked]], list[str]]:
    """One `generate` after another, each with its adapter."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(loaded.folder, dtype=torch.float32).eval()
    theirs = peft_model(model, 10, projection=False)
    for number, key_values in enumerate(folded):
        theirs.add_adapter(f"p{number}", theirs.peft_config["default"])
        layers = [entries.permute(2, 0, 1, 3).flatten(1) for entries in key_values.values()]
        weight = torch.cat(layers, dim=1)  # [P, L · 2 · K · D]
        with torch.no_grad():
            theirs.prompt_encoder[f"p{number}"].embedding.weight.copy_(weight)
    tokenizer = loaded.tokenizer

    def one(prefix: int, text: str) -> str:
        theirs.set_adapter(f"p{prefix}")
        ids = torch.tensor([prompt_named().encode_source(tokenizer, text, 512)])
        made = theirs.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=TOKENS,
            min_new_tokens=TOKENS,
            pad_token_id=tokenizer.pad_token_id,
            repetition_penalty=1.0,
        )
        text = tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)
        return str(text).strip()

    def all_of(turn: list[Asked]) -> list[str]:
        with torch.inference_mode():
            return [one(prefix, text) for prefix, text in turn]

    return all_of


def soak(server: Server, asked: list[Asked], seconds: float) -> None:
    """Clients of all kinds until the time is over."""
    end, answered, process = (
        time.monotonic() + seconds,
        Counter[str](),
        psutil.Process(server.process.pid),
    )

    def client(number: int) -> None:
        draw = random.Random(number)
        while time.monotonic() < end:
            kind = draw.choice(("greedy", "sampled", "streamed", "nonsense", "leaves"))
            body = body_of(draw.choice(asked), min_tokens=1, max_tokens=draw.randint(1, 48))
            try:
                outcome = _outcome(server, kind, body)
            except OSError as error:  # no answer, or only a part
                outcome = f"LOST: {error}"
            answered[f"{kind}, {outcome}"] += 1

    start_bytes = last = 0.0
    with ThreadPoolExecutor(12) as pool:
        clients = [pool.submit(client, number) for number in range(12)]
        while time.monotonic() < end:
            time.sleep(min(15.0, max(0.0, end - time.monotonic())))
            if process.memory_info().rss and (not start_bytes or time.monotonic() - last > 60):
                last, now = time.monotonic(), process.memory_info().rss
                start_bytes = start_bytes or now
                print(
                    f"{now / 2**20:,.0f} MB after {sum(answered.values()):,} requests", flush=True
                )
        for done in clients:
            done.result()
    now = process.memory_info().rss
    print(f"{now / 2**20:,.0f} MB at the end, {start_bytes / 2**20:,.0f} MB at first")
    for outcome, count in sorted(answered.items()):
        print(f"{count:7,} {outcome}")
    print("at rest:", server.ask("/health")[1])


def _outcome(server: Server, kind: str, body: dict[str, Any]) -> str:
    """What came of a request: "as it should be", or what else."""
    if kind == "nonsense":
        status, _ = server.ask("/v1/completions", {**body, "temperature": "x"})
        return "as it should be" if status == 422 else f"status {status}"
    if kind in ("greedy", "sampled"):
        body |= {"temperature": 0.9, "n": 2} if kind == "sampled" else {}
        status, _ = server.ask("/v1/completions", body)
        return "as it should be" if status == 200 else f"status {status}"
    data = json.dumps({**body, "stream": True}).encode()
    url, headers = f"{server.url}/v1/completions", {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=300) as answer:
        if kind == "leaves":
            answer.readline()
            return "as it should be"
        return "as it should be" if b"data: [DONE]" in answer.read() else "cut off"


if __name__ == "__main__":
    main()
