"""Whether a prefix is whole, fits its backbone, and computes the same on every way it can go."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
from transformers import DynamicCache

from engine.backbones.catalog import describe_folder
from engine.backbones.fingerprint import fingerprint_of
from engine.backbones.loading import Backbone
from engine.backbones.paths import folder_of
from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.prefixes import Check, ExportPrefix, Verified, VerifyPrefix
from engine.contract.runs.cards import Card, PositionScheme
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.all import task_info
from engine.data.examples import load_examples
from engine.data.prompt import prompt_named
from engine.data.tallies import counted
from engine.decoding.decoder import decode
from engine.decoding.handlers import shared_systems
from engine.decoding.processors import SearchInput
from engine.decoding.stepper import TransformersStepper
from engine.exchange import native
from engine.exchange.foreign import ForeignForm
from engine.exchange.handlers import export_prefix
from engine.exchange.reading import prefix_folder_of, read_any
from engine.exchange.runtimes.transformers_cache import FILE as CACHE_FILE
from engine.methods.attention import KeyValues, attention_of
from engine.methods.base import System
from engine.methods.making import make_method
from engine.methods.prefix import SavedPrefix
from engine.prefixes.answers import check_answers
from engine.prefixes.loading import backbone_named, run_of
from engine.reporter import Reporter, Silent
from engine.training import checkpoint
from engine.training.checkpoint_files import read_state

INPUTS = 3
TOLERANCE = {torch.float32: 1e-3}
OTHER_TOLERANCE = 0.25
"""Of logits in half precision."""
_DECODING = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=20)
_PLAIN = ("name : Blue Spice | food : French", "Berlin | capital of | Germany", "A short text.")
"""Inputs where the prefix's own data is not here."""


def verify_prefix(command: VerifyPrefix, reporter: Reporter) -> Verified:
    """Check files and backbone, then what three inputs become on every way there and back.

    The prefix as it was trained is among the ways where the run's checkpoint is still there.

    Raises:
        UserError: what is wrong with it, its backbone is not here to be compared, or a way changes
            an output.
        Cancelled: the user gave up.
    """
    folder = prefix_folder_of(home_path(command.path))
    card, whole = check_files(folder, reporter)
    run = run_of(folder)
    if task_info(card.task).answer is not AnswerKind.TEXT:
        where = run.path if run is not None else folder
        check, inputs = check_answers(where, run, _PLAIN, reporter)
        backbone = shared_systems().load_any(where, reporter).system.backbone
        _refuse_differences(card, [check], backbone, inputs=len(inputs))
        words = _words(whole, "of its task", [check], inputs=len(inputs), unfolded=True)
        return Verified(words, inputs, (check,))
    loaded = shared_systems().load(run.path if run is not None else folder, reporter)
    inputs, whose = _inputs(run)
    prompts = loaded.prompts(inputs)
    trial = _Trial(loaded.system, prompts)
    checks = []
    unfolded = _unfolded(run, card, loaded.system.backbone)
    if unfolded is not None:
        checks.append(trial.check("not folded, from its checkpoint", unfolded))
    with tempfile.TemporaryDirectory(prefix="verify-") as name:
        for form, title in (
            ("native", "native"),
            ("peft", "PEFT"),
            ("transformers", "transformers"),
        ):
            reporter.update(len(checks), 4, "checks", f"Exported as {title}")
            out = Path(name) / form
            source = str(run.path if run is not None else folder)
            try:
                export_prefix(ExportPrefix(source, form, str(out)), Silent())
            except UserError:  # a format that cannot hold it; exporting says so
                continue
            way = f"exported as {title} and read again"
            if form == "transformers":
                cache = safetensors.torch.load_file(out / CACHE_FILE)
                logits = _behind_cache(loaded.system.backbone, cache, prompts)
                checks.append(trial.check_logits(way, logits))
                continue
            form_of = ForeignForm(backbone=str(loaded.system.backbone.folder))
            again, _ = read_any(out, form_of if form == "peft" else ForeignForm(), Silent())
            checks.append(trial.check(way, _system(loaded.system.backbone, again, card)))
    _refuse_differences(card, checks, loaded.system.backbone, inputs=len(inputs))
    words = _words(whole, whose, checks, inputs=len(inputs), unfolded=unfolded is not None)
    return Verified(words, inputs, tuple(checks))


class _Trial:
    """The prefix's own outputs and logits, to compare others with."""

    def __init__(self, system: System, prompts: Sequence[Sequence[int]]) -> None:
        self._prompts = prompts
        self._logits = _logits(system, prompts)
        self._texts = decode(system, prompts, _DECODING, Silent()).texts

    def check(self, way: str, system: System) -> Check:
        texts = decode(system, self._prompts, _DECODING, Silent()).texts
        equal = sum(own == other for own, other in zip(self._texts, texts, strict=True))
        difference = (_logits(system, self._prompts) - self._logits).abs().max()
        return Check(way, float(difference), equal)

    def check_logits(self, way: str, logits: torch.Tensor) -> Check:
        """As `check`, of what gives no outputs: the next word counts as one."""
        difference = float((logits - self._logits).abs().max())
        equal = int((logits.argmax(dim=1) == self._logits.argmax(dim=1)).sum())
        return Check(way, difference, equal)


