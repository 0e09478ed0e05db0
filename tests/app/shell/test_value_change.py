"""The step of the undo stack that changes a value."""

from PySide6.QtGui import QUndoStack

from app.qt.value_change import ValueChange


def test_a_value_is_set_back_and_steps_with_one_key_are_one() -> None:
    stack, seen = QUndoStack(), [0]

    def change(before: int, after: int, merge: str = "") -> None:
        stack.push(
            ValueChange(
                f"to {after}", before, after, apply=lambda _old, new: seen.append(new), merge=merge
            )
        )

    change(0, 1, "size")
    change(1, 2, "size")
    change(2, 3)
    change(3, 4)
    change(4, 5, "other")
    assert (stack.count(), seen[-1]) == (4, 5)
    for expected in (4, 3, 2, 0):
        stack.undo()
        assert seen[-1] == expected
    stack.redo()
    assert (seen[-1], stack.undoText()) == (2, "to 1")
