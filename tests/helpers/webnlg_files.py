"""Files as WebNLG's are, with invented entries."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape


def entry(
    number: int,
    triples: list[str],
    texts: list[tuple[str, str]],
    *,
    category: str = "Hut",
) -> str:
    sets = "".join(f"<mtriple>{escape(one)}</mtriple>" for one in triples)
    lexes = "\n".join(f'<lex comment="{mark}">{escape(text)}</lex>' for mark, text in texts)
    return (
        f'<entry category="{category}" eid="Id{number}" size="{len(triples)}">\n'
        f"<originaltripleset><otriple>left | out | here</otriple></originaltripleset>\n"
        f"<modifiedtripleset>{sets}</modifiedtripleset>\n{lexes}\n</entry>\n"
    )


def document(*entries: str, head: str = "<?xml version='1.0' encoding='UTF-8'?>\n") -> str:
    return f"{head}<benchmark><entries>\n{''.join(entries)}</entries></benchmark>\n"


def write_folder(root: Path, *, train: int = 12, test: int = 4) -> Path:
    """A folder with train, dev and test; half the test entries are of a category of its own."""
    sides = {"train": (0, train), "dev": (train, train + 3), "test": (train + 3, train + 3 + test)}
    for side, (start, end) in sides.items():
        entries = [
            entry(
                n,
                [f"Hut_{n} | beds | {n + 2}"],
                [("good", f"Hut {n} has {n + 2} beds."), ("good", f"It sleeps {n + 2}.")],
                category="Sky" if side == "test" and n % 2 else "Hut",
            )
            for n in range(start, end)
        ]
        (root / side).mkdir(parents=True)
        (root / side / f"{side}.xml").write_text(document(*entries), encoding="utf-8")
    return root