@torch.inference_mode()
def _logits(system: System, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
    """Of the first new token, by transformers' own pass: [inputs, vocabulary]."""
    inputs = [SearchInput(row, row, prompt, _DECODING) for row, prompt in enumerate(prompts)]
    with system.active():
        return TransformersStepper(system, beams=1).admit(inputs).float().cpu()


@torch.inference_mode()
def _behind_cache(
    backbone: Backbone, cache: dict[str, torch.Tensor], prompts: Sequence[Sequence[int]]
) -> torch.Tensor:
    """The same behind the exported cache, as a program without this one computes them."""
    model = backbone.model
    attention_of(model)
    rows = []
    for prompt in prompts:
        layers = [
            tuple(
                cache[f"{side}.{layer}"].to(model.device, model.dtype) for side in ("key", "value")
            )
            for layer in range(len(cache) // 2)
        ]
        ids = torch.tensor([list(prompt)], device=model.device)
        output = model(input_ids=ids, past_key_values=DynamicCache(layers))
        rows.append(output.logits[0, -1].float().cpu())
    return torch.stack(rows)


def _system(backbone: Backbone, key_values: KeyValues, card: Card) -> SavedPrefix:
    method, shape = card.as_prefix()
    shifted = shape.positions is PositionScheme.AFTER_PREFIX
    return SavedPrefix(backbone, key_values, position=method.position, shifted=shifted)


def _unfolded(run: RunFolder | None, card: Card, backbone: Backbone) -> System | None:
    """The prefix as it was trained, where its checkpoint is still there."""
    latest = checkpoint.latest(run.checkpoints) if run is not None else None
    if run is None or latest is None:
        return None
    best = read_state(latest).best_step
    if best is None:
        return None
    method = make_method(backbone, card.method, seed=run.read_spec().training.seed)
    checkpoint.load_best(run.checkpoints, best, method.trainable())
    method.set_training(False)
    return method


def _inputs(run: RunFolder | None) -> tuple[tuple[str, ...], str]:
    """Three inputs and whose they are: the run's data where it is here."""
    if run is not None:
        spec = run.read_spec()
        dataset = run.resolve(spec.data.dataset)
        if dataset.is_file():
            with DatasetStore(dataset) as store:
                examples = load_examples(store, spec.data, Silent())
            sources = [row.source for row in (*examples.test, *examples.valid)]
            sources += [row.source for row in examples.train[:INPUTS]]
            texts = tuple(dict.fromkeys(sources))[:INPUTS]
            if texts:
                return texts, "of its data"
    return _PLAIN, "of this program (its data is not here)"


def _refuse_differences(
    card: Card, checks: Sequence[Check], backbone: Backbone, *, inputs: int
) -> None:
    limit = TOLERANCE.get(backbone.model.dtype, OTHER_TOLERANCE)
    exact = backbone.model.dtype is torch.float32
    for check in checks:
        if check.largest_difference > limit or (exact and check.equal_outputs < inputs):
            raise UserError(
                "prefix-outputs-differ",
                "The prefix {name!r} gives other outputs when it is {way}: the largest difference "
                "of a logit is {difference:.2g}, and {equal} of {inputs} outputs are equal. "
                "Train it again, and please report this.",
                name=card.name,
                way=check.way,
                difference=check.largest_difference,
                equal=check.equal_outputs,
                inputs=inputs,
            )


def _words(whole: str, whose: str, checks: Sequence[Check], *, inputs: int, unfolded: bool) -> str:
    ways = "; ".join(
        f"{check.way} (largest difference of a logit {check.largest_difference:.2g}, "
        f"{check.equal_outputs} of {inputs} outputs equal)"
        for check in checks
    )
    without = (
        ""
        if unfolded
        else " Its checkpoint is not here any more, so it was not compared with its unfolded form."
    )
    return f"{whole} On {counted(inputs, 'input')} {whose} it gives the same {ways}.{without}"


def check_files(folder: Path, reporter: Reporter) -> tuple[Card, str]:
    """Check that a prefix is whole, and that the backbone on this machine is its own.

    Returns:
        The card, and a sentence on both.

    Raises:
        UserError: what is wrong with it, or that its backbone is not here to be compared.
    """
    key_values, card = native.read(folder)
    numbers = sum(entries.numel() for entries in key_values.values())
    whole = (
        f"The prefix {card.name!r} is whole: {len(key_values)} tensors, {numbers} numbers, all "
        f"finite, sha256 {card.tensors_sha256[:12]}…"
    )
    backbone = folder_of(backbone_named(folder, card))
    if backbone is None:
        raise UserError(
            "prefix-backbone-absent",
            "The files of the prefix {name!r} are whole, but its backbone {backbone} is not on "
            "this machine, so it is not known whether they fit. Fetch the backbone, or import the "
            "prefix again with the folder of its backbone.",
            name=card.name,
            backbone=card.backbone,
        )
    prompt_named(card.prompt)
    shape = describe_folder(backbone).shape
    method, own = card.as_prefix()
    fits = set(key_values) == set(native.sites_of(shape, method))
    same_heads = (own.kv_heads, own.head_width) == (shape.kv_heads, shape.head_width)
    fingerprint = fingerprint_of(backbone, reporter) if card.backbone_fingerprint else ""
    if fingerprint == card.backbone_fingerprint and not (fits and same_heads):
        raise UserError(
            "prefix-does-not-fit",
            "The files of the prefix {name!r} are whole, but do not fit the {backbone} on this "
            "machine. Choose the backbone it was trained on.",
            name=card.name,
            backbone=card.backbone,
        )
    if not fingerprint:
        sentence = (
            f"{whole}; it has the shape of the {card.backbone} on this machine, but does not say "
            "on which weights it was trained."
        )
        return card, sentence
    if fingerprint != card.backbone_fingerprint:
        raise UserError(
            "backbone-changed",
            "The prefix {name!r} is whole, but the {backbone} on this machine (fingerprint "
            "{found:.12}…) is not the backbone it was trained on (fingerprint {expected:.12}…).",
            name=card.name,
            backbone=card.backbone,
            found=fingerprint,
            expected=card.backbone_fingerprint,
        )
    sentence = f"{whole}; its backbone {card.backbone} is on this machine, and the same."
    return card, sentence
