"""All tasks: a new one is named here, and in `engine/tasks/making.py`."""

from __future__ import annotations

from engine.contract.errors import UserError
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.generation import GENERATION, GenerationTask
from engine.contract.tasks.info import TaskInfo
from engine.contract.tasks.labels import LABELS, LabelTask
from engine.contract.tasks.spans import SPANS, SpanTask
from engine.contract.tasks.tags import TAGS, TagTask
from engine.contract.tasks.words import ReadoutKind

TaskSpec = GenerationTask | LabelTask | TagTask | SpanTask
TASKS = (GENERATION, LABELS, TAGS, SPANS)
_INFOS = {info.spec: info for info in TASKS}
_BY_ANSWER = {info.answer: info for info in TASKS}


def task_info(task: TaskSpec) -> TaskInfo:
    """What there is to say of a spec's task."""
    return _INFOS[type(task)]


def task_for(answer: AnswerKind) -> TaskSpec:
    """The task that predicts this, with its defaults."""
    task: TaskSpec = _BY_ANSWER[answer].spec()
    return task


def writes(task: TaskSpec) -> bool:
    """Whether texts are written; else answers are predicted."""
    return task_info(task).answer is AnswerKind.TEXT


def reads_states(task: TaskSpec) -> bool:
    """Whether answers are read off hidden states, and not off the scores of words."""
    by_words = isinstance(task, LabelTask) and task.words.readout is ReadoutKind.WORDS
    return not writes(task) and not by_words


def reads_category(task: TaskSpec) -> bool:
    """Whether an input is answered by the head of its category."""
    return isinstance(task, LabelTask | TagTask) and task.head.per_category and reads_states(task)


def read_columns(mapping: Mapping, task: TaskSpec) -> tuple[Column, ...]:
    """The columns that a system reads: the inputs, then the category where that decides."""
    category = mapping.named(Role.CATEGORY) if reads_category(task) else ()
    return (*mapping.inputs, *(Column(name, Role.CATEGORY) for name in category))


def decoding_of(task: TaskSpec) -> DecodingSpec:
    """How its texts are decoded; the defaults where none is written."""
    return task.decoding if isinstance(task, GenerationTask) else DecodingSpec()


def check_writes(task: TaskSpec, name: str) -> None:
    """Refuse a system that predicts something else where texts are to be written.

    Args:
        name: how the system is called.

    Raises:
        UserError: it is one.
    """
    if not writes(task):
        raise UserError(
            "system-does-not-write",
            "{name!r} was trained for another task ({task}) and writes no texts. Choose a system "
            "that does, or predict a file with it: `python main.py decode {name} --data FILE`.",
            name=name,
            task=task_info(task).title.lower(),
        )
