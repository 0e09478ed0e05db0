"""How long a large CSV or workbook takes to inspect, import and split, and how much memory.

    python benchmarks/import_million.py

Each size runs in a child process of its own, whose peak memory the operating system tells.
The figures of one run stand in import.md beside this file.
"""

from __future__ import annotations

import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = (10_000, 100_000, 1_000_000)
ENDINGS = (".csv", ".xlsx")
MIB = 2**20

_FOOD = ("hot meals", "soup and bread", "breakfast only", "nothing")
_NEAR = ("the Upper Lake", "Crow Pass", "the cable car", "Café Noir")


def lines(rows: int) -> Iterator[tuple[str | int, ...]]:
    """Six columns; every input stands in two rows, every tenth text has commas."""
    rng = random.Random(1)
    yield "name", "beds", "food", "near", "id", "text"
    for number in range(rows):
        hut = number // 2
        beds, food, near = hut % 60, _FOOD[hut % 4], _NEAR[hut % 3]
        comma = ", as all say," if rng.random() < 0.1 else ""
        text = f"Hut {hut} near {near}{comma} has {beds} beds and offers {food} to its guests."
        yield f"Hut {hut}", beds, food, near, f"h{number}", text


def peak_mib() -> float:
    """Largest resident memory of this process so far (Linux counts in KiB, macOS in bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def measure(path: Path) -> dict[str, float]:
    """Do the engine client's tasks with one file, in this process: another split of it too."""
    from engine.contract.protocol.data import ImportFile, InspectFile, ReportSplit
    from engine.contract.specs.data import Mapping, Split
    from engine.data.importing import import_file
    from engine.data.inspecting import inspect_file
    from engine.data.preview import report_split
    from engine.reporter import Silent

    result = {"start_mib": peak_mib()}
    started = time.perf_counter()
    report = inspect_file(InspectFile(str(path)), Silent())
    result |= {"inspect_s": time.perf_counter() - started, "inspect_mib": peak_mib()}
    store = path.with_suffix(".sqlite")
    started = time.perf_counter()
    reply = import_file(ImportFile(str(path), report.options, str(store)), Silent())
    result |= {"import_s": time.perf_counter() - started, "import_mib": peak_mib()}
    started = time.perf_counter()
    report_split(ReportSplit(str(store), Mapping(report.columns), Split()), Silent())
    result |= {"split_s": time.perf_counter() - started}
    started = time.perf_counter()
    report_split(ReportSplit(str(store), Mapping(report.columns), Split(seed=1)), Silent())
    result |= {"again_s": time.perf_counter() - started, "split_mib": peak_mib()}
    return result | {"rows": reply.row_count, "estimate": report.row_count}


def main() -> None:
    """Print one line of a Markdown table a size."""
    print(
        "| rows | file | guessed rows | inspect | import | split | another split | memory at start "
        "| after each |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    from engine.contract.tables.saving import write_table

    for ending, rows in itertools.product(ENDINGS, SIZES):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"huts{ending}")
            write_table(path, lines(rows))
            child = subprocess.run(
                [sys.executable, __file__, str(path)],
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT), "PATH": ""},
                check=True,
                capture_output=True,
                text=True,
            )
            found = json.loads(child.stdout)
            megabytes = path.stat().st_size / 1e6
        if found["rows"] != rows:
            raise SystemExit(f"{rows} rows were written, {found['rows']} imported")
        peaks = " / ".join(f"{found[f'{task}_mib']:.0f}" for task in ("inspect", "import", "split"))
        print(
            f"| {rows:,} | {ending} {megabytes:.1f} MB | {found['estimate']:,} "
            f"| {found['inspect_s']:.2f} s "
            f"| {found['import_s']:.1f} s | {found['split_s']:.1f} s "
            f"| {found['again_s']:.1f} s | {found['start_mib']:.0f} MiB | {peaks} MiB |",
            flush=True,
        )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]))))
    else:
        main()
