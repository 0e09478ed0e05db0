"""Code asks a method's `MethodInfo`, or its class of the engine, not which method it is."""

import ast
from pathlib import Path

import pytest

from engine.contract.methods.all import METHODS

ROOT = Path(__file__).parents[2]
OWN_FILES = ("engine/contract/methods/", "engine/methods/")
SPECS = {info.spec.__name__ for info in METHODS}
FILES = [
    path
    for room in ("app", "engine", "workers")
    for path in sorted((ROOT / room).rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(OWN_FILES)
]


def names_in(node: ast.AST | None) -> set[str]:
    """The spec classes of methods that are named somewhere in it."""
    inside = ast.walk(node) if node is not None else ()
    return {one.id for one in inside if isinstance(one, ast.Name)} & SPECS


def distinctions(text: str) -> list[int]:
    """Lines that tell methods apart by their class."""
    found = []
    for node in ast.walk(ast.parse(text)):
        told = False
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
                told = bool(names_in(kinds))
            case ast.MatchClass(cls=kind):
                told = bool(names_in(kind))
            case ast.Compare(left=left, comparators=others):
                told = any(isinstance(one, ast.Name) and one.id in SPECS for one in (left, *others))
            case ast.Dict(keys=keys):
                told = any(names_in(key) for key in keys)
        if told:
            found.append(node.lineno)  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_methods_are_told_apart_in_their_own_files_alone(path: Path) -> None:
    lines = distinctions(path.read_text(encoding="utf-8"))
    assert lines == [], f"{path}: ask info_of(method) instead"


@pytest.mark.parametrize(
    "text",
    [
        "isinstance(method, LoraMethod)",
        "isinstance(method, int | LoraMethod)",
        "isinstance(spec.method, (PrefixMethod, int))",
        "match method:\n    case LoraMethod(rank=2): pass",
        "match method:\n    case PromptMethod() | PTuningMethod(): pass",
        "type(method) is BiasMethod",
        "{PrefixMethod: 5e-4}",
    ],
)
def test_distinctions_are_found(text: str) -> None:
    assert distinctions(text)


def test_making_one_is_no_distinction() -> None:
    assert not distinctions("PrefixMethod(prefix_length=3) == spec.method")
