"""A window's process without a window: starts a run, says so, and waits to be killed.

python supervising_window.py RUN_DIR
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QCoreApplication

from engine.contract.runs.folder import RunStatus
from tests.helpers.fake_engine import COMMAND
from workers.local.runner import LocalRunner


def main() -> None:
    app = QCoreApplication(sys.argv)
    runner = LocalRunner(command=COMMAND)

    def tell(_run_id: str, status: RunStatus) -> None:
        sys.stdout.write(f"{status.state.value}\n")
        sys.stdout.flush()

    runner.status_changed.connect(tell)
    runner.submit(Path(sys.argv[1]))
    app.exec()


if __name__ == "__main__":
    main()
