"""The real window in a process of its own: opens a project, starts what is queued, and stays.

python window_at_work.py PROJECT
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def main() -> None:
    from app.startup import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
