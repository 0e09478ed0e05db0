"""The command line: what the window does, on the same engine and the same `RunSpec`.

Exit codes: 0 done, 1 an unexpected error, 2 something the user can fix (one sentence on
standard error), 130 stopped with Ctrl+C.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence

from engine.cli.arguments import (
    Parser,
    add_decoding_options,
    add_encoder_options,
    add_export_options,
    add_foreign_options,
    add_run_options,
)
from engine.cli.columns import add_input_options, add_reference_option
from engine.cli.console import EscapedFormatter, complain
from engine.cli.data_options import DATA, add_data_option
from engine.cli.later import Verb, later
from engine.cli.prefix_verbs import add_prefix_verbs
from engine.cli.reading import add_reading_options
from engine.contract.errors import Cancelled, UserError
from engine.contract.metrics import METRICS, default_metrics
from engine.contract.schema import settings_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.studies.recipes import RECIPES, StudyKind, StudySettings
from engine.environment import prepare_environment

EXIT_OUR_FAULT, EXIT_USER, EXIT_STOPPED = 1, 2, 130

_METRICS_BY_TASK = "; ".join(
    f"{','.join(default_metrics(kind))} of {kind.value}" for kind in AnswerKind
)


def are_paths(words: Sequence[str]) -> bool:
    """Whether the words are files and folders, for the window to open; a verb's name is a verb."""
    return words[0] not in _verbs() and all(map(os.path.exists, words))


def _verbs() -> Sequence[str]:
    actions = make_parser()._actions
    return [str(verb) for action in actions for verb in action.choices or ()]


def call(argv: Sequence[str]) -> int:
    """Run the verb in `argv`; its exit code.

    Raises:
        UserError: the verb, its options or its files cannot be used.
    """
    if argv and not argv[0].startswith("-") and argv[0] not in _verbs():
        raise UserError(
            "unknown-verb",
            "{word!r} is neither a file or folder nor a verb. The verbs are {verbs}. "
            "See python main.py --help.",
            word=argv[0][:80],
            verbs=", ".join(_verbs()),
        )
    arguments = make_parser().parse_args(argv)
    verb: Verb = arguments.verb
    return verb(arguments)


def run(argv: Sequence[str]) -> int:
    """Call the verb in `argv`, and print what went wrong; the exit code of the program."""
    handler = logging.StreamHandler()
    handler.setFormatter(EscapedFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.ERROR, handlers=[handler])
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    prepare_environment()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that it cannot show ends no run
            stream.reconfigure(errors="replace")
    try:
        return call(argv)
    except UserError as error:
        complain(error)
        return EXIT_USER
    except (KeyboardInterrupt, Cancelled):
        print("stopped", file=sys.stderr)
        return EXIT_STOPPED
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OUR_FAULT
    except Exception:
        logging.getLogger(__name__).exception("unexpected error; please report it")
        return EXIT_OUR_FAULT


def make_parser() -> Parser:
    """The parser of all verbs."""
    parser = Parser(
        prog="python main.py",
        usage="%(prog)s [-h] [FILE | FOLDER | VERB ...]",
        description="Prefix-tuning from a CSV to a prefix file. Without a verb: the window, with "
        "the data file, project, run or prefix folder that is named.",
    )
    verbs = parser.add_subparsers(
        title="verbs", metavar="VERB", required=True, prog="python main.py"
    )
    _training_verbs(verbs)
    _study_verb(verbs)
    _output_verbs(verbs)
    _prefix_verbs(verbs)
    _serving_verb(verbs)
    return parser


def _training_verbs(verbs: argparse._SubParsersAction[Parser]) -> None:
    verb = verbs.add_parser("try", help="the whole job on the shipped sample, without a window")
    verb.add_argument(
        "--out", metavar="DIR", help="project folder to make (default projects/try-…)"
    )
    verb.add_argument("--prefix-only", action="store_true", help="without the baseline")
    verb.set_defaults(verb=later("trying", "try_sample"))

    verb = verbs.add_parser("train", help="train a prefix, or fine-tune, on a data file")
    add_data_option(verb, required=True)
    verb.add_argument("--out", required=True, metavar="RUN_DIR", help="run folder to make")
    verb.add_argument("--name", help="name of the run (default: its method)")
    add_reading_options(verb)
    add_run_options(verb)
    verb.set_defaults(verb=later("training", "train"))

    verb = verbs.add_parser("resume", help="continue a run from its last checkpoint")
    verb.add_argument("run", metavar="RUN_DIR")
    verb.set_defaults(verb=later("training", "resume"))


