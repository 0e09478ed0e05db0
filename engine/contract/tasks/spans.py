"""A stretch of the source that answers a question, or no answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.errors import UserError
from engine.contract.metrics import default_metrics, validation_metrics
from engine.contract.schema import check_settings, setting
from engine.contract.specs.answer import AnswerKind
from engine.contract.tasks.info import TaskInfo
from engine.contract.tasks.readouts import HeadSpec


@dataclass(frozen=True)
class SpanSpec:
    """How long sources are read, and which stretch is the answer (Devlin et al. 2019, 4.2 and 4.3).

    Raises:
        UserError: a value outside its range, naming both; or windows that do not overlap.
    """

    window_tokens: int = setting(
        384,
        label="Window",
        help="Tokens of question and source that are read at once; a longer source is read in "
        "windows that overlap.",
        unit="tokens",
        low=16,
    )
    stride_tokens: int = setting(
        128,
        label="Overlap",
        help="Tokens that neighbouring windows share.",
        unit="tokens",
        low=0,
    )
    max_answer_tokens: int = setting(
        30, label="Longest answer", help="Most tokens in an answer.", unit="tokens", low=1
    )
    null_threshold: float = setting(
        0.0,
        label="No-answer threshold",
        help="There is no answer where the score of none exceeds the best stretch's by more than "
        "this.",
        step=0.5,
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.stride_tokens >= self.window_tokens // 2:
            raise UserError(
                "windows-overlap-too-much",
                "stride_tokens is {stride_tokens}, half of window_tokens {window_tokens} or more. "
                "Lower the first or raise the second.",
                stride_tokens=self.stride_tokens,
                window_tokens=self.window_tokens,
            )


@dataclass(frozen=True)
class SpanTask:
    """A head scores each token of the source as the answer's first and as its last.

    Attributes:
        may_be_unanswerable: whether a training row had no answer, so that none may be predicted.
    """

    may_be_unanswerable: bool = False
    span: SpanSpec = field(default_factory=SpanSpec)
    head: HeadSpec = field(default_factory=HeadSpec)


SPANS = TaskInfo(
    spec=SpanTask,
    name="span",
    title="A stretch of the text",
    answer=AnswerKind.SPAN,
    parts=(("span", SpanSpec), ("head", HeadSpec)),
    metrics=default_metrics(AnswerKind.SPAN),
    quick_metrics=validation_metrics(AnswerKind.SPAN),
)
