"""Every error has a code of its own; scripts/sentences writes them all into one file."""

import re
import runpy
from collections import defaultdict
from pathlib import Path

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "sentences"))


def test_a_code_stands_for_one_sentence() -> None:
    meanings = defaultdict(set)
    for code, sentence, place in SCRIPT["sentences"]():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code), place
        assert sentence, place
        meanings[code].add(sentence)
    assert [code for code, texts in meanings.items() if len(texts) > 1] == []


def test_the_snapshot_is_of_today() -> None:
    text = SCRIPT["SNAPSHOT"].read_text(encoding="utf-8")
    assert text == SCRIPT["snapshot"](), "run scripts/sentences and read what changed"
