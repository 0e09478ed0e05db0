"""How long scoring takes, and how near our Java-free words are to the official ones.

    python benchmarks/scores.py --e2e e2e/devset.csv
    python benchmarks/scores.py --webnlg webnlg2017/test
    python benchmarks/scores.py --e2e e2e/devset.csv --stanford JAR

`--e2e` is for a CSV of the E2E challenge: each input's first reference, less its last word, is
scored against all of them, with 1,000 bootstrap samples; exit code 1 above 5 s. `--webnlg` is
for a folder of WebNLG's XML files: each entry's last reference is scored by TER against the
others (a single one, less its last word, against itself). `--stanford` is for
stanford-corenlp-3.4.1.jar, which pycocoevalcap has in its folder tokenizer: reports how many of
the references come out as the same words.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.contract.runs.scores import OutputRow
from engine.metrics.ptb import ptb_words
from engine.metrics.scoring import score_rows

LIMIT_S = 5.0
PUNCTUATION = {"'", "`", "-", ".", "?", "!", ",", ":", ";", "''", "``", "--", "..."}
"""What pycocoevalcap drops; it also names brackets, but in capitals, which do not occur."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--e2e", type=Path, metavar="F.csv")
    parser.add_argument("--webnlg", type=Path, metavar="DIR")
    parser.add_argument("--stanford", type=Path, metavar="JAR")
    arguments = parser.parse_args()
    taken = 0.0
    if arguments.e2e:
        groups = e2e_references(arguments.e2e)
        rows = [row(group[0].rsplit(" ", 1)[0], group) for group in groups]
        taken = timed(rows, ("nist", "cider", "rouge_l_e2e", "bleu"))
        if arguments.stanford:
            agreement(arguments.stanford, [text for group in groups for text in group])
    if arguments.webnlg:
        groups = webnlg_references(arguments.webnlg)
        rows = [row(group[-1], group[:-1]) for group in groups if len(group) > 1]
        rows += [row(group[0].rsplit(" ", 1)[0], group) for group in groups if len(group) == 1]
        timed(rows, ("ter",))
    return int(taken > LIMIT_S)


def row(output: str, references: list[str]) -> OutputRow:
    return OutputRow("", "", output, tuple(references))


def timed(rows: list[OutputRow], metrics: tuple[str, ...]) -> float:
    """Seconds of all metrics together, with loading the packages that count."""
    count = sum(len(one.references) for one in rows)
    print(f"{len(rows):,} inputs, {count:,} references, 1,000 bootstrap samples")
    whole = 0.0
    for metric in metrics:
        start = time.perf_counter()
        (score,), _ = score_rows(rows, (metric,), decoding="")
        seconds = time.perf_counter() - start
        whole += seconds
        print(
            f"  {metric:8s} {score.value:8.4f} [{score.low:.4f}, {score.high:.4f}]  {seconds:.2f} s"
        )
    print(f"  together {whole:.2f} s")
    return whole


def e2e_references(path: Path) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            groups.setdefault(line["mr"], []).append(line["ref"])
    return list(groups.values())


def webnlg_references(folder: Path) -> list[list[str]]:
    """One group an entry."""
    return [
        [lex.text or "" for lex in entry.iter("lex")]
        for path in sorted(folder.rglob("*.xml"))
        for entry in ElementTree.parse(path).getroot().iter("entry")
    ]


def agreement(jar: Path, texts: list[str]) -> None:
    lines = [" ".join(text.split()) for text in texts]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        tokenizer = ["edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase"]
        done = subprocess.run(
            ["java", "-cp", str(jar), *tokenizer, file.name],
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
    alike = 0
    for line, theirs in zip(lines, done.stdout.split("\n"), strict=False):
        alike += ptb_words(line) == [word for word in theirs.split() if word not in PUNCTUATION]
    print(f"  words as Stanford's tokeniser: {alike:,} of {len(lines):,} references")


if __name__ == "__main__":
    sys.exit(main())
