"""Make the golden files of format version 2: a run and a study.

Called as `python -m tests.golden.make.contract_v2` in the repository's root. The other formats are
still at version 1 (`contract_v1`), or at version 3 (`contract_v3`).
"""

from dataclasses import replace
from pathlib import Path

from engine.contract import codec
from tests.golden.make import contract_v1

FOLDER = Path(__file__).parents[1]
PREFIX = replace(
    contract_v1.PREFIX,
    name="Walks, 20 of 30 layers",
    method=replace(contract_v1.METHOD, layers="0-9,20-29:5"),
    shape=replace(contract_v1.PREFIX.as_prefix()[1], layers=20),
)


def main() -> None:
    files = {
        "run-v2.json": contract_v1.RUN,
        "study-v2.json": contract_v1.STUDY,
    }
    for name, value in files.items():
        (FOLDER / name).write_text(codec.to_text(value), encoding="utf-8")


if __name__ == "__main__":
    main()
