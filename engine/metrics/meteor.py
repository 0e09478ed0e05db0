"""METEOR 1.5 (Denkowski and Lavie 2014), counted by its own Java program.

pycocoevalcap carries the program, and the E2E challenge's script calls it so: English, ranking
parameters, on Penn Treebank words. It is asked for each example's statistics only; the score
is computed here, so that resamples need no second call.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np

from engine.metrics.metric import Array, TextMetric, Unavailable, ratio
from engine.reporter import Reporter

ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
"""Parameters of "rank" for English (Denkowski and Lavie 2014, table 1)."""
WEIGHTS = (1.0, 0.6, 0.8, 0.6)
"""Of the matchers: exact, stem, synonym, paraphrase (the same table)."""
STATISTICS = 23
"""Numbers in a line that the program answers SCORE with."""


class Meteor(TextMetric):
    """Corpus METEOR × 100; of several references the best one for each output counts.

    Statistics [N, 23], in the program's order: words of output and reference; function words
    of both; for each matcher the matched content words of both, then the function words of
    both; chunks; matched words of both.
    """

    def keeps(self, reference: str) -> bool:
        """Whether it has a word."""
        return bool(self._division.words(reference))

    def longest(self) -> int:
        """The program's search for matching phrases has 2 GB."""
        return 2_000

    def signature(self) -> str:
        """Language, task, words and where the program comes from."""
        tokenizer = self._division.words_name
        return f"case:lc|tok:{tokenizer}|lang:en|task:rank|norm:yes|meteor:1.5|coco:{_version()}"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Ask the program for each example; see `Metric.statistics`.

        Raises:
            Unavailable: there is no Java, pycocoevalcap is not installed, or the program ended
                before its work was done.
        """
        counted = np.zeros((len(hypotheses), STATISTICS))
        with _program(_jar()) as ask:
            for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
                reporter.update(i, len(hypotheses), "rows", self.name)
                texts = [" ".join(self._division.words(text)) for text in (*group, hypothesis)]
                counted[i] = ask.score(" ||| ".join(("SCORE", *texts)))
        return without_whole_chunks(counted)

    def from_sums(self, sums: Array) -> Array:
        """Corpus METEOR of summed statistics."""
        return _meteor(sums)

    def rows(self, statistics: Array) -> Array:
        """METEOR of each example alone."""
        return _meteor(statistics)


def without_whole_chunks(counted: Array) -> Array:
    """An output that matches as a whole is no fragment: as EVAL does, drop its chunk."""
    whole = (counted[:, 21:] == counted[:, :2]).all(axis=1) & (counted[:, 20] == 1)
    statistics = counted.copy()
    statistics[whole, 20] = 0
    return statistics


class _Program:
    """The running Java program."""

    def __init__(self, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self._process, self._errors = process, errors

    def score(self, line: str) -> list[float]:
        """The program's numbers for one example."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            numbers = [float(number) for number in self._process.stdout.readline().split()]
        except (OSError, ValueError):
            numbers = []
        if len(numbers) != STATISTICS:
            self._process.kill()
            self._process.wait()
            self._errors.seek(0)
            said = " ".join(self._errors.read().split())[-300:] or "nothing"
            raise Unavailable(
                "meteor-ended-early",
                "METEOR's Java program ended early and said {said!r}. It needs a working "
                "Java runtime and 2 GB of memory: provide them, or leave meteor out.",
                said=said,
            )
        return numbers


@contextmanager
def _program(jar: Path) -> Iterator[_Program]:
    """Start the program, and end it whatever happens."""
    java = shutil.which("java")
    if java is None:
        raise Unavailable(
            "meteor-without-java",
            "METEOR needs Java, and there is no program java on the search path. Install a "
            "Java runtime (such as openjdk-17-jre-headless), or leave meteor out.",
        )
    # Left to itself, Java reads and writes in the encoding of the user's language.
    words = [java, "-Xmx2G", "-Dfile.encoding=UTF-8", "-jar", str(jar)]
    words += ["-", "-", "-stdio", "-l", "en", "-norm"]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            yield _Program(process, errors)
        finally:
            process.kill()
            assert process.stdin is not None
            with suppress(OSError):  # it may have ended already, with a line unread
                process.stdin.close()


def _jar() -> Path:
    """The program in the installed package, which is not imported."""
    package = find_spec("pycocoevalcap")
    for folder in package.submodule_search_locations or () if package else ():
        jar = Path(folder) / "meteor" / "meteor-1.5.jar"
        if jar.exists():
            return jar
    raise Unavailable(
        "meteor-without-package",
        "METEOR needs the package pycocoevalcap, which is not installed. Run `python -m pip "
        "install -e '.[meteor]'` (104 MB), or leave meteor out.",
    )


def _version() -> str:
    return version("pycocoevalcap")


def _meteor(counted: Array) -> Array:
    """Denkowski and Lavie 2014, section 2, over leading axes; matched words are weighed."""
    output, reference = counted[..., 0], counted[..., 1]
    output_function, reference_function = counted[..., 2], counted[..., 3]
    weights = np.array(WEIGHTS)
    content, function = DELTA, 1 - DELTA

    def weighed(words: Array, functional: Array, matched: int) -> Array:
        """Share of matched words; `matched` is the place of the first content count."""
        hits = content * counted[..., matched : matched + 13 : 4] @ weights
        hits += function * counted[..., matched + 2 : matched + 15 : 4] @ weights
        return ratio(hits, content * (words - functional) + function * functional)

    precision = weighed(output, output_function, 4)
    recall = weighed(reference, reference_function, 5)
    mean = ratio(precision * recall, ALPHA * precision + (1 - ALPHA) * recall)
    chunks, matched_output, matched_reference = (counted[..., i] for i in (20, 21, 22))
    fragments = ratio(chunks, (matched_output + matched_reference) / 2)
    return 100 * mean * (1 - GAMMA * fragments**BETA)
