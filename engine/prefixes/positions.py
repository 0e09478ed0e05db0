"""Which positions of a prefix matter: loss and outputs without each of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from engine.backbones.loading import Backbone
from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.methods.prefix import Placement
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.prefixes import MeasurePositions, PositionEffect, PositionReport
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.all import check_writes, decoding_of
from engine.data.examples import load_examples
from engine.decoding.decoder import decode
from engine.decoding.handlers import shared_systems
from engine.methods.attention import KeyValues
from engine.methods.base import counted_positions
from engine.methods.prefix import SavedPrefix
from engine.prefixes.loading import read_prefix, run_of
from engine.reporter import Reporter, Silent
from engine.tasks.generation.encoding import PromptTokenizer
from engine.tasks.generation.held_out import held_out_loss


class PrefixWithoutPosition(SavedPrefix):
    """A prefix of which one position is not seen; those behind it stay where they are.

    Args:
        hidden: the position, from 0 in the longest layer; shorter layers have the last ones.
    """

    def __init__(self, backbone: Backbone, key_values: KeyValues, *, hidden: int) -> None:
        super().__init__(backbone, key_values)
        longest = max(entries.shape[2] for entries in key_values.values())
        self._visible = {}
        for site, entries in self._saved.items():
            length = entries.shape[2]
            numbers = torch.arange(longest - length, longest, device=entries.device)
            self._visible[site] = (numbers != hidden)[None]

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Let the backbone see all of the prefix but one position."""
        entries = {site: tensor[None] for site, tensor in self._saved.items()}
        with self._attention.attached(entries, visible=self._visible):
            yield

    @contextlib.contextmanager
    def batch(
        self, rows: Sequence[int], mask: torch.Tensor, behind: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """Tokens stand where they stand behind the whole prefix."""
        yield counted_positions(mask) + self.position_offset

    def fast(self, rows: Sequence[int]) -> None:
        """None: some of what stands before the tokens is not seen."""
        return


def measure_positions(command: MeasurePositions, reporter: Reporter) -> PositionReport:
    """Loss on validation rows and outputs, whole and without each position.

    Raises:
        UserError: no finished run with a prefix and validation rows, or an infix.
        Cancelled: the user gave up.
    """
    path = home_path(command.run)
    run = run_of(path) or RunFolder(path)
    spec = run.read_spec()
    key_values, card = read_prefix(str(run.path))
    check_writes(card.task, card.name)
    if card.as_prefix()[0].position is Placement.INFIX:
        raise UserError(
            "positions-of-an-infix",
            "{name!r} is an infix, and only a prefix can be measured without its positions. "
            "Choose a prefix.",
            name=card.name,
        )
    for name, value in (("rows", command.rows), ("outputs", command.outputs)):
        if value < 1:
            raise UserError(
                "positions-too-few",
                "The number of {what} is {value}. It must be 1 or more.",
                what=name,
                value=value,
            )
    with DatasetStore(run.resolve(spec.data.dataset)) as store:
        inputs = load_examples(store, spec.data, reporter).valid
    if not inputs:
        raise UserError(
            "positions-without-rows",
            "The run {run} has no validation rows, on which the positions could be measured. "
            "Choose a run with some.",
            run=run.path,
        )
    loaded = shared_systems().load(run.path, reporter)
    backbone = loaded.system.backbone
    held_out = PromptTokenizer(backbone, spec.data).held_out(inputs[: command.rows])
    rows = held_out.rows[: command.rows]
    shown = inputs[: command.outputs]
    prompts = held_out.prompts[: command.outputs]
    length = max(entries.shape[2] for entries in key_values.values())
    decoding = DecodingSpec(
        strategy=Strategy.GREEDY,
        max_new_tokens=decoding_of(spec.task).max_new_tokens,
        line_breaks=decoding_of(spec.task).line_breaks,
    )

    def measured(system: SavedPrefix) -> tuple[float, tuple[str, ...]]:
        loss = held_out_loss(system, rows, spec.training.batch_size, Silent())
        return loss, tuple(decode(system, prompts, decoding, Silent()).texts)

    loss, outputs = measured(SavedPrefix(backbone, key_values))
    effects = []
    for position in range(length):
        reporter.update(position, length, "positions", "Measuring without each position")
        without = PrefixWithoutPosition(backbone, key_values, hidden=position)
        effects.append(PositionEffect(position, *measured(without)))
    return PositionReport(
        loss, len(rows), tuple(item.source for item in shown), outputs, tuple(effects)
    )
