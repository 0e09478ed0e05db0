"""Tests go through what is public, so that the parts behind it can change."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PRIVATE = re.compile(r"_(?!_)\w+")
DOCUMENTED = ("os._exit",)
"""Public, whatever it is called."""


def private_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of what a file uses of others that is theirs alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not is_own and ast.unparse(node) not in DOCUMENTED:
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and "setattr" in ast.unparse(node.func):
            for word in node.args[:2]:
                if isinstance(word, ast.Constant) and isinstance(word.value, str):
                    yield node.lineno, word.value.rpartition(".")[2]


@pytest.mark.parametrize(
    ("code", "is_private"),
    [
        ("window._bar", True),
        ("window.bar()._count = 3", True),
        ("from app.shell.startup import _build", True),
        ("monkeypatch.setattr(module, '_LIMIT', 3)", True),
        ("monkeypatch.setattr('app.module._LIMIT', 3)", True),
        ("self._count = cls._start", False),
        ("os._exit(os.EX_OK)", False),
        ("type(error).__name__, window.bar, from_, _unused", False),
        ("monkeypatch.setattr(module, 'LIMIT', '_x')", False),
    ],
)
def test_private_names_are_seen(code: str, is_private: bool) -> None:
    found = [name for _, name in private_names(ast.parse(code)) if PRIVATE.fullmatch(name)]
    assert bool(found) is is_private


def test_no_test_uses_what_is_private() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line} {name}"
        for path in sorted(TESTS.rglob("*.py"))
        for line, name in private_names(ast.parse(path.read_text(encoding="utf-8")))
        if PRIVATE.fullmatch(name)
    ]
    assert found == []
