"""Texts of files are never taken for markup: what would do so is made in one place each."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"

HOMES = {
    "RichText": {"widgets/labels.py"},
    "AutoText": {"style.py"},
    "MarkdownText": set[str](),
    "QTextBrowser": {"widgets/text_view.py", "shell/guide.py"},
    "QTextEdit": set[str](),
    "QTextDocument": {"shell/guide.py"},
    "QGraphicsTextItem": set[str](),
    "QErrorMessage": set[str](),
    "setMarkdown": set[str](),
    "insertHtml": set[str](),
    "setOpenExternalLinks": set[str](),
    "QStyledItemDelegate": {"widgets/plain_delegate.py"},
    "QItemDelegate": set[str](),
}
"""What shows a text as something else than itself, and the files that may use it."""

CAPTIONED = {
    "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "addAction", "addMenu",
    "addTab", "setTabText",
}  # fmt: skip
"""Calls whose text has mnemonics: what is put together there goes through `caption`."""


OWN_WORDS = {
    "dialogs/about.py": "names and versions of libraries",
    "dialogs/parts.py": "names of fields, given as constants",
    "pages/start.py": "titles of the window's own actions",
}
"""Files whose labels and buttons take only texts of our own through a variable."""


def files() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def names_in(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name.rpartition(".")[2])
    return found


def labels(tree: ast.AST) -> list[int]:
    """Lines where a bare QLabel is given a text that is no constant: that is a `Label`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "QLabel" and node.args:
            text = node.args[0]
            constant = isinstance(text, ast.Constant)
            if not constant and not (isinstance(text, ast.Name) and text.id.isupper()):
                found.append(node.lineno)
    return found


def captions(tree: ast.AST) -> list[int]:
    """Lines where a text with mnemonics is put together without `caption`."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called in CAPTIONED:
            found += [arg.lineno for arg in node.args if isinstance(arg, ast.JoinedStr)]
    return found


@pytest.mark.parametrize("file", files(), ids=lambda file: file.relative_to(APP).as_posix())
def test_markup_has_its_homes(file: Path) -> None:
    place = file.relative_to(APP).as_posix()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    strangers = {name for name in names_in(tree) & set(HOMES) if place not in HOMES[name]}
    assert not strangers, (
        f"app/{place} uses {sorted(strangers)}: take Label, MarkupLabel, TextView or PlainDelegate"
    )
    if place not in OWN_WORDS:
        assert not captions(tree), f"app/{place}:{captions(tree)}: put the text through caption()"
        assert not labels(tree), f"app/{place}:{labels(tree)}: take Label for a text of a file"


def test_a_page_says_what_it_loads() -> None:
    """Qt's own page reads whatever file a text names."""
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and "QTextBrowser" in map(ast.unparse, node.bases):
                methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
                assert "loadResource" in methods, f"{file}: {node.name}"


def test_what_bypasses_it_is_seen() -> None:
    bad = ast.parse("QLabel(name).setTextFormat(Qt.TextFormat.RichText)")
    assert "RichText" in names_in(bad)
    assert labels(bad) == [1]
    assert labels(ast.parse("QLabel('Name'), QLabel(), QLabel(PURPOSE)")) == []
    assert captions(ast.parse("menu.addAction(f'Delete {name}')")) == [1]
    assert captions(ast.parse("menu.addAction(caption(f'Delete {name}'))")) == []