def _study_verb(verbs: argparse._SubParsersAction[Parser]) -> None:
    verb = verbs.add_parser(
        "study",
        help="train the runs of one of the paper's figures or tables, and draw it",
        description="Runs that are finished in the project are not trained again, so the same "
        "command continues a study that was stopped, and --data may then be left out. "
        + " ".join(f"{kind.value}: {recipe.question}" for kind, recipe in RECIPES.items()),
    )
    verb.add_argument("kind", choices=[kind.value for kind in StudyKind], metavar="KIND",
                     help=", ".join(kind.value for kind in StudyKind))  # fmt: skip
    verb.add_argument("--project", required=True, metavar="DIR", help="made if it is not there")
    add_data_option(verb, required=False)
    verb.add_argument("--name", help="to tell studies of a kind apart (default: the kind)")
    for item in settings_of(StudySettings):
        default = " ".join(map(str, item.default))
        verb.add_argument(
            item.flag,
            type=item.kind,
            nargs="+",
            action="extend" if item.kind is str else "store",
            metavar="TEXT" if item.kind is str else "N",
            help=f"{_studies_with(item.name)}{item.setting.help} (default {default})",
        )
    verb.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        help=f"{_studies_with('methods')}what is compared, each as in train, with options as in "
        "adapter:budget=3 (default prefix finetune)",
    )
    verb.add_argument(
        "--samples",
        type=int,
        default=0,
        metavar="N",
        help="draw the training rows N times, each trained with every seed (default 0: each "
        "seed draws its own)",
    )
    verb.add_argument(
        "--metrics",
        metavar="NAMES",
        help=f"comma-separated, as in score (default {_METRICS_BY_TASK})",
    )
    add_encoder_options(verb)
    verb.add_argument(
        "--no-training", action="store_true", help="only draw what is finished, and score it"
    )
    add_reading_options(verb)
    add_run_options(verb, choose_method=False)
    verb.set_defaults(verb=later("studies", "study"), method="prefix")


def _studies_with(setting_name: str) -> str:
    """The kinds of study that read a setting; "" where all do."""
    kinds = [kind.value for kind, recipe in RECIPES.items() if setting_name in recipe.settings]
    return f"{', '.join(kinds)}: " if kinds else ""


def _output_verbs(verbs: argparse._SubParsersAction[Parser]) -> None:
    verb = verbs.add_parser(
        "decode",
        help="write texts for the rows of a table, or a run's outputs for a file with references",
        description="A file with references gives an outputs file: each distinct input, its output "
        "and references, scored. A file without gives the file's own table with a column of "
        "texts; stopped at any point, the same command continues it.",
    )
    verb.add_argument(
        "system",
        metavar="RUN_DIR",
        help="a finished run, or a prefix folder; with --prefix-column, a folder of such folders",
    )
    verb.add_argument(
        "--data", required=True, metavar="FILE", help=f"the inputs: {DATA}; - is standard input"
    )
    verb.add_argument(
        "--out",
        required=True,
        metavar="OUT.jsonl",
        help="one JSON object per line; a table if it ends in .csv or .xlsx",
    )
    verb.add_argument(
        "--match",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="the column of a table without references that holds a field of the prefix, or "
        "FIELD= for none; repeat it (default: by name)",
    )
    columns = verb.add_argument_group("columns (default: as in the run)")
    add_input_options(columns)
    columns.add_argument("--target", metavar="COL", help="the references")
    columns.add_argument("--category-column", metavar="COL", help="the categories")
    add_reference_option(columns)
    columns.add_argument(
        "--prefix-column",
        metavar="COL",
        help="the name of each row's prefix, a folder in RUN_DIR: many prefixes in one batch",
    )
    add_reading_options(verb)
    verb.add_argument("--limit", type=int, metavar="N", help="decode the first N inputs only")
    verb.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    add_foreign_options(verb)
    add_decoding_options(verb)
    verb.set_defaults(verb=later("outputs", "decode"))

    verb = verbs.add_parser(
        "score",
        help="score an outputs file, or test two against each other",
        description="Two files: the second minus the first, with 95 % interval and p of a paired "
        "bootstrap over the rows that both have. Metrics and their scales: "
        + "; ".join(f"{info.name} {info.scale_text}" for info in METRICS)
        + ".",
    )
    verb.add_argument(
        "outputs",
        metavar="OUT.jsonl",
        nargs="+",
        help="one file, or two: JSON lines of this or another program, or one text per line",
    )
    verb.add_argument(
        "--references",
        action="append",
        default=[],
        metavar="FILE",
        help="the references: one line per output, or one block per output with blank lines "
        "between; repeat it for several files",
    )
    verb.add_argument(
        "--task",
        choices=[kind.value for kind in AnswerKind],
        help="what the outputs are: a text, a label, a tag for each word, or a span of the input "
        "(default: as they were scored before, or as the metrics need; else text)",
    )
    verb.add_argument(
        "--metrics",
        help=f"comma-separated names of metrics (default {_METRICS_BY_TASK}); "
        + "; ".join(
            f"{info.name} needs {info.needs_text}" for info in METRICS if info.is_demanding
        ),
    )
    verb.add_argument(
        "--details",
        action="store_true",
        help="print precision, recall and F1 of each label or entity type too, and what was "
        "predicted in place of what",
    )
    verb.add_argument(
        "--tokenizer",
        default="auto",
        metavar="NAME",
        help="how bleu and nist divide texts: auto (by their script, the default), 13a, intl, "
        "char, zh, ja-mecab, ko-mecab or flores200",
    )
    verb.add_argument("--by", choices=("category",), help="score each category separately too")
    verb.add_argument(
        "--unseen",
        action="append",
        default=[],
        metavar="CATEGORY",
        help="score seen and unseen categories separately too; repeat it for several",
    )
    verb.add_argument("--json", action="store_true", help="print one JSON object")
    add_encoder_options(verb)
    verb.set_defaults(verb=later("scoring", "score"))


