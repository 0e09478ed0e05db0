"""From words on the command line to a `RunSpec`, by the contract's table of options."""

from __future__ import annotations

import argparse
import enum
from dataclasses import fields, replace
from typing import Any, NoReturn

from engine.cli.columns import add_input_options, add_reference_option
from engine.cli.data_options import add_answer_options
from engine.contract.errors import UserError
from engine.contract.exports import EXPORT_NAMES, EXPORTS
from engine.contract.methods.all import METHODS_BY_NAME
from engine.contract.options import (
    OPTIONS,
    answers_of,
    field_path,
    option_value,
    parse_value,
    value_at,
    value_text,
)
from engine.contract.protocol.prefixes import CacheType
from engine.contract.runs.scores import Encoder
from engine.contract.schema import SettingField, settings_of
from engine.contract.specs.data import (
    DataSpec,
    Linearisation,
    Mapping,
    Split,
    SplitKind,
)
from engine.contract.specs.run import RunSpec, default_training, new_run_id
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.all import TaskSpec, task_for, task_info
from engine.exchange.foreign import ForeignForm

DEFAULT_BACKBONE = "smollm2-135m-instruct"


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise `UserError` instead of printing the usage and leaving."""
        raise UserError(
            "bad-arguments",
            "{problem}. See {command} --help.",
            problem=message[:1].upper() + message[1:],
            command=self.prog,
        )


def add_run_options(parser: argparse.ArgumentParser, *, choose_method: bool = True) -> None:
    """The options of `train` that describe a run; those of `study` leave out the method."""
    data = parser.add_argument_group("data")
    add_input_options(data)
    data.add_argument(
        "--target",
        metavar="COL",
        help="the column to learn (input and target both left out: guessed by name and content)",
    )
    add_answer_options(data)
    add_reference_option(data)
    data.add_argument("--split-column", metavar="COL", help='a column of "train", "valid", "test"')
    data.add_argument("--category-column", metavar="COL", help="a column of categories")
    data.add_argument(
        "--unseen",
        action="append",
        default=[],
        metavar="CATEGORY",
        help="hold this category out for testing",
    )
    method = parser.add_argument_group("method")
    method.add_argument(
        "--backbone",
        default=DEFAULT_BACKBONE,
        metavar="NAME|DIR",
        help=f"default {DEFAULT_BACKBONE}; `backbones list` shows all",
    )
    if choose_method:
        method.add_argument(
            "--method", choices=tuple(METHODS_BY_NAME), default="prefix", help="default prefix"
        )
    groups = {"data": data, "method": method}
    for field, item in OPTIONS.items():
        room = field.partition(".")[0]
        if room not in groups:
            groups[room] = parser.add_argument_group(room)
        _add(groups[room], item)


def add_encoder_options(parser: argparse.ArgumentParser) -> None:
    """The options of `score` and `study` that say what BERTScore compares by."""
    group = parser.add_argument_group("bertscore")
    group.add_argument("--encoder", metavar="DIR", help="folder of an encoder, or a cached hub id")
    group.add_argument(
        "--encoder-layer", metavar="N", help="layer whose output is used, or last (the default)"
    )
    group.add_argument(
        "--idf",
        action=argparse.BooleanOptionalAction,
        help="weigh tokens by how rare they are (default no)",
    )


def encoder_of(arguments: argparse.Namespace, known: Encoder | None = None) -> Encoder:
    """What `add_encoder_options` gave; what is not given stays as it is known.

    Raises:
        UserError: the layer is neither a number nor "last".
    """
    known = known or Encoder()
    layer, text = known.layer, arguments.encoder_layer
    if text == "last":
        layer = None
    elif text is not None:
        layer = parse_value(int, "--encoder-layer", text)
    idf = known.idf if arguments.idf is None else arguments.idf
    return Encoder.from_text(arguments.encoder or known.name, layer, idf=idf)


def add_decoding_options(parser: argparse.ArgumentParser) -> None:
    """The options of `decode` that change how a run decodes."""
    group = parser.add_argument_group("decoding (default: as in the run)")
    for item in settings_of(DecodingSpec):
        _add(group, item)


def run_spec(
    arguments: argparse.Namespace,
    *,
    dataset: str,
    fingerprint: str,
    mapping: Mapping,
    linearisation: Linearisation | None = None,
) -> RunSpec:
    """The run that the arguments describe.

    Args:
        linearisation: what the options start from; None is the default.

    Raises:
        UserError: a value does not read as its type, is outside its range, or belongs to
            another method.
    """
    method = METHODS_BY_NAME[arguments.method].default(mapping.answer)
    task = task_for(mapping.answer)
    split = Split()
    if arguments.unseen:
        if arguments.category_column is None:
            raise UserError(
                "unseen-without-category-column",
                "--unseen needs --category-column COL, the column of the categories.",
            )
        split = Split(kind=SplitKind.CATEGORY, unseen_categories=tuple(arguments.unseen))
    elif arguments.split_column is not None:
        split = Split(kind=SplitKind.COLUMN)
    spec = RunSpec(
        run_id=new_run_id(),
        backbone=arguments.backbone,
        method=method,
        data=DataSpec(dataset, fingerprint, mapping, linearisation or Linearisation(), split=split),
        training=default_training(method, task),
        task=task,
    )
    # The default training follows the method as the options leave it: "direct" has its own rate.
    training = default_training(apply(spec, arguments).method, task)
    spec = apply(replace(spec, training=training), arguments)
    spec.check_trainable()
    return spec


def add_foreign_options(parser: argparse.ArgumentParser) -> None:
    """The options of `decode` and `import` that say what a folder by another program does not."""
    group = parser.add_argument_group("prefixes by another program (default: as in the folder)")
    group.add_argument(
        "--backbone",
        metavar="NAME|DIR",
        help="what it was trained on, if that has another name or folder here",
    )
    for field, item in OPTIONS.items():
        if field.startswith(_WRITTEN):
            _add(group, item)


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """The options of `export`."""
    where = "; ".join(f"{info.name}: {info.where}" for info in EXPORTS)
    parser.description = f"Where a format can be used. {where}"
    parser.add_argument("--format", choices=EXPORT_NAMES, default="native")
    parser.add_argument("--out", required=True, metavar="DIR")
    cache = parser.add_argument_group("llama.cpp and MLX")
    cache.add_argument("--gguf", metavar="MODEL.gguf", default="", help="llamacpp: the backbone")
    kinds = tuple(kind.value for kind in CacheType)
    cache.add_argument("--write-gguf", choices=kinds, help="llamacpp: write the backbone too")
    cache.add_argument("--cache-type", choices=kinds, default=CacheType.F16.value,
                       help="numbers of the cache (default f16, as llama.cpp has it)")  # fmt: skip
    cache.add_argument(
        "--no-flash-attention",
        action="store_true",
        help="llamacpp: for a server that runs with -fa off",
    )


def form_of(arguments: argparse.Namespace) -> ForeignForm:
    """What `add_foreign_options` gave.

    Raises:
        UserError: a value is none of those that there are.
    """
    given = [
        (field.split("."), value)
        for field, value in _given(arguments, _NO_DATA, room="data.")
        if f"data.{field}".startswith(_WRITTEN)
    ]
    data, names = _replaced(_NO_DATA, given), {path[0] for path, _ in given}
    return ForeignForm(
        backbone=arguments.backbone or "",
        prompt=data.prompt if "prompt" in names else None,
        linearisation=data.linearisation if "linearisation" in names else None,
    )


def decoding_spec(decoding: DecodingSpec, arguments: argparse.Namespace) -> DecodingSpec:
    """The run's decoding with what the arguments change."""
    return replace(decoding, **dict(_given(arguments, decoding, room="decoding.")))


