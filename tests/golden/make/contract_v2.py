"""Make the golden files of format version 2: a prefix card whose layers differ, a run, a study.

Called as `python -m tests.golden.make.contract_v2` in the repository's root. The other formats are
still at version 1 (`contract_v1`).
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
    layers=20,
    version=2,
)


def main() -> None:
    files = {
        "prefix-v2.json": PREFIX,
        "run-v2.json": contract_v1.RUN,
        "study-v2.json": contract_v1.STUDY,
    }
    for name, value in files.items():
        (FOLDER / name).write_text(codec.to_text(value), encoding="utf-8")


if __name__ == "__main__":
    main()
