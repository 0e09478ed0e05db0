"""What there is to say of a method beside its settings: one `MethodInfo` stands with each spec."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.contract.backbone import BackboneShape
from engine.contract.errors import Remedy
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import Objective, TrainingSpec

M = TypeVar("M")


class ArtifactKind(enum.Enum):
    """What is saved of a method, as its subfolder of a run is called."""

    PREFIX = "prefix"
    """Keys and values."""
    DELTA = "delta"
    """Other tensors, to be used with the backbone."""
    MODEL = "model"
    """The whole backbone."""


@dataclass(frozen=True)
class Counts:
    """How many parameters a method has on a backbone.

    Attributes:
        trainable: with a gradient while training.
        stored: saved afterwards (the folded prefix, or all weights).
        exact: False where only the backbone's modules tell both, and the engine counts them
            (`CountParameters`); what stands here is then for the memory alone.
    """

    trainable: int
    stored: int
    exact: bool = True


@dataclass(frozen=True)
class DrawnLayer:
    """A layer as the drawing has it: what stands before the text, the text, a slim column beside.

    Attributes:
        before: tokens before the text.
        before_trained, text_trained, beside_trained: what of it is trained.
    """

    before: int = 0
    before_trained: bool = True
    text_trained: bool = False
    beside_trained: bool = False


@dataclass(frozen=True)
class Drawing:
    """A method on a backbone, drawn.

    Attributes:
        layers: from the first on; of a prefix on an encoder–decoder, its attentions.
        words: the same for those who do not see it.
        trained: label of what is trained.
        frozen: label of what is not, or "".
        maker: what makes the trained part and is dropped afterwards, such as "MLP 512", or "".
    """

    layers: tuple[DrawnLayer, ...]
    words: str
    trained: str
    frozen: str
    maker: str = ""


@dataclass(frozen=True)
class MethodInfo(Generic[M]):
    """A method.

    Attributes:
        spec: the class of its settings.
        name: its word on the command line.
        title: its name on the screen.
        help: what it trains and whose it is, in one sentence without its full stop.
        describe: a few words for a list, such as "prefix 10, MLP 512".
        counts: its parameters on a backbone; raises `UserError` where a layer is named that is
            not there.
        draw: how it looks on a backbone; raises as `counts`.
        learning_rate: the recommended peak rate, with where it comes from.
        reading_rate: the same where the answer is read by a head, which starts from nothing.
        reading: the recommended settings there, where they are not the spec's defaults.
        objective: the recommended one.
        exports: formats that can hold what it trains.
        offered: options with which a study offers it, such as "budget=3"; "" for its defaults.
        own_weights: whether it trains weights of the backbone's own, not others beside them.
        saved_as: what is saved of it.
        is_baseline: whether it is what the others are compared with.
        needs_head: whether only a task's head is trained, so that a task without one has nothing
            to train.
        memory_remedies: what may be changed of a method that needs too much memory.
    """

    spec: type[M]
    name: str
    title: str
    help: str
    describe: Callable[[M], str]
    counts: Callable[[BackboneShape, M], Counts]
    draw: Callable[[BackboneShape, M], Drawing]
    learning_rate: Callable[[M], float]
    reading_rate: Callable[[M], float]
    reading: Callable[[], M] | None = None
    objective: Objective = TrainingSpec.objective
    exports: tuple[str, ...] = ("native",)
    offered: tuple[str, ...] = ("",)
    own_weights: bool = False
    saved_as: ArtifactKind = ArtifactKind.DELTA
    is_baseline: bool = False
    needs_head: bool = False
    memory_remedies: Callable[[M], tuple[Remedy, ...]] = lambda method: ()

    def default(self, answer: AnswerKind) -> M:
        """The recommended settings where this is predicted."""
        made = self.spec if answer is AnswerKind.TEXT or self.reading is None else self.reading
        return made()

    def can_predict(self, answer: AnswerKind) -> bool:
        """Whether it has something to train where this is predicted."""
        return not self.needs_head or answer is not AnswerKind.TEXT


def counted_by_engine(_shape: BackboneShape, _method: object) -> Counts:
    """The counts of a method whose matrices a shape does not tell."""
    return Counts(0, 0, exact=False)


def draw_beside(shape: BackboneShape, *, words: str, trained: str) -> Drawing:
    """Frozen layers, each with something small that is trained in it."""
    layers = (DrawnLayer(beside_trained=True),) * shape.total_layers
    return Drawing(layers, words, trained, frozen_layers(shape.total_layers))


def draw_prompt(shape: BackboneShape, length: int, words: str) -> Drawing:
    """Embeddings before the first layer, and what frozen layers make of them."""
    behind = (DrawnLayer(length, before_trained=False),) * (shape.total_layers - 1)
    trained = f"prompt, P = {length}"
    return Drawing((DrawnLayer(length), *behind), words, trained, frozen_layers(shape.total_layers))


def frozen_layers(count: int) -> str:
    """The label of so many frozen layers."""
    return f"{count} layers, frozen"
