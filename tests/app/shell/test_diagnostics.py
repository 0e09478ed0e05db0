import logging
import re
from pathlib import Path

import pytest

from app.shell.diagnostics import report, start_log, stop_log
from engine.contract.errors import UserError


def test_log_ends_up_in_the_report(tmp_path: Path) -> None:
    path = start_log(tmp_path / "logs")
    try:
        logging.getLogger("x").info("a line of the log")
    finally:
        stop_log()
    text = report(path, error="KeyError: 'x'")
    assert "KeyError: 'x'" in text
    assert "INFO x: a line of the log" in text
    assert "Python: 3." in text


def test_report_without_a_log(tmp_path: Path) -> None:
    assert "(no log)" in report(tmp_path / "missing.log")
    assert "End of" not in report(None)


def test_unwritable_log_folder_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(str(tmp_path / "file"))):
        start_log(tmp_path / "file" / "logs")
