"""Make the golden files of format version 2: a prefix card whose layers differ, a run's task.

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
    (FOLDER / "prefix-v2.json").write_text(codec.to_text(PREFIX), encoding="utf-8")
    (FOLDER / "run-v2.json").write_text(codec.to_text(contract_v1.RUN), encoding="utf-8")


if __name__ == "__main__":
    main()
