"""What `/metrics` says, in Prometheus' text format."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence

from engine.serving.jobs import JobQueue

_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_BEFORE = "prefix_workbench_"


class Metrics:
    """Counts of requests and tokens, and how long requests took; used by several threads.

    Args:
        models: names of the prefixes, by row.
    """

    def __init__(self, models: Sequence[str], queue: JobQueue) -> None:
        self.models = tuple(models)
        self._queue = queue
        self._lock = threading.Lock()
        self._started_s = time.time()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._tokens: Counter[tuple[str, str]] = Counter()
        self._buckets = [0] * len(_BUCKETS_S)
        self._seconds, self._count = 0.0, 0

    def count_tokens(self, row: int, *, prompt: int = 0, generated: int = 0) -> None:
        """Tokens that were read and made for a prefix."""
        with self._lock:
            self._tokens[self.models[row], "prompt"] += prompt
            self._tokens[self.models[row], "generated"] += generated

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered, or its client has gone (499)."""
        with self._lock:
            self._requests[path, status] += 1
            self._seconds += seconds
            self._count += 1
            for number, bucket in enumerate(_BUCKETS_S):
                self._buckets[number] += seconds <= bucket

    def text(self) -> str:
        """All of it."""
        with self._lock:
            requests = [
                (f'requests_total{{path="{_escaped(path)}",status="{status}"}}', count)
                for (path, status), count in sorted(self._requests.items())
            ]
            tokens = [
                (f'tokens_total{{model="{_escaped(model)}",kind="{kind}"}}', count)
                for (model, kind), count in sorted(self._tokens.items())
            ]
            seconds = [
                *(
                    (f'request_seconds_bucket{{le="{bound:g}"}}', count)
                    for bound, count in zip(_BUCKETS_S, self._buckets, strict=True)
                ),
                ('request_seconds_bucket{le="+Inf"}', self._count),
                ("request_seconds_sum", self._seconds),
                ("request_seconds_count", self._count),
            ]
        families = (
            ("requests_total", "counter", "Requests by path and HTTP status.", requests),
            ("tokens_total", "counter", "Tokens read and generated.", tokens),
            ("request_seconds", "histogram", "Time from a request to its end.", seconds),
            ("queue_length", "gauge", "Outputs waiting.", [("queue_length", self._queue.waiting)]),
            ("running", "gauge", "Outputs in the batch.", [("running", self._queue.running)]),
            (
                "start_time_seconds",
                "gauge",
                "When the server started.",
                [("start_time_seconds", self._started_s)],
            ),
        )
        lines = []
        for name, kind, about, samples in families:
            lines += [f"# HELP {_BEFORE}{name} {about}", f"# TYPE {_BEFORE}{name} {kind}"]
            lines += [f"{_BEFORE}{label} {value}" for label, value in samples]
        return "\n".join((*lines, ""))


def _escaped(text: str) -> str:
    """As the format has label values."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