def refuse_decoding_options(arguments: argparse.Namespace, task: TaskSpec) -> None:
    """Raise `UserError` for an option of decoding beside a task that writes no texts."""
    for dotted, _ in _given(arguments, DecodingSpec(), room="decoding."):
        raise _of_another_task(OPTIONS[f"decoding.{dotted}"].flag, task)


def _of_another_task(flag: str, task: TaskSpec) -> UserError:
    return UserError(
        "option-of-another-task",
        "{option} does not apply to --task {task}. Leave it out.",
        option=flag,
        task=task_info(task).answer.value,
    )


def apply(spec: RunSpec, arguments: argparse.Namespace) -> RunSpec:
    """The spec with every option that was given."""
    changes = [(field_path(field), value) for field, value in _given(arguments, spec)]
    changed: RunSpec = _replaced(spec, changes)
    return changed


def _given(arguments: argparse.Namespace, spec: object, *, room: str = "") -> list[tuple[str, Any]]:
    """Fields whose options were given, without their room, and their values."""
    given = []
    for dotted, item in OPTIONS.items():
        text = getattr(arguments, item.flag.removeprefix("--").replace("-", "_"), None)
        if text is None or not dotted.startswith(room):
            continue
        field = dotted.removeprefix(room)
        if isinstance(spec, RunSpec) and task_info(spec.task).answer not in answers_of(dotted):
            raise _of_another_task(item.flag, spec.task)
        try:
            present = value_at(spec, field)
        except KeyError as error:
            raise UserError(
                "option-of-another-method",
                "{option} does not apply to --method {method}. Leave it out.",
                option=item.flag,
                method=arguments.method,
            ) from error
        given.append((field, option_value(item, item.flag, text, present)))
    return given


def _replaced(value: Any, changes: list[tuple[list[str], Any]]) -> Any:
    """A dataclass with nested fields replaced, each dataclass rebuilt once."""
    news: dict[str, Any] = {}
    for field in fields(value):
        inner = [(path[1:], new) for path, new in changes if path[0] == field.name]
        if not inner:
            continue
        if inner[0][0]:
            news[field.name] = _replaced(getattr(value, field.name), inner)
        else:
            news[field.name] = inner[0][1]
    return replace(value, **news) if news else value


def _add(group: argparse._ArgumentGroup, item: SettingField) -> None:
    """A switch for a bool field, else an option that takes a word."""
    setting = item.setting
    if item.kind is bool:
        change = "off" if item.default else "on"
        text = f"Switches {change} “{setting.label}”. {setting.help}"
        group.add_argument(item.flag, action="store_true", default=None, help=_escaped(text))
        return
    if issubclass(item.kind, enum.Enum):
        metavar = "|".join(str(member.value) for member in item.kind)
    else:
        metavar = "TEXT" if item.kind is str else "N"
    facts = [setting.allowed] if setting.is_bounded else []
    if item.optional:
        facts.append(f"none: {setting.none}")
    if item.default not in (None, ""):
        facts.append(f"default {value_text(item.default)}")
    text = f"{setting.help} [{'; '.join(facts)}]" if facts else setting.help
    group.add_argument(item.flag, metavar=metavar, help=_escaped(text))


def _escaped(text: str) -> str:
    """As `argparse` has to be given it."""
    return text.replace("%", "%%")


_WRITTEN = ("data.prompt", "data.linearisation.")
"""Fields that say how an input is written."""
_NO_DATA = DataSpec("", "", Mapping(()))
