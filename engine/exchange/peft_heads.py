"""The head of a task as PEFT saves it, beside the prefix of an encoder (checked against 0.21.2).

PEFT wraps transformers' class for the task and saves its head: of SEQ_CLS and TOKEN_CLS what is
called "classifier", of QUESTION_ANS "qa_outputs". That class reads tags and spans with one linear
layer. A label it reads off the first token through one hidden layer with tanh: in RoBERTa a part of
the head, in BERT the pooler of the backbone's own file, which PEFT saves where it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import safetensors

from engine.backbones.paths import folder_of
from engine.backbones.regular import read_json
from engine.backbones.tensor_files import saved_tensors
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.runs.cards import Card
from engine.contract.tasks.all import TaskSpec, reads_category, task_info
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import HeadSpec, Pooling
from engine.contract.tasks.spans import SpanTask
from engine.contract.tasks.tags import TagTask
from engine.exchange.tensors import check_finite
from engine.methods.base import Tensors

_WITH_POOLER = ("bert",)
_WITH_HIDDEN_LAYER = ("roberta", "xlm-roberta", "camembert")
MODEL_TYPES = (*_WITH_POOLER, *_WITH_HIDDEN_LAYER, "electra")
"""Encoders before which PEFT puts a prefix."""
BODIES = {
    **dict.fromkeys(_WITH_HIDDEN_LAYER, "roberta"),
    **{kind: kind for kind in ("bert", "electra", "albert", "distilbert")},
    "modernbert": "model",
}
"""What transformers' classes for a task call the encoder inside them, by its model type."""
TASKS = ("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS")
_HIDDEN, _OUTPUT = "head.hidden.0", "head.output"
_POOLER = "pooler.dense"
_PARTS = ("weight", "bias")


@dataclass(frozen=True)
class PeftHead:
    """A task's head for PEFT.

    Attributes:
        task_type: PEFT's name of the task.
        tensors: by their names in PEFT's file.
        modules: what PEFT is to save beside the prefix.
        model: transformers' class for the task, and its number of labels where it asks.
    """

    task_type: str
    tensors: Tensors
    modules: tuple[str, ...]
    model: tuple[str, int]


def peft_head(card: Card, head: Tensors, model_type: str) -> PeftHead:
    """A head in PEFT's form.

    Args:
        card: of what it was trained with.
        head: by our names; empty where the task has none.
        model_type: of the backbone; "" where it is not on this machine.

    Raises:
        UserError: PEFT has no class that reads so.
    """
    is_prefix = card.kind is ArtifactKind.PREFIX
    known = MODEL_TYPES if is_prefix else tuple(BODIES)
    if not head or model_type not in known:
        raise _not_held(card, "it has a head on these encoders alone: " + ", ".join(known))
    if reads_category(card.task):
        raise _not_held(card, "it has a single head, not a head for each category")
    # A LoRA's layers are inside the model that PEFT wraps, a prefix is beside it.
    at = "base_model." if is_prefix else "base_model.model."
    match card.task:
        case TagTask(tags=tags, head=spec) if not spec.hidden_layers:
            model = "AutoModelForTokenClassification", len(tags)
            return _made("TOKEN_CLS", head, {_OUTPUT: f"{at}classifier"}, model)
        case SpanTask(head=spec) if not spec.hidden_layers:
            model = "AutoModelForQuestionAnswering", 0
            return _made("QUESTION_ANS", head, {_OUTPUT: f"{at}qa_outputs"}, model)
        case LabelTask(labels=labels) as task if _reads_first_token(task):
            model = "AutoModelForSequenceClassification", len(labels)
            pooled = {_HIDDEN: f"{at}{model_type}.{_POOLER}", _OUTPUT: f"{at}classifier"}
            inside = {
                _HIDDEN: f"{at}classifier.dense",
                _OUTPUT: f"{at}classifier.out_proj",
            }
            if model_type in _WITH_POOLER:
                return _made("SEQ_CLS", head, pooled, model, "pooler")
            if model_type in _WITH_HIDDEN_LAYER:
                return _made("SEQ_CLS", head, inside, model)
    raise _not_held(
        card,
        "it reads tags and answers by a linear layer, and of BERT and RoBERTa one label off the "
        "first token through one hidden layer (--pooling first --head-layers 1)",
    )


