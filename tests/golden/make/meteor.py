"""Make tests/golden/meteor.json: what METEOR's program answers for a few texts.

Called as `python tests/golden/make/meteor.py`, with pycocoevalcap 1.2 (METEOR 1.5) and Java 17.
It uses nothing of this project. The texts are lower-case words without punctuation, which our
tokeniser leaves as they are.
"""

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

ROWS = [
    ("the cats sit on the mat", ["the cat sat on the mat", "a cat was sitting on a rug"]),
    ("a walk of twelve kilometres by the lake", ["the hike near the lake is 12 km long"]),
    ("the lake lies in elland", ["the lake lies in elland"]),
    ("elland in lies lake the", ["the lake lies in elland"]),
    ("café größe", ["the café", "größe"]),
    ("", ["nothing was said"]),
    ("quite unrelated", ["dogs may come along"]),
]


def main() -> None:
    package = find_spec("pycocoevalcap")
    jar = Path(next(iter(package.submodule_search_locations))) / "meteor" / "meteor-1.5.jar"
    words = ["java", "-Xmx2G", "-Dfile.encoding=UTF-8", "-jar", str(jar)]
    words += ["-", "-", "-stdio", "-l", "en", "-norm"]

    def ask(lines: list[str]) -> list[str]:
        text = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(words, input=text, capture_output=True, encoding="utf-8", check=True)
        return done.stdout.split("\n")[:-1]

    lines = ask([" ||| ".join(("SCORE", *group, output)) for output, group in ROWS])
    scores = ask([" ||| ".join(("EVAL", *lines))])
    golden = {
        "rows": [{"output": output, "references": group} for output, group in ROWS],
        "statistics": [[float(number) for number in line.split()] for line in lines],
        "row_scores": [float(score) for score in scores[:-1]],
        "corpus_score": float(scores[-1]),
    }
    path = Path(__file__).parents[1] / "meteor.json"
    path.write_text(json.dumps(golden, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
