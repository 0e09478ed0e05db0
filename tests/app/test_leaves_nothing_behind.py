"""What the check after each test of the window sees."""

from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from tests.helpers.living import Living


class Ring:
    """Lives in a cycle, which only a collection ends."""

    def __init__(self) -> None:
        self.me = self
        self.timer = QTimer(interval=100_000)
        self.timer.start()


def test_timers_and_threads_are_seen_while_they_work(qtbot: QtBot) -> None:
    living = Living()
    living.set_aside()
    timer, thread = QTimer(interval=100_000), QThread()
    timer.start()
    thread.start()
    living.look()
    assert living.timers() == [timer]
    assert living.threads() == [thread]
    timer.stop()
    with qtbot.waitSignal(thread.finished):
        thread.quit()
    thread.wait()
    assert not living.timers()
    assert not living.threads()


def test_a_timer_that_was_set_aside_is_seen_when_it_starts(qtbot: QtBot) -> None:
    timer = QTimer(interval=100_000)
    living = Living()
    living.set_aside()
    assert not living.timers()
    timer.start()
    living.look()
    assert timer in living.timers()
    timer.stop()


def test_a_timer_in_a_cycle_that_nobody_holds_is_not_left_behind(qtbot: QtBot) -> None:
    living = Living()
    living.set_aside()
    Ring()
    living.look()
    assert not living.timers()
