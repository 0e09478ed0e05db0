"""The thread that searches: one batch for all requests, whatever their prefixes."""

from __future__ import annotations

import logging
import threading

import torch

from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import stepper_of
from engine.decoding.search import Finished, Streamed, search
from engine.serving.jobs import JobEnded, JobQueue, OutputPiece
from engine.serving.metrics import Metrics
from engine.serving.prefixes import ServedPrefixes

log = logging.getLogger(__name__)


class SearchThread:
    """Continuous batching: jobs enter the batch between two tokens, and leave it likewise.

    Args:
        served: the prefixes, by row.
        batch_size: outputs that are made at a time.
    """

    def __init__(
        self, served: ServedPrefixes, queue: JobQueue, metrics: Metrics, *, batch_size: int
    ) -> None:
        served.system.backbone.check_writes()
        self._system, self._queue, self._metrics = served.system, queue, metrics
        self._decoding = DecodingSpec(strategy=Strategy.GREEDY, batch_size=batch_size)
        self._prefixes = range(len(served.by_name))
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the token that is being made."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._queue.is_closed:
            try:
                self._search()
            except Exception:
                log.exception("the search failed; it begins anew")
            self._queue.fail_running("The server could not go on with this output.")

    @torch.inference_mode()
    def _search(self) -> None:
        backbone = self._system.backbone
        with self._system.active():
            events = search(
                stepper_of(self._system, self._prefixes),
                self._queue,
                self._decoding,
                end=backbone.tokenizer.eos_token_id,
                start=backbone.decoder_start_id if backbone.is_encoder_decoder else None,
                line_breaks=backbone.line_break_ids,
            )
            for event in events:
                self._report(event)

    def _report(self, event: Finished | Streamed) -> None:
        job = self._queue.running_job(event.index)
        transcript = job.transcript
        if isinstance(event, Streamed):
            self._metrics.count_tokens(job.row, generated=1)
            transcript.add(event)
            if job.streams and (text := transcript.piece()):
                new = tuple(transcript.details[job.reported_tokens :])
                job.reported_tokens = len(transcript.details)
                job.report(OutputPiece(text, new))
            return
        self._queue.done(event.index)
        text = transcript.end()
        if job.streams and (rest := transcript.piece()):
            job.report(OutputPiece(rest, tuple(transcript.details[job.reported_tokens :])))
        is_cut = len(event.tokens) >= job.decoding.max_new_tokens and not transcript.is_stopped
        details = tuple(transcript.details)
        job.report(JobEnded(text, details, transcript.tokens, is_cut))
