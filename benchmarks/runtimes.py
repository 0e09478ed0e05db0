"""How an exported prefix continues in llama.cpp and mlx-lm, next to this program.

    python benchmarks/runtimes.py RUN_DIR [--quantised MODEL-q8.gguf …] [--inputs 12]

Exports the run's prefix, with its backbone as a GGUF file in float32; decodes inputs of its test
rows greedily here and there; prints the largest difference of a logit of the first new token, the
KL divergence there, and how many outputs are equal. Needs llama-cpp-python, and mlx-lm for its
line; what is absent is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch

from engine.backbones.paths import folder_of
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.prefixes import CacheType, ExportPrefix
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.training import DecodingSpec, Device, Strategy
from engine.data.examples import load_examples
from engine.decoding.decoder import decode
from engine.decoding.stepper import TransformersStepper
from engine.decoding.systems import Systems
from engine.exchange.handlers import export_prefix
from engine.reporter import Silent

HELPER = ROOT / "tests" / "helpers" / "other_runtimes.py"
NEW = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--quantised", type=Path, nargs="*", default=[], metavar="MODEL.gguf")
    parser.add_argument("--inputs", type=int, default=12)
    arguments = parser.parse_args()
    run = RunFolder(arguments.run)
    spec = run.read_spec()
    with DatasetStore(run.resolve(spec.data.dataset)) as store:
        rows = load_examples(store, spec.data, Silent()).test[: arguments.inputs]
    loaded = Systems(device=Device.CPU).load(run.path, Silent())
    prompts = loaded.prompts([row.source for row in rows])
    decoding = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=NEW, line_breaks=True)
    texts = decode(loaded.system, prompts, decoding, Silent()).texts
    with torch.inference_mode(), loaded.system.active():
        every = list(range(len(prompts)))
        stepper = TransformersStepper(loaded.system, every, prompts, beams=1)
        logits = stepper.admit(every).float()
    tokenizer = loaded.system.backbone.tokenizer

    def show(title: str, answer: dict[str, Any]) -> None:
        theirs = torch.tensor(answer["logits"])[:, : logits.shape[1]]
        kl = torch.nn.functional.kl_div(
            theirs.log_softmax(1), logits.log_softmax(1), log_target=True, reduction="batchmean"
        )
        equal = 0
        for made, text in zip(answer["made"], texts, strict=True):
            end = made.index(tokenizer.eos_token_id) if tokenizer.eos_token_id in made else NEW
            equal += tokenizer.decode(made[:end], skip_special_tokens=True).strip() == text.strip()
        difference = float((theirs - logits).abs().max())
        print(f"{title:52s} {difference:9.2g} {float(kl):9.2g} {equal:3d} of {len(texts)}")

    print(f"{'':52s} {'logit':>9s} {'KL':>9s} equal outputs")
    with tempfile.TemporaryDirectory() as name:
        gguf: Path | None = None
        for number, flash in ((CacheType.F32, False), (CacheType.F32, True), (CacheType.F16, True)):
            if importlib.util.find_spec("llama_cpp") is None:
                print("llama-cpp-python is not installed")
                break
            out = Path(name) / f"{number.value}-{flash}"
            command = ExportPrefix(
                str(run.path), "llamacpp", str(out), gguf=str(gguf or ""),
                write_gguf=None if gguf else CacheType.F32, cache_type=number,
                flash_attention=flash,
            )  # fmt: skip
            export_prefix(command, Silent())
            gguf = gguf or next(out.glob("*.gguf"))
            job = {
                "cache": str(out / "prefix.slot"),
                "kind": "slot",
                "flash": flash,
                "type": int(number is CacheType.F16),
                "prompts": prompts,
                "new": NEW,
            }
            words = f"{number.value} cache, flash attention {'on' if flash else 'off'}"
            show(f"llama.cpp, f32 GGUF, {words}", other("llama", model=str(gguf), **job))
            if number is CacheType.F16:
                for file in arguments.quantised:
                    show(f"llama.cpp, {file.name}, {words}", other("llama", model=str(file), **job))
        if importlib.util.find_spec("mlx_lm") is not None:
            out = Path(name) / "mlx"
            export_prefix(
                ExportPrefix(str(run.path), "mlx", str(out), cache_type=CacheType.F32), Silent()
            )
            cache = str(out / "prompt_cache.safetensors")
            job = {"cache": cache, "prompts": prompts, "new": NEW}
            model = str(folder_of(spec.backbone))
            show("mlx-lm, f32 weights, f32 cache", other("mlx", model=model, **job))


def other(runtime: str, **job: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HELPER), runtime],
        input=json.dumps(job), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
