"""Systems to decode with, by path: a run, a prefix or delta folder, or the bare backbone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.backbones.device import choose_device, choose_dtype
from engine.backbones.entries import find_entry
from engine.backbones.explaining import explained
from engine.backbones.loading import Backbone, load_backbone
from engine.backbones.machine import physical_memory_bytes
from engine.backbones.paths import folder_of
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.runs.cards import Card, PositionScheme, TaskCard
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.data import Linearisation, Mapping, PromptForm
from engine.contract.specs.run import describe_system
from engine.contract.specs.training import DecodingSpec, Device, Precision
from engine.contract.tasks.all import TaskSpec, check_writes, decoding_of, reads_states, task_info
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import prompt_name, prompt_named
from engine.exchange import folders, native
from engine.exchange.card import is_folder_of, read_card
from engine.exchange.checking import backbone_for, refuse_other_backbone, refuse_other_sizes
from engine.exchange.foreign import ForeignForm
from engine.exchange.heads import read_head, read_task
from engine.exchange.reading import head_beside, holding_folder, read_any
from engine.methods.base import System, Tensors
from engine.methods.finetune import BareBackbone
from engine.methods.making import saved_system
from engine.methods.prefix import SavedPrefix
from engine.reporter import Reporter
from engine.tasks.reading.making import readout_of
from engine.tasks.reading.readout import Readout, ReadoutForm

DEFAULT_SOURCE_TOKENS = 512
"""Where a source is cut for a prefix that came without its run."""


@dataclass(frozen=True)
class LoadedSystem:
    """A system with what it was trained to read.

    Attributes:
        title: how a table calls it, such as "prefix 10, MLP 512".
        run_id: of the run that made it, or "".
        mapping: its inputs alone for a prefix that came without its run, None where that does not
            know them.
        trained: fingerprint of what was trained; "" for a backbone.
        task: what it predicts.
        head: of the task, by name.
    """

    system: System
    title: str
    run_id: str
    prompt: str
    linearisation: Linearisation
    mapping: Mapping | None
    decoding: DecodingSpec
    max_source_tokens: int = DEFAULT_SOURCE_TOKENS
    trained: str = ""
    task: TaskSpec = field(default_factory=GenerationTask)
    head: Tensors = field(default_factory=dict)

    def readout(self, mapping: Mapping) -> Readout[Any]:
        """What reads the answers of a task that writes no texts.

        Args:
            mapping: of the inputs' columns.

        Raises:
            UserError: the head is not that of this task on this backbone.
        """
        form = ReadoutForm(
            backbone=self.system.backbone,
            mapping=mapping,
            source_tokens=self.max_source_tokens,
            position_offset=self.system.position_offset,
        )
        readout = readout_of(self.task, form)
        readout.load(self.head)
        return readout

    def prompts(self, inputs: Sequence[str]) -> list[list[int]]:
        """Inputs as the system was trained to read them, as token ids."""
        form, tokenizer = prompt_named(self.prompt), self.system.backbone.tokenizer
        return [form.encode_source(tokenizer, text, self.max_source_tokens) for text in inputs]


class Systems:
    """Loads systems, and caches the backbones that were used last, fine-tuned ones included.

    Args:
        backbones: how many may be held, as far as they take less than half of the memory.
    """

    def __init__(
        self,
        *,
        device: Device = Device.AUTO,
        precision: Precision = Precision.AUTO,
        backbones: int = 1,
    ) -> None:
        self._device = choose_device(device)
        self._dtype = choose_dtype(precision, self._device)
        self._most = backbones
        self._cached: OrderedDict[str, Backbone] = OrderedDict()

    def holds(self, backbone: Backbone) -> bool:
        """Whether it is in memory, to be used again."""
        return any(backbone is cached for cached in self._cached.values())

    def load(self, path: Path, reporter: Reporter, form: ForeignForm | None = None) -> LoadedSystem:
        """As `load_any`, of a system that writes texts.

        Raises:
            UserError: as `load_any`; or it predicts labels, tags or spans.
        """
        loaded = self.load_any(path, reporter, form)
        check_writes(loaded.task, str(path))
        return loaded

    def load_any(
        self, path: Path, reporter: Reporter, form: ForeignForm | None = None
    ) -> LoadedSystem:
        """The system of a finished run's folder, or of a prefix or delta folder.

        Args:
            path: of the folder; PEFT's of a prefix too.
            reporter: gets the progress of loading.
            form: what the user says of its backbone and inputs instead of the folder.

        Raises:
            UserError: there is neither, or the run has nothing to decode with yet.
        """
        form = form or ForeignForm()
        if (path / "run.json").exists():
            return _with_form(self._load_run(RunFolder(path), reporter, form), form)
        if is_folder_of(ArtifactKind.DELTA, path):
            return _with_form(self._load_delta(path, None, reporter, form), form)
        if not path.is_dir() or holding_folder(path) is None:
            raise UserError(
                "neither-run-nor-prefix",
                "{path} is neither a run nor a prefix: run.json, prefix.json and delta.json "
                "are missing. Choose the folder that holds one of them.",
                path=path,
            )
        return _with_form(self._load_prefix(path, None, reporter, form), form)

    def bare(
        self, backbone: str, reporter: Reporter, *, form: PromptForm = PromptForm.NEWLINE
    ) -> LoadedSystem:
        """The backbone as it came, given its inputs in this form."""
        loaded = self._backbone(backbone, reporter)
        return LoadedSystem(
            system=BareBackbone(loaded),
            title="bare backbone",
            run_id="",
            prompt=prompt_name(form, encoder_decoder=loaded.is_encoder_decoder),
            linearisation=Linearisation(),
            mapping=None,
            decoding=DecodingSpec(),
        )

    def _load_run(self, folder: RunFolder, reporter: Reporter, form: ForeignForm) -> LoadedSystem:
        spec = folder.read_spec()
        if folder.prefix.is_dir():
            return self._load_prefix(folder.prefix, folder, reporter, form)
        if folder.delta.is_dir():
            return self._load_delta(folder.delta, folder, reporter, form)
        if not folder.model.is_dir():
            state = folder.read_status().state
            if state is RunState.FINISHED:
                raise UserError(
                    "run-without-weights",
                    "The run in {path} is finished, but what it trained is not in its folder "
                    "any more. Copy it back, or train the run again.",
                    path=folder.path,
                )
            raise UserError(
                "run-not-finished",
                "The run in {path} is {state} and has nothing to decode with yet. Let it "
                'finish first (python main.py resume "{path}").',
                path=folder.path,
                state=state.value,
            )
        card = read_task(folder.model) or TaskCard(task=spec.task)
        head = read_head(folder.model, card.head_sha256)
        backbone = self._backbone(str(folder.model), reporter)
        return LoadedSystem(
            system=BareBackbone(backbone),
            title=describe_system(spec.method, spec.task),
            run_id=spec.run_id,
            prompt=prompt_name(spec.data.prompt, encoder_decoder=backbone.is_encoder_decoder),
            linearisation=spec.data.linearisation,
            mapping=spec.data.mapping,
            decoding=decoding_of(card.task),
            max_source_tokens=spec.data.max_source_tokens,
            task=card.task,
            head=head,
        )

    def _load_prefix(
        self, path: Path, folder: RunFolder | None, reporter: Reporter, form: ForeignForm
    ) -> LoadedSystem:
        key_values, card = read_any(path, form, reporter)
        backbone = self._backbone_of(card, folder, reporter, form)
        native.check_fits(card, backbone, key_values)
        method, shape = card.as_prefix()
        shifted = shape.positions is PositionScheme.AFTER_PREFIX
        system = SavedPrefix(backbone, key_values, position=method.position, shifted=shifted)
        return _loaded(system, card, folder, head_beside(path, card))

    def _load_delta(
        self, path: Path, folder: RunFolder | None, reporter: Reporter, form: ForeignForm
    ) -> LoadedSystem:
        tensors, card = folders.read(path, ArtifactKind.DELTA)
        backbone = self._backbone_of(card, folder, reporter, form)
        refuse_other_backbone(card, backbone, what="delta")
        refuse_other_sizes(card, tensors, backbone.shape)

        def misfit(reason: str) -> UserError:
            return UserError(
                "delta-does-not-fit",
                "{path} does not fit {backbone} ({reason}). Get the delta again.",
                path=path,
                backbone=backbone.name,
                reason=reason,
            )

        if reads_states(card.task):
            backbone = backbone.read_by_states()
        with explained(misfit):
            system = saved_system(backbone, card.method, tensors)
        return _loaded(system, card, folder, read_head(path, card.head_sha256))

    def backbone_name(self, path: Path) -> str:
        """The backbone that the system of a run's, prefix's or delta's folder needs, unloaded.

        Raises:
            UserError: as `load`, as far as that is known without loading.
        """
        if (path / "run.json").exists():
            folder = RunFolder(path)
            return str(folder.model) if folder.model.is_dir() else folder.read_spec().backbone
        for kind in ArtifactKind:
            if is_folder_of(kind, path):
                return backbone_for(read_card(path, kind))
        return ""

    def is_loaded(self, name: str) -> bool:
        """Whether this backbone is in memory."""
        return _key(name) in self._cached

    def _backbone_of(
        self,
        card: Card,
        folder: RunFolder | None,
        reporter: Reporter,
        form: ForeignForm,
    ) -> Backbone:
        """The backbone that the user names, or the run, or the card."""
        if form.backbone:
            return self._backbone(form.backbone, reporter)
        name = folder.read_spec().backbone if folder is not None else backbone_for(card)
        if folder is None and find_entry(name) is None and folder_of(name) is None:
            raise UserError(
                "backbone-of-prefix-missing",
                "{name!r} was trained on the backbone {backbone!r}, which is not on this "
                "machine. Name it with --backbone NAME|DIR, or import it again with its "
                "backbone.",
                name=card.name,
                backbone=name,
            )
        return self._backbone(name, reporter)

    def _backbone(self, name: str, reporter: Reporter) -> Backbone:
        key = _key(name)
        backbone = self._cached.pop(key, None)
        if backbone is None:
            self._make_room()
            backbone = load_backbone(
                name, device=self._device, dtype=self._dtype, reporter=reporter
            )
        self._cached[key] = backbone
        return backbone

    def _make_room(self) -> None:
        """Free the backbones that were not used longest, before another is loaded."""
        sizes = {name: each.model.get_memory_footprint() for name, each in self._cached.items()}
        budget = physical_memory_bytes() // 2
        while sizes and (
            len(sizes) >= self._most or sum(sizes.values()) + max(sizes.values()) > budget
        ):
            name = next(iter(sizes))
            del sizes[name], self._cached[name]


def _key(name: str) -> str:
    """A backbone's folder, as it may have several names."""
    folder = folder_of(name)
    return name if folder is None else str(folder.resolve())


