"""Make the golden files of format version 3: the card of a prefix whose layers differ, of a delta.

Called as `python -m tests.golden.make.contract_v3` in the repository's root.
"""

from pathlib import Path

from engine.contract import codec
from tests.golden.make import contract_v1, contract_v2

FOLDER = Path(__file__).parents[1]


def main() -> None:
    files = {"prefix-v3.json": contract_v2.PREFIX, "delta-v3.json": contract_v1.DELTA}
    for name, value in files.items():
        (FOLDER / name).write_text(codec.to_text(value), encoding="utf-8")


if __name__ == "__main__":
    main()
