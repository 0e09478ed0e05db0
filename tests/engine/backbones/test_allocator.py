import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FAULTS = """
    import resource
    import torch
    from engine.backbones.allocator import reuse_freed_memory

    def faults():
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    def use_and_free():
        for _ in range(20):
            torch.ones(8, 2**20)  # 32 MB, 8192 pages

    use_and_free()
    before = faults()
    use_and_free()
    usual = faults() - before
    reuse_freed_memory()
    use_and_free()
    before = faults()
    use_and_free()
    print(usual, faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told")
def test_freed_memory_is_used_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FAULTS)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    usual, kept = map(int, done.stdout.split())
    if usual < 10_000:
        pytest.skip("this C library keeps large blocks of itself")
    assert kept < usual / 10
