"""The words that the Data page shows for what the contract names."""

from __future__ import annotations

import re
import unicodedata

from engine.contract.options import OPTIONS
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Preset, Role, SplitKind
from engine.contract.tasks.all import TASKS

ANSWER_TITLES = {info.answer: info.title for info in TASKS}
ANSWER_HINTS = {
    AnswerKind.TEXT: "The target is a text: the model learns to write it.",
    AnswerKind.LABEL: "The target is one of a few labels; the input is one text or several.",
    AnswerKind.TAGS: "The target has a tag for each word of the source, such as named entities.",
    AnswerKind.SPAN: "The target is a stretch of the source, such as the answer to a question.",
}
TARGET_HINTS = {
    AnswerKind.TEXT: "The text to learn. Rows with the same input are each other's references.",
    AnswerKind.LABEL: "The label to predict. Rows with the same input have all their labels as "
    "right ones.",
    AnswerKind.TAGS: "The tags to predict, as many as the source has words.",
    AnswerKind.SPAN: "The answer, or a list of right answers; empty where there is none.",
}
TARGET_BADGES = {
    AnswerKind.TEXT: "target: the model learns to write it",
    AnswerKind.LABEL: "target: the label to predict",
    AnswerKind.TAGS: "target: a tag for each word",
    AnswerKind.SPAN: "target: the stretch to find, or nothing",
}

ROLE_HINTS = {
    Role.FIELD: "One field of the input table: the column's name is the key, the cell the value.",
    Role.MEANING: "A ready-made meaning representation, such as “name[Blue Spice], food[French]”.",
    Role.TRIPLES: "Facts such as WebNLG's, one per line: “Alice | knows | Bob”.",
    Role.SOURCE: "Source text that is used as it is, such as an article to summarise.",
    Role.TARGET: "What is to be predicted of a row.",
    Role.REFERENCES: "Further reference texts, one or a list: outputs are compared with them, "
    "and none is trained on.",
    Role.START: "Where the answers begin in the source text, in characters: a number or a list.",
    Role.SPLIT: "Says “train”, “valid” or “test” for each row.",
    Role.CATEGORY: "A label to split by (seen and unseen) and to compare scores by; or the data "
    "set of each row, which may have a head of its own.",
    Role.IGNORED: "Not used.",
}

PRESET_TITLES = {
    Preset(member): label for member, label in OPTIONS["data.linearisation.preset"].setting.labels
}

PRESET_EXAMPLES = {
    Preset.PAPER: "name : Blue Spice | food : French",
    Preset.WEBNLG: " | Alice : knows : Bob | Bob : livesIn : Rome",
    Preset.DART: "Alice : knows : Bob | Bob : livesin : Rome",
    Preset.BRACKETS: "name[Blue Spice], food[French]",
    Preset.LINES: "name: Blue Spice⏎food: French",
    Preset.VALUES: "Blue Spice, French",
    Preset.TEXT: "Blue Spice⏎French",
}

SPLIT_TITLES = {
    SplitKind.RANDOM: "At random, by input",
    SplitKind.COLUMN: "By a column",
    SplitKind.CATEGORY: "By category",
}

SPLIT_HINTS = {
    SplitKind.RANDOM: "All rows with the same input fall on the same side, so nothing leaks.",
    SplitKind.COLUMN: "The column with the role “split” decides. Where it names no row for "
    "validation or testing, the shares below are held out of the training rows.",
    SplitKind.CATEGORY: "The ticked categories are held out of training and tested as unseen, in "
    "addition to the test share of the others.",
}

SIDE_TITLES = {"train": "Training", "valid": "Validation", "test": "Test"}

DELIMITERS: dict[object, str] = {
    ",": "Comma  ,",
    ";": "Semicolon  ;",
    "\t": "Tab  ⇥",
    "|": "Bar  |",
    "||": "Double bar  ||",
    " ": "Space  ·",
}
QUOTES: dict[object, str] = {'"': 'Double  "', "'": "Single  '", "": "None"}
ESCAPES: dict[object, str] = {"": 'Doubled  ""', "\\": "Backslash  \\"}
HEADERS: dict[object, str] = {True: "First row", False: "None"}

_SIGNS = {" ": "·", "\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽"}
_OTHERS = re.compile("[^!-~]")
"""What may need a sign: all but the letters and signs of ASCII."""


def role_hint(role: Role, answer: AnswerKind) -> str:
    """What a role means where this is predicted."""
    return TARGET_HINTS[answer] if role is Role.TARGET else ROLE_HINTS[role]


def visible(text: str) -> str:
    """The text of a token with spaces, breaks and control characters made visible."""
    return _OTHERS.sub(_sign, text)


def single_line(text: str, limit: int = 300) -> str:
    """The text for a table's cell: breaks made visible, cut at `limit` characters."""
    line = " ".join(map(visible, text[:limit].split(" ")))
    return line + "…" if len(text) > limit else line


def _sign(match: re.Match[str]) -> str:
    letter = match[0]
    if letter in _SIGNS:
        return _SIGNS[letter]
    if letter < " ":
        return chr(0x2400 + ord(letter))  # the control pictures of Unicode
    # Marks without a width (zero-width space, direction marks) are shown by their number.
    return f"⟨{ord(letter):04X}⟩" if unicodedata.category(letter) in ("Cc", "Cf") else letter
