"""What the Markdown files point to exists, and the commands they show are understood."""

import re
import shlex
from pathlib import Path

import pytest

from engine.cli.main import make_parser

ROOT = Path(__file__).parents[2]
SHOWN_COMMANDS = ("README.md", "docs/guide.md")


def markdown_files() -> list[Path]:
    """Ours; environments and users' projects hold others."""
    rooms = ("docs", "benchmarks", "resources")
    return [*ROOT.glob("*.md"), *(file for room in rooms for file in (ROOT / room).rglob("*.md"))]


def prose(text: str) -> str:
    """The text without blocks and spans of code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize(
    "file", markdown_files(), ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(file: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(file.read_text(encoding="utf-8")))
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{file.relative_to(ROOT)} links to {link}, which does not exist"
        if anchor:
            known = anchors(target.read_text(encoding="utf-8"))
            assert anchor in known, f"{file.relative_to(ROOT)} links to {link}; there are {known}"


def commands(file: Path) -> list[str]:
    """Every `python main.py …` with a verb; of alternatives ("native|peft") the first."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"python main\.py ([^`\n]+)", text)
    return [re.sub(r"(\w+)(?:\|\w+)+", r"\1", command) for command in found if "…" not in command]


@pytest.mark.parametrize(
    "command", [command for name in SHOWN_COMMANDS for command in commands(ROOT / name)]
)
def test_commands_are_understood(command: str) -> None:
    words = shlex.split(command)
    if "--help" in words:
        with pytest.raises(SystemExit) as ended:
            make_parser().parse_args(words)
        assert ended.value.code == 0
    else:
        assert callable(make_parser().parse_args(words).verb)


def test_commands_are_found() -> None:
    assert all(len(commands(ROOT / name)) >= 5 for name in SHOWN_COMMANDS)
