"""The real window in a process of its own: opens a project, presses Start for its queue, and stays.

python window_at_work.py PROJECT
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def main() -> None:
    from PySide6.QtWidgets import QPushButton

    from app.models.run import RunModel
    from app.shell.startup import run
    from app.shell.unfinished_bar import UnfinishedBar

    show = UnfinishedBar.offer

    def offer(bar: UnfinishedBar, runs: Iterable[RunModel]) -> None:
        show(bar, runs)
        for button in bar.findChildren(QPushButton):
            if button.text() == "Start":
                button.click()

    UnfinishedBar.offer = offer  # type: ignore[method-assign]
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