def _made(
    task_type: str, head: Tensors, names: dict[str, str], model: tuple[str, int], *modules: str
) -> PeftHead:
    tensors = {
        f"{theirs}.{part}": head[f"{ours}.{part}"]
        for ours, theirs in names.items()
        for part in _PARTS
    }
    own = "qa_outputs" if task_type == "QUESTION_ANS" else "classifier"
    return PeftHead(task_type, tensors, (own, *modules), model)


def _reads_first_token(task: LabelTask) -> bool:
    return task.head.hidden_layers == 1 and task.head.pooling in (Pooling.AUTO, Pooling.FIRST)


def _not_held(card: Card, reason: str) -> UserError:
    return UserError(
        "peft-lacks-task",
        "PEFT's format cannot hold {name!r}, which was trained for another task than texts "
        "({task}): {reason}. Export it as native.",
        name=card.name,
        task=task_info(card.task).title.lower(),
        reason=reason,
    )


def task_of(task_type: str, outputs: int, folder: Path) -> TaskSpec:
    """The task of a folder that PEFT wrote.

    Its labels or tags are called as its `config.json` has them, if there is one, else by their
    numbers.

    Raises:
        UserError: that file is damaged.
    """
    names = _names_in(folder, outputs) or tuple(str(number) for number in range(outputs))
    if task_type == "TOKEN_CLS":
        return TagTask(tuple("_".join(name.split()) for name in names))
    if task_type == "QUESTION_ANS":
        return SpanTask()
    return LabelTask(names, head=HeadSpec(pooling=Pooling.FIRST, hidden_layers=1))


def _names_in(folder: Path, outputs: int) -> tuple[str, ...]:
    """What transformers calls the outputs; () where it has no names of their own for all."""
    path = folder / "config.json"
    config = read_json(path) if path.exists() else None
    names = config.get("id2label") if isinstance(config, dict) else None
    if not isinstance(names, dict) or len(names) != outputs:
        return ()
    texts = [names.get(str(number)) for number in range(outputs)]
    known = [" ".join(text.split()) for text in texts if isinstance(text, str)]
    are_numbers = known == [f"LABEL_{number}" for number in range(outputs)]
    return tuple(known) if not are_numbers and len(set(filter(None, known))) == outputs else ()


def our_head(tensors: Tensors, task: TaskSpec, *, backbone: str, path: Path) -> Tensors:
    """A head by our names.

    Args:
        tensors: PEFT's, without the prefix.
        task: of the folder.
        backbone: whose own pooler counts where PEFT has saved none.
        path: of PEFT's file, for messages.

    Raises:
        UserError: these are not the tensors of such a head.
    """
    read = {name.removeprefix("base_model."): tensor.float() for name, tensor in tensors.items()}
    ends = {"classifier.out_proj": _OUTPUT, "classifier": _OUTPUT, "qa_outputs": _OUTPUT}
    ends |= {"classifier.dense": _HIDDEN, "score": _OUTPUT}
    ours = {}
    for name, tensor in read.items():
        module, _, part = name.rpartition(".")
        own = _HIDDEN if module.endswith(_POOLER) else ends.get(module)
        if own is None or part not in _PARTS:
            raise UserError(
                "peft-head-unknown",
                "{path} holds {name}, which is no part of a head that is known here. Only a prefix "
                "and the head of its task can be imported.",
                path=path,
                name=name,
            )
        ours[f"{own}.{part}"] = tensor
    wanted = [_OUTPUT]
    if isinstance(task, LabelTask):
        wanted.append(_HIDDEN)
        if f"{_HIDDEN}.weight" not in ours:
            ours |= _pooler_of(backbone)
    parts = (f"{name}.{part}" for name in wanted for part in _PARTS)
    missing = [name for name in parts if name not in ours]
    if missing:
        raise UserError(
            "peft-head-incomplete",
            "{path} lacks {name} of the task's head, and so does the backbone. Save the adapter "
            "again with PEFT, or name the backbone that it was trained on with --backbone.",
            path=path,
            name=missing[0],
        )
    check_finite(ours, path.parent.resolve().name, what="head")
    return ours


def _pooler_of(backbone: str) -> Tensors:
    """The pooler in a backbone's file, which its loading leaves out."""
    folder = folder_of(backbone)
    pooler: Tensors = {}
    for saved in saved_tensors(folder) if folder else ():
        module, _, part = saved.name.rpartition(".")
        if module.endswith(_POOLER) and part in _PARTS:
            with safetensors.safe_open(saved.file, framework="pt") as file:
                pooler[f"{_HIDDEN}.{part}"] = file.get_tensor(saved.name).float()
    return pooler