def _prefix_verbs(verbs: argparse._SubParsersAction[Parser]) -> None:
    verb = verbs.add_parser("export", help="write what a run trained as a folder to pass on")
    verb.add_argument("source", metavar="RUN_DIR", help="a finished run, or a prefix folder")
    add_export_options(verb)
    verb.set_defaults(verb=later("prefixes", "export"))

    verb = verbs.add_parser(
        "import",
        help="import a prefix folder (native, PEFT), .prefix.zip or hub:OWNER/NAME",
    )
    verb.add_argument("path", metavar="PREFIX")
    verb.add_argument("--project", required=True, metavar="DIR")
    add_foreign_options(verb)
    verb.set_defaults(verb=later("prefixes", "import_"))

    verb = verbs.add_parser("prefix", help="look into a prefix, mix two, pack one, or push it")
    add_prefix_verbs(verb.add_subparsers(title="verbs", metavar="VERB", required=True))

    verb = verbs.add_parser("backbones", help="list or fetch backbones")
    kinds = verb.add_subparsers(title="verbs", metavar="VERB", required=True)
    kinds.add_parser("list").set_defaults(verb=later("backbones", "list_"))
    fetch = kinds.add_parser("fetch")
    fetch.add_argument("name", metavar="NAME")
    fetch.set_defaults(verb=later("backbones", "fetch"))


def _serving_verb(verbs: argparse._SubParsersAction[Parser]) -> None:
    verb = verbs.add_parser(
        "serve",
        help="answer requests over HTTP with trained prefixes",
        description="An OpenAI-compatible server: a model for each prefix, over one backbone.",
    )
    verb.add_argument(
        "prefixes",
        nargs="+",
        metavar="PREFIX",
        help="a finished run or a prefix folder; NAME=DIR serves it under another name",
    )
    verb.add_argument(
        "--backbone", metavar="NAME|DIR", help="what they were trained on, if not as in the folder"
    )
    verb.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1: this machine alone")
    verb.add_argument("--port", type=int, default=8321, metavar="N", help="default 8321; 0: any")
    verb.add_argument(
        "--api-key-file",
        metavar="FILE",
        help="holds the key that clients must send; needed where --host is not this machine alone "
        "(or the environment variable PREFIX_WORKBENCH_API_KEY)",
    )
    numbers = {
        "--batch-size": (16, "outputs that are made at a time"),
        "--queue": (256, "outputs that may wait; more are answered with status 429"),
        "--timeout": (300, "seconds that a request may take"),
    }
    for flag, (default, about) in numbers.items():
        text = f"{about} (default {default})"
        verb.add_argument(flag, type=int, default=default, metavar="N", help=text)
    verb.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    # For the window: a server must not outlive the program that started it.
    verb.add_argument("--stop-with-input", action="store_true", help=argparse.SUPPRESS)
    verb.set_defaults(verb=later("serving", "serve"))