def _with_form(loaded: LoadedSystem, form: ForeignForm) -> LoadedSystem:
    """With its inputs written as the user says.

    Raises:
        UserError: a prompt form for an encoder–decoder, which has one of its own.
    """
    if form.prompt is not None:
        if loaded.system.backbone.is_encoder_decoder:
            raise UserError(
                "prompt-form-for-encoder-decoder",
                "The prompt form is {prompt!r}, but {backbone} is an encoder–decoder, which "
                "needs no separator. Leave the prompt form out.",
                prompt=form.prompt.value,
                backbone=loaded.system.backbone.name,
            )
        loaded = replace(loaded, prompt=form.prompt.value)
    if form.linearisation is not None:
        loaded = replace(loaded, linearisation=form.linearisation)
    return loaded


def _loaded(system: System, card: Card, folder: RunFolder | None, head: Tensors) -> LoadedSystem:
    """A system with what its card says, and its run where it has one."""
    spec = folder.read_spec() if folder is not None else None
    inputs = Mapping(card.inputs, task_info(card.task).answer) if card.inputs else None
    return LoadedSystem(
        system=system,
        title=describe_system(card.method, card.task),
        run_id=card.run_id,
        prompt=card.prompt,
        linearisation=card.linearisation,
        mapping=spec.data.mapping if spec else inputs,
        trained=card.tensors_sha256,
        decoding=decoding_of(card.task),
        max_source_tokens=spec.data.max_source_tokens if spec else DEFAULT_SOURCE_TOKENS,
        task=card.task,
        head=head,
    )
