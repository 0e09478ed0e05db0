"""The glossary of CONTRIBUTING.md, held against names and docstrings."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("app", "engine", "workers")

RETIRED_NAMES = {
    "one", "found", "told", "taken", "usual", "place", "look", "picture", "keep", "kept", "stored",
    "desk", "rival", "rivals", "twin", "doctor", "colour", "tokeniser",
}  # fmt: skip
"""Parts of identifiers: the noun itself, `default_…`, `index`, `saved`, `icon` say it better."""
RETIRED_TEXTS = re.compile(
    r"\b(told|desk|rivals?|twin|doctor|strangers?|usual one|looked (at|for)|a (first )?look|"
    r"given up|fault of this program|of yours)\b"
)
"""In docstrings and comments."""
CLEAN = (
    "app",
    "engine",
    "workers",
)
"""Files and folders where the retired words are gone; this list only grows."""
ALLOWED = {
    "SamplesTaken", "stored", "stored_bytes", "stored_parameters",  # of file formats
    "FileNotFoundError", "PackageNotFoundError", "ZIP_STORED",  # of libraries
}  # fmt: skip


def files(*paths: str) -> Iterator[Path]:
    for path in paths:
        whole = ROOT / path
        yield from sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of what a file defines: variables, arguments, functions, classes, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name


def parts(name: str) -> set[str]:
    """The words of an identifier, in lower case."""
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))


def test_retired_words_do_not_come_back_as_names() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} {name}"
        for file in files(*CLEAN)
        for line, name in names(ast.parse(file.read_text(encoding="utf-8")))
        if name not in ALLOWED and parts(name) & RETIRED_NAMES
    ]
    assert wrong == [], "see the glossary of CONTRIBUTING.md"


def test_retired_words_do_not_come_back_in_docstrings() -> None:
    wrong = []
    for file in files(*CLEAN):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    word = RETIRED_TEXTS.search(text)
                    if word is not None:
                        wrong.append(f"{file.relative_to(ROOT)}:{node.lineno} {word[0]}")
    assert wrong == [], "see the glossary of CONTRIBUTING.md"


def test_no_two_public_classes_have_one_name() -> None:
    definitions = defaultdict(list)
    for file in files(*ROOMS):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                definitions[node.name].append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert {name: where for name, where in definitions.items() if len(where) > 1} == {}
