"""The Playground's commands that need a backbone."""

from __future__ import annotations

from engine.contract.protocol.playground import (
    AttentionShares,
    MeasureAttention,
    OutputsStreamed,
    StreamOutputs,
)
from engine.contract.tasks.all import check_writes
from engine.decoding.handlers import shared_systems
from engine.playground.attending import attention_shares
from engine.playground.loading import SystemCache
from engine.playground.streaming import stream
from engine.reporter import PartReporter, Reporter

_caches: list[SystemCache] = []


def stream_outputs(command: StreamOutputs, reporter: PartReporter) -> OutputsStreamed:
    """Decode one input with several systems, and send each token as it comes.

    Raises:
        UserError: more is asked for than may be.
        Cancelled: through the reporter, between tokens.
    """
    return stream(command, _cache(), reporter)


def measure_attention(command: MeasureAttention, reporter: Reporter) -> AttentionShares:
    """What each token of an output attended to.

    Raises:
        UserError: the system cannot be loaded, or its attention cannot be reached; or text and
            tokens do not fit its positions.
    """
    loaded = _cache().load(command.system, reporter)
    check_writes(loaded.task, loaded.title)
    reporter.update(0, 1, "passes", "measuring attention")
    return attention_shares(
        loaded, command.text, command.token_ids, layer=command.layer, head=command.head
    )


def _cache() -> SystemCache:
    """Of this process, around the systems that all its commands share."""
    systems = shared_systems()
    if not _caches or _caches[0].systems is not systems:
        _caches[:] = [SystemCache(systems)]
    return _caches[0]
