"""Training and decoding with a prefix, ours against PEFT's, on the same rows in one process.

Full fine-tuning, ours against transformers' Trainer, too.

    python benchmarks/speed_against_peft.py --data e2e/trainset.csv            all of it
    python benchmarks/speed_against_peft.py --data e2e/trainset.csv training   one part

The data is an E2E file, or a table whose last column is the text. Parts: training, finetuning,
greedy, beam, beam-to-end, long-prefix, prefixes, memory. Both sides take turns, step by step, so
that a machine whose speed drifts does not favour one; the ratio of medians is what to quote. Before
anything is timed, the losses and the tokens of both sides are compared. PEFT runs as its
documentation has it: prefix_projection with the same width, labels -100 on the prompt, right
padding, rows in the order of the file. Where numbers are compared and where it decodes, PEFT has
our prefix, as an export would give it. `scripts/gpu-check` measures on a GPU with these functions.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch
from peft import PrefixTuningConfig, TaskType, get_peft_model
from transformers import Trainer, TrainerCallback, TrainingArguments

from benchmarks.memory import peak_in_a_process
from engine.backbones.loading import Backbone, load_backbone
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.data.linearising import linearise
from engine.data.meaning import parse_meaning
from engine.data.prompt import prompt_named
from engine.decoding.decoder import decode
from engine.decoding.stepper import padded as padded_prompts
from engine.methods.making import make_method
from engine.methods.per_row import PrefixPerRow
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from engine.tasks.generation.batches import TokenRow, collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from engine.training.epochs import Epochs

CPU = torch.device("cpu")
Step = Callable[[list[TokenRow]], float]


def backbone(
    name: str, *, device: torch.device = CPU, dtype: torch.dtype = torch.float32
) -> Backbone:
    """A backbone, in float32 unless another format is asked for."""
    return load_backbone(name, device=device, dtype=dtype, reporter=Silent())


def rows(path: Path, tokenizer: object, count: int) -> list[TokenRow]:
    """The first rows of an E2E file, or of another table, as tokens."""
    prompt = prompt_named()
    made = []
    with open(path, encoding="utf-8", newline="") as stream:
        for record in csv.DictReader(stream):
            *fields, (_, target) = record.items()
            parts = parse_meaning(record["mr"]) if "mr" in record else fields
            source = linearise(parts, (), Linearisation())
            made.append(
                token_row(
                    prompt.encode_source(tokenizer, source, 512),
                    prompt.encode_target(tokenizer, target, 256)[0],
                )
            )
            if len(made) == count:
                break
    return made


def rows_of_sources(path: Path, tokenizer: object, count: int) -> list[TokenRow]:
    """All rows of the first sources of an E2E file, in the order of the file."""
    with open(path, encoding="utf-8", newline="") as stream:
        meanings = [record["mr"] for record in csv.DictReader(stream)]
    chosen = set(list(dict.fromkeys(meanings))[:count])
    numbers = [number for number, meaning in enumerate(meanings) if meaning in chosen]
    every = rows(path, tokenizer, numbers[-1] + 1)
    return [every[number] for number in numbers]


def our_step(method: Any, optimiser: torch.optim.Optimizer) -> Step:
    """Loss of a batch of the program, its gradient, and the optimiser's step."""

    def step(batch_rows: list[TokenRow]) -> float:
        batch = collate_for(method.backbone, batch_rows)
        with method.active():
            loss = loss_sum(method, batch) / batch.targets
            loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    return step


def peft_step(model: Any, pad: int, optimiser: torch.optim.Optimizer) -> Step:
    """The same, of a model of PEFT."""

    def step(batch_rows: list[TokenRow]) -> float:
        loss = model(**padded(batch_rows, pad, device=model.device)).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    return step


def padded(
    batch_rows: Sequence[TokenRow], pad: int, *, device: torch.device = CPU
) -> dict[str, torch.Tensor]:
    """Rows as a collator for causal language models pads them."""
    width = max(map(len, batch_rows))
    ids = torch.full((len(batch_rows), width), pad)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for index, row in enumerate(batch_rows):
        ids[index, : len(row)] = torch.tensor([*row.source, *row.target])
        mask[index, : len(row)] = 1
        labels[index, len(row.source) : len(row)] = torch.tensor(row.target)
    batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    return {name: tensor.to(device) for name, tensor in batch.items()}


