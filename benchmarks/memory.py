"""Peak memory of training steps above the loaded backbone, in a process of its own.

    python benchmarks/memory.py --data e2e/trainset.csv --side prefix

Sides: prefix (ours), peft, finetune. The batch is the 8 longest of the first 600 rows. Linux only:
the kernel's high-water mark is reset once the backbone is loaded.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SIDES = ("prefix", "peft", "finetune")


def peak_in_a_process(data: Path, side: str) -> int:
    """Bytes above the loaded backbone."""
    command = [sys.executable, __file__, "--data", str(data), "--side", side]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return int(done.stdout.split()[-1])


def kernel_bytes(name: str) -> int:
    """VmRSS or VmHWM of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {name} in /proc/self/status")


def measure(data: Path, side: str) -> int:
    """Three steps on the largest batch."""
    import torch

    from benchmarks import speed_against_peft as shared
    from engine.contract.methods.finetune import FinetuneMethod
    from engine.contract.methods.prefix import PrefixMethod
    from engine.methods.making import make_method

    loaded = shared.backbone("smollm2-135m-instruct")
    chosen = sorted(shared.rows(data, loaded.tokenizer, 600), key=len)[-8:]
    before = kernel_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    if side == "peft":
        loaded.model.set_attn_implementation("sdpa")
        model = shared.peft_model(loaded.model, 5, projection=True)
        trained = [p for p in model.parameters() if p.requires_grad]
        step = shared.peft_step(
            model, loaded.tokenizer.pad_token_id, torch.optim.AdamW(trained, lr=1e-3)
        )
    else:
        spec = PrefixMethod(prefix_length=5) if side == "prefix" else FinetuneMethod()
        method = make_method(loaded, spec, seed=0)
        optimiser = torch.optim.AdamW(method.trainable().values(), lr=1e-5, fused=True)
        step = shared.our_step(method, optimiser)
    for _ in range(3):
        step(chosen)
    return kernel_bytes("VmHWM") - before


def main() -> int:
    """Print the bytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--side", choices=SIDES, required=True)
    given = parser.parse_args()
    print(measure(given.data, given.side))
    return 0


if __name__ == "__main__":
    sys.exit(main())