class Sides:
    """The program's prefix and PEFT's, each on a backbone of its own, and the rows.

    The prefix has been trained for `trained` steps of 8 rows.
    """

    def __init__(
        self,
        given: argparse.Namespace,
        *,
        prefix_length: int,
        trained: int = 0,
        device: torch.device = CPU,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.length, self.device = prefix_length, device
        self.ours = PrefixTuning(
            backbone(given.backbone, device=device, dtype=dtype),
            PrefixMethod(prefix_length=prefix_length),
            seed=0,
        )
        self._backbone = backbone(given.backbone, device=device, dtype=dtype)
        self._backbone.model.set_attn_implementation("sdpa")
        self.tokenizer = self._backbone.tokenizer
        self.rows = rows(given.data, self.tokenizer, 600)
        self.theirs = peft_model(self._backbone.model, prefix_length, projection=False)
        if trained:
            parameters = self.ours.trainable().values()
            step = our_step(self.ours, torch.optim.AdamW(parameters, lr=5e-4, fused=True))
            next_step = of(grouped(self.rows, 8), step)
            for _ in range(trained):
                next_step()
        folded = [entries.permute(2, 0, 1, 3).flatten(1) for entries in self.ours.folded().values()]
        with torch.no_grad():
            self.theirs.prompt_encoder["default"].embedding.weight.copy_(torch.cat(folded, dim=1))

    def projected(self) -> torch.nn.Module:
        """PEFT's prefix with its MLP, to train; `theirs` cannot be used any more."""
        return peft_model(self.theirs.get_base_model(), self.length, projection=True)

    @property
    def prompts(self) -> list[list[int]]:
        """16 sources that differ."""
        distinct = list(dict.fromkeys(tuple(row.source) for row in self.rows))
        return [list(source) for source in distinct[:: max(1, len(distinct) // 16)][:16]]

    def peft_decode(self, settings: dict[str, Any]) -> list[list[int]]:
        """PEFT's `generate` on the prompts, padded on the left."""
        end = self.tokenizer.eos_token_id
        ids, mask = padded_prompts(self._backbone, self.prompts)
        with torch.no_grad():
            output = self.theirs.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=False,
                pad_token_id=self.tokenizer.pad_token_id,
                **settings,
            )
        new = [row[ids.shape[1] :].tolist() for row in output]
        return [row[: row.index(end)] if end in row else row for row in new]


def peft_model(model: Any, length: int, *, projection: bool) -> Any:
    """PEFT's prefix on a model of transformers."""
    config = PrefixTuningConfig(
        task_type=TaskType.CAUSAL_LM,
        num_virtual_tokens=length,
        prefix_projection=projection,
        encoder_hidden_size=512,
    )
    return get_peft_model(model, config)


def synchronise() -> None:
    """Wait until a GPU, if there is one, has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def turns(
    sides: dict[str, Callable[[], object]], count: int, *, warm_up: int = 1
) -> dict[str, float]:
    """The median seconds of each side, one after the other again and again."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(warm_up + count):
        for name, side in sides.items():
            synchronise()
            start = time.perf_counter()
            side()
            synchronise()
            if number >= warm_up:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def report(what: str, medians: dict[str, float], against: str = "PEFT") -> None:
    """Seconds and ratios."""
    print(what)
    for name, median in medians.items():
        print(f"  {name:44s} {median:7.3f} s   {against} / this: {medians[against] / median:.2f}")


def of(batches: Sequence[list[TokenRow]], step: Step) -> Callable[[], float]:
    """The step on one batch after the other."""
    numbers = iter(range(10**6))
    return lambda: step(batches[next(numbers) % len(batches)])


def in_file_order(every: Sequence[TokenRow], size: int) -> list[list[TokenRow]]:
    """Whole batches."""
    return [list(every[at : at + size]) for at in range(0, len(every) - size + 1, size)]


def grouped(every: Sequence[TokenRow], size: int) -> list[list[TokenRow]]:
    """40 batches as the program makes them."""
    epochs = Epochs(every, size, accumulation_steps=1, seed=0)
    return [epochs.step_batches(step)[0] for step in range(40)]


class TrainingSteps:
    """Steps of both sides, PEFT's with an MLP; `difference` is of losses of the same prefix."""

    def __init__(self, sides: Sides) -> None:
        self.ours = our_step(
            sides.ours, torch.optim.AdamW(sides.ours.trainable().values(), lr=0.0, fused=True)
        )
        pad, first = sides.tokenizer.pad_token_id, in_file_order(sides.rows, 8)[:3]
        with torch.no_grad():
            theirs = [
                float(sides.theirs(**padded(rows, pad, device=sides.device)).loss) for rows in first
            ]
        ours = [self.ours(rows) for rows in first]
        self.difference = max(abs(a / b - 1) for a, b in zip(ours, theirs, strict=True))
        model = sides.projected()
        trainable = [p for p in model.parameters() if p.requires_grad]
        self.theirs = peft_step(model, pad, torch.optim.AdamW(trainable, lr=0.0, fused=True))


def training(given: argparse.Namespace) -> None:
    """A step at batch 8, prefix 5: as the file has the rows, grouped by length, sources shared."""
    sides = Sides(given, prefix_length=5)
    steps = TrainingSteps(sides)
    print(f"losses of the same prefix differ by {steps.difference:.1e} at most")
    plain, by_length = in_file_order(sides.rows, 8), grouped(sides.rows, 8)
    several = rows_of_sources(given.data, sides.tokenizer, 80)
    together = Epochs(
        several, 8, accumulation_steps=1, seed=0, together=None,
        source_of=lambda row: row.source.tobytes(),
    )  # fmt: skip
    shared = [together.step_batches(step)[0] for step in range(40)]
    report(
        "training step, batch 8, prefix 5",
        turns(
            {
                "PEFT": of(plain, steps.theirs),
                "PEFT, batches grouped by length": of(by_length, steps.theirs),
                "ours, batches as they come": of(plain, steps.ours),
                "ours": of(by_length, steps.ours),
            },
            given.steps,
        ),
    )
    plain = in_file_order(several, 8)
    report(
        f"the same where inputs have {len(several) / 80:.1f} texts",
        turns(
            {
                "PEFT": of(plain, steps.theirs),
                "PEFT, texts of an input together": of(shared, steps.theirs),
                "ours, texts of an input together": of(shared, steps.ours),
            },
            given.steps,
        ),
    )


class TrainerSteps(TrainerCallback):  # type: ignore[misc]
    """Steps of transformers' Trainer at batch 8, timed by itself; rows in the order given."""

    def __init__(self, model: Any, rows: Sequence[TokenRow], *, pad: int, folder: str) -> None:
        settings = TrainingArguments(
            output_dir=folder, per_device_train_batch_size=8, learning_rate=0.0, max_steps=1,
            optim="adamw_torch_fused", train_sampling_strategy="sequential", use_cpu=True,
            save_strategy="no", logging_strategy="no", report_to=[], disable_tqdm=True,
            remove_unused_columns=False,
        )  # fmt: skip
        self._trainer = Trainer(
            model, settings, train_dataset=list(rows), callbacks=[self],
            data_collator=lambda chosen: padded(chosen, pad),
        )  # fmt: skip
        self._began_s = 0.0
        self.seconds: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self._began_s = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Read it."""
        self.seconds.append(time.perf_counter() - self._began_s)

    def run(self, steps: int) -> list[float]:
        """Seconds of each step but the first, which makes the optimiser's state."""
        self.seconds.clear()
        self._trainer.args.max_steps = steps + 1
        self._trainer.train()
        return self.seconds[1:]


def finetuning(given: argparse.Namespace) -> None:
    """A step of full fine-tuning at batch 8: Trainer's batches, and ours on both sides."""
    ours = make_method(backbone(given.backbone), FinetuneMethod(), seed=0)
    model = backbone(given.backbone).model.train().requires_grad_(True)
    model.set_attn_implementation("sdpa")
    tokenizer = ours.backbone.tokenizer
    every = rows(given.data, tokenizer, 600)
    epochs = Epochs(every, 8, accumulation_steps=1, seed=0)
    batches = [epochs.step_batches(step)[0] for step in range(given.rounds * 5)]
    pad = tokenizer.pad_token_id
    optimiser = torch.optim.AdamW(ours.trainable().values(), lr=0.0, fused=True)
    step = our_step(ours, optimiser)
    with torch.no_grad():
        theirs = float(model(**padded(batches[0], pad)).loss)
    print(f"losses differ by {abs(step(batches[0]) / theirs - 1):.1e}")
    times: dict[str, list[float]] = {"Trainer": [], "Trainer, our batches": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            now = batches[5 * number : 5 * number + 5]
            plain = every[40 * number : 40 * number + 40]
            same = [row for batch in now for row in batch]
            for name, chosen in (("Trainer", plain), ("Trainer, our batches", same)):
                times[name] += TrainerSteps(model, chosen, pad=pad, folder=folder).run(4)
            for batch in now[1:]:
                start = time.perf_counter()
                step(batch)
                times["ours"].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    report("step of full fine-tuning, batch 8", medians, against="Trainer")


def decoding(
    given: argparse.Namespace,
    what: str,
    prefix_length: int,
    spec: DecodingSpec,
    *,
    trained: int = 0,
) -> None:
    """16 inputs."""
    sides = Sides(given, prefix_length=prefix_length, trained=trained)
    equal, medians = decoding_turns(sides, spec, given.rounds)
    count = len(sides.prompts)
    what = f"{what}, {count} inputs, prefix {prefix_length}: {equal} of {count} outputs equal"
    report(what, medians)


def decoding_turns(sides: Sides, spec: DecodingSpec, rounds: int) -> tuple[int, dict[str, float]]:
    """How many outputs are equal, and the median seconds of each side."""
    settings: dict[str, Any] = {
        "max_new_tokens": spec.max_new_tokens,
        "min_new_tokens": spec.min_new_tokens,
        "num_beams": spec.num_beams if spec.strategy is Strategy.BEAM else 1,
    }
    theirs = [
        sides.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        for tokens in sides.peft_decode(settings)
    ]
    ours = decode(sides.ours, sides.prompts, spec, Silent()).texts
    both = {
        "PEFT": lambda: sides.peft_decode(settings),
        "ours": lambda: decode(sides.ours, sides.prompts, spec, Silent()),
    }
    equal = sum(a == b for a, b in zip(ours, theirs, strict=True))
    return equal, turns(both, rounds, warm_up=0)


def prefixes(given: argparse.Namespace) -> None:
    """16 inputs behind eight prefixes in one batch, and behind one."""
    loaded = backbone(given.backbone)
    made = [
        PrefixTuning(loaded, PrefixMethod(prefix_length=10), seed=seed).folded()
        for seed in range(8)
    ]
    prompts = [list(row.source) for row in rows(given.data, loaded.tokenizer, 400)[::25]][:16]
    spec = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=40, min_new_tokens=40)
    many = PrefixPerRow(loaded, made, [at % 8 for at in range(len(prompts))])
    one = SavedPrefix(loaded, made[0])
    medians = turns(
        {
            "one prefix": lambda: decode(one, prompts, spec, Silent()),
            "eight prefixes": lambda: decode(many, prompts, spec, Silent()),
        },
        given.rounds,
    )
    report("greedy, 16 inputs, 40 tokens", medians, against="eight prefixes")


def memory(given: argparse.Namespace) -> None:
    """Peak memory above the loaded backbone, each side in a process of its own."""
    peaks = {side: peak_in_a_process(given.data, side) for side in ("prefix", "peft", "finetune")}
    print("peak memory above the loaded backbone, batch 8 of the longest rows")
    for side, peak in peaks.items():
        print(f"  {side:44s} {peak / 1e6:7.0f} MB   prefix / this: {peaks['prefix'] / peak:.2f}")


FORCED = {"max_new_tokens": 40, "min_new_tokens": 40, "batch_size": 16}
BEAMS_TO_END = DecodingSpec(strategy=Strategy.BEAM, num_beams=5, max_new_tokens=60, batch_size=16)
TRAINED = 60
"""Steps behind which most outputs end before the limit, as a user's do."""
PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "training": training,
    "finetuning": finetuning,
    "greedy": lambda given: decoding(
        given, "greedy, 40 tokens", 10, DecodingSpec(strategy=Strategy.GREEDY, **FORCED)
    ),
    "beam": lambda given: decoding(
        given, "beam 5, 40 tokens", 10, DecodingSpec(strategy=Strategy.BEAM, num_beams=5, **FORCED)
    ),
    "beam-to-end": lambda given: decoding(
        given, "beam 5 to the end", 10, BEAMS_TO_END, trained=TRAINED
    ),
    "long-prefix": lambda given: decoding(
        given, "beam 5 to the end", 100, BEAMS_TO_END, trained=TRAINED
    ),
    "prefixes": prefixes,
    "memory": memory,
}


def run_parts(
    parts: Mapping[str, Callable[[argparse.Namespace], None]], description: str, *, steps: int
) -> int:
    """The command line of a benchmark: measures the parts that were asked for."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=[])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="smollm2-135m-instruct")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for part in given.parts or parts:
        parts[part](given)
    return 0


if __name__ == "__main__":
    sys.exit(run_parts(PARTS, __doc__, steps=12))
